import pytest

from langsamp.errors import UserError
from langsamp.languages.tags import LangScript


def test_a_tag_is_read_and_written_back():
    tag = LangScript.parse("ewe_Latn")
    assert (tag.language, tag.script, str(tag)) == ("ewe", "Latn", "ewe_Latn")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("de_Latn", "deu_Latn"),
        ("deu-Latn", "deu_Latn"),
        ("DEU_LATN", "deu_Latn"),
        ("deu_latn", "deu_Latn"),
        ("iw_Latn", "heb_Latn"),
        ("sh_Latn", "hbs_Latn"),
        ("mo_Cyrl", "ron_Cyrl"),
        ("pt-BR", "por_Latn"),
        ("zh-TW", "zho_Hant"),
        ("sr_RS", "srp_Cyrl"),
        ("de", "deu_Latn"),
    ],
)
def test_a_tag_of_another_shape_is_refused_with_the_one_meant(written, meant):
    with pytest.raises(UserError, match=f"got '{written}'. Did you mean '{meant}'"):
        LangScript.parse(written)


@pytest.mark.parametrize("written", ["", "deu", "German", "xx_Latn", "deu_Latin", "deu_Latn ", "deu_Latn\n"])
def test_a_tag_beyond_guessing_is_refused_with_an_example(written):
    with pytest.raises(UserError, match="expected a tag like 'ewe_Latn'") as error:
        LangScript.parse(written)
    assert "Did you mean" not in str(error.value)
