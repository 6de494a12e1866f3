"""What measured figures mean: the same words for preparing, plan and report, and no more of them than can be read."""

import re

import pytest

from langsamp.data.findings import (
    Figures,
    Kind,
    check_trainable,
    judge,
    judge_manifest,
    odd_sentences,
    overlap_sentences,
    sentences,
)
from langsamp.data.rows import Manifest, TagRows
from langsamp.data.text.contamination import Overlap
from langsamp.errors import UserError

GOOD = Figures(
    rows=10, tokens=400, ordinary_tokens=380, unknown_share=0.001, byte_share=0.01, equal_share=0.1,
    empty_share=0.5, share_in_script=0.99,
)  # fmt: skip
BAD: dict[Kind, Figures] = {
    "no row": GOOD._replace(rows=0, tokens=7),
    "nothing to predict": GOOD._replace(ordinary_tokens=0, unknown_share=1.0),
    "unknown tokens": GOOD._replace(unknown_share=0.3),
    "bytes": GOOD._replace(byte_share=0.4),
    "equal documents": GOOD._replace(equal_share=0.9),
    "empty documents": GOOD._replace(empty_share=0.95),
    "short documents": GOOD._replace(ordinary_tokens=260),
    "other script": GOOD._replace(share_in_script=0.6),
    "garbled": GOOD._replace(garbled_share=0.06),
}


ENTRY = TagRows(
    documents=10, dropped={"duplicate": 90}, bytes=100, tokens=50, ordinary_tokens=40, unknown_share=0.2,
    share_in_script=1.0, rows=0, held_out_rows=0, tail_tokens=0, sha256="",
)  # fmt: skip


def manifest_of(**tags: TagRows) -> Manifest:
    return Manifest(
        fingerprint="", made_from={}, source="test", licence=None, tokenizer_fingerprint="", vocabulary_size=9,
        row_tokens=64, mask_id=4, special_ids=(), tags=tags,
    )  # fmt: skip


def test_good_text_gives_no_word() -> None:
    assert judge({"deu_Latn": GOOD, "fra_Latn": GOOD}, row_tokens=32) == []
    check_trainable({"deu_Latn": GOOD}, row_tokens=32)


@pytest.mark.parametrize("kind", BAD)
def test_each_bad_figure_is_said_with_its_tag_and_what_to_do(kind: Kind) -> None:
    findings = judge({"deu_Latn": GOOD, "fra_Latn": GOOD, "zgh_Tfng": BAD[kind]}, row_tokens=32)
    assert [(finding.tag, finding.kind) for finding in findings] == [("zgh_Tfng", kind)]
    (said,) = sentences(findings)
    assert said.startswith("zgh_Tfng: ") and re.search(r"\. (Add|Choose|Look)", said)
    assert "TAG" not in said


def test_a_tag_that_is_trained_alone_is_named() -> None:
    for others in ({}, {"zgh_Tfng": BAD["no row"]}):
        kinds = {finding.tag: finding.kind for finding in judge({"deu_Latn": GOOD, **others}, row_tokens=32)}
        assert kinds["deu_Latn"] == "only tag"


def test_documents_that_were_like_another_count_as_equal_ones_and_empty_ones_apart() -> None:
    entry = ENTRY.model_copy(update={"dropped": {"near duplicate": 40, "duplicate": 20, "empty": 30}})
    figures = Figures.of(entry)
    assert (figures.equal_share, figures.empty_share) == (0.6, 0.3)


def test_of_many_tags_one_sentence_speaks_for_all() -> None:
    codes = [f"{chr(97 + number // 26)}{chr(97 + number % 26)}a_Latn" for number in range(60)]
    (said,) = sentences(judge(dict.fromkeys(codes, BAD["no row"]), row_tokens=32))
    assert said.startswith("60 tags (aaa_Latn, ") and len(said) < 500


@pytest.mark.parametrize("kind", ["no row", "nothing to predict"])
def test_text_of_which_nothing_can_be_learned_is_refused(kind: Kind) -> None:
    with pytest.raises(UserError, match=r"nothing to train on\. zgh_Tfng: .*!zgh_Tfng"):
        check_trainable({"zgh_Tfng": BAD[kind]}, row_tokens=32)
    check_trainable({"zgh_Tfng": BAD[kind], "deu_Latn": GOOD}, row_tokens=32)


def test_a_tag_without_a_row_beside_one_of_unknown_tokens_is_refused_by_both_names() -> None:
    figures = {"rus_Cyrl": BAD["no row"], "zgh_Tfng": BAD["nothing to predict"]}
    with pytest.raises(UserError, match=r"rus_Cyrl: its 7 tokens.*zgh_Tfng: 100% of its text is unknown"):
        check_trainable(figures, row_tokens=32)


def test_a_manifest_is_judged_by_what_it_says() -> None:
    kinds = [finding.kind for finding in judge_manifest(manifest_of(deu_Latn=ENTRY))]
    assert kinds == ["no row", "unknown tokens", "equal documents"]


def test_two_tags_with_the_same_rows_are_told() -> None:
    whole = ENTRY.model_copy(update={"rows": 3, "unknown_share": 0.0, "dropped": {}})
    tags = {tag: whole.model_copy(update={"sha256": digest}) for tag, digest in (("a", "1"), ("b", "2"), ("c", "1"))}
    tags["d"] = tags["e"] = whole.model_copy(update={"rows": 0, "sha256": "0"})
    judged = [finding for finding in judge_manifest(manifest_of(**tags)) if finding.kind != "no row"]
    assert [(finding.tag, finding.said) for finding in judged] == [("c", "its rows are those of a, byte by byte")]
    assert "copied to both names" in sentences(judged)[0]


def test_documents_that_could_not_be_read_are_said_tag_by_tag_as_far_as_can_be_read() -> None:
    note = "1 of 9 documents cannot be read and are left out: text/deu_Latn.txt, line 3: no UTF-8"
    assert odd_sentences({"deu_Latn": [note], "swh_Latn": []}) == [f"deu_Latn: {note}"]
    assert odd_sentences({}, ("1 configurations are left out",)) == ["1 configurations are left out"]
    many = odd_sentences({f"aa{chr(97 + n)}_Latn": [note] for n in range(14)})
    assert many[0].startswith("aaa_Latn: 1 of 9")
    assert many[-1] == "2 more tags have documents that cannot be read (aam_Latn, aan_Latn)"


def test_overlap_is_said_task_by_task_with_both_counts() -> None:
    tags = {
        "deu_Latn": {"sib200": Overlap(documents=2, sentences=1)},
        "swh_Latn": {"sr-bible": Overlap(documents=1200, sentences=40), "sib200": Overlap(documents=3, sentences=3)},
    }
    bible, sib = sorted(overlap_sentences(tags), key=lambda line: "sib200" in line)
    assert "1,200 documents of 1 tags hold test sentences of sr-bible (swh_Latn: 1,200 with 40)" in bible
    assert "5 documents of 2 tags" in sib and "decontaminate" in sib
    assert all("were dropped" in line and "decontaminate" not in line for line in overlap_sentences(tags, dropped=True))
    assert overlap_sentences({}) == []
