"""Which language a released name tells."""

import pytest

from langsamp.data.text.tag_names import language_named


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("20231101.als", "gsw"), ("als", "als"), ("20231101.nrm", "nrf"), ("20231101.bat-smg", "sgs"),
        ("zh-classical", "lzh"), ("roa-rup", "rup"), ("sw", "swa"), ("20231101.be-x-old", None),
    ],
)  # fmt: skip
def test_codes_of_wikipedia_are_read_as_it_means_them(name: str, language: str | None) -> None:
    assert language_named(name) == language
