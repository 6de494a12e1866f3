"""Text is judged where it is measured: preparing, plan and report say the same, and what cannot be is refused."""

import re
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from langsamp import pipeline
from langsamp.data.overlap import OVERLAP, read_overlap
from langsamp.data.rows import PreparedRows, read_manifest
from langsamp.disk.files import read_json
from langsamp.errors import UserError
from langsamp.plan import make_plan
from langsamp.reporting.inputs.run_folder import read_run
from langsamp.reporting.page import write_report
from langsamp.reporting.sections.data import data_findings
from tests.tiny_parts import SPECIALS
from tests.tiny_run import TinyRun, complaint, documents, langsamp, make_tiny_run, said, write_lines

SHARED = 4
"""Verses of the test set that stand in the text."""

NO_MORE_POSITIONS = "model.settings.max_position_embeddings=34"
"""Than rows have tokens, which a plan would tell."""


@pytest.fixture
def shared(tmp_path: Path) -> TinyRun:
    """A run that has not begun, whose text holds verses of its test set and a tag with too little text."""
    run = make_tiny_run(tmp_path / "shared")
    verses = documents("swh_Latn", SHARED, seed=1)
    lines = [verses[0], *documents("swh_Latn", 100), *(f"kwanza. {verse.capitalize()}! Basi" for verse in verses[1:])]
    write_lines(run.root / "text" / "swh_Latn.txt", lines)
    write_lines(run.root / "text" / "kmr_Cyrl.txt", [documents("kmr_Cyrl", 1)[0].split()[0]])
    return run


def test_prepare_plan_and_report_say_the_same(shared: TinyRun) -> None:
    planned = make_plan(shared.recipe(NO_MORE_POSITIONS)).warnings
    answer = langsamp("prepare", shared.recipe_file)
    assert answer.code == 0, answer.err
    warned = [line.removeprefix("warning: ") for line in answer.err.splitlines() if line.startswith("warning: ")]
    row, overlap = warned
    assert row.startswith("kmr_Cyrl: ") and "fill no row of 32" in row and "`!kmr_Cyrl`" in row
    assert f"{SHARED} documents of 1 tags hold test sentences of sr-bible (swh_Latn: {SHARED} with {SHARED})" in overlap
    assert planned[0].startswith("kmr_Cyrl: ") and planned[0].partition(".")[2] == row.partition(".")[2]
    assert planned[1] == overlap.replace("1 tags", "1 tags among the first 300 of each")
    assert list(make_plan(shared.recipe(NO_MORE_POSITIONS)).warnings) == warned
    page = write_report(shared.out).read_text(encoding="utf-8")
    assert "fill no row of 32" in page and f"{SHARED} documents with test sentences (sr-bible)" in page
    assert '<td class="t">no row</td>' in page


def test_documents_with_test_sentences_go_on_request(shared: TinyRun) -> None:
    plain = pipeline.prepare(shared.recipe())
    kept = plain.manifest.tags["swh_Latn"]
    other = f"out={shared.out}-clear"
    said("prepare", shared.recipe_file, "--set", other, "--decontaminate")
    clear = read_manifest(Path(f"{shared.out}-clear") / "rows").tags["swh_Latn"]
    assert clear.dropped["test sentence"] == SHARED and "test sentence" not in kept.dropped
    assert kept.documents - clear.documents == SHARED and clear.overlap == kept.overlap
    assert make_plan(shared.recipe(other, "corpus.decontaminate=true", NO_MORE_POSITIONS)).warnings[1:] == ()
    assert "decontaminate" in complaint("prepare", shared.recipe_file, "--set", other)
    pipeline.open_rows(shared.recipe(other, "corpus.decontaminate=true"))


def test_another_evaluation_is_looked_for_again_and_leaves_the_rows_alone(shared: TinyRun) -> None:
    rows = pipeline.prepare(shared.recipe())
    before = (rows.folder / "manifest.json").read_bytes()
    pair = shared.root / "eval" / "sr_bible" / "swh_Latn-eng_Latn.swh_Latn"
    write_lines(pair, documents("swh_Latn", 15))
    assert pipeline.prepare(shared.recipe()).fingerprint == rows.fingerprint
    record = read_overlap(shared.out / OVERLAP)
    assert record is not None and record.tags["swh_Latn"]["sr-bible"].sentences == 15
    assert (rows.folder / "manifest.json").read_bytes() == before
    stamp = (shared.out / OVERLAP).stat().st_mtime_ns
    pipeline.prepare(shared.recipe())
    assert (shared.out / OVERLAP).stat().st_mtime_ns == stamp


def test_test_sets_that_are_not_at_hand_are_told_and_needed_only_to_drop(shared: TinyRun) -> None:
    absent = ("--set", f"evaluation.data={shared.root / 'nowhere'}")
    answer = langsamp("prepare", shared.recipe_file, *absent)
    assert answer.code == 0 and "the text is not searched for test sentences: sr-bible needs" in answer.err
    assert not (shared.out / OVERLAP).exists()
    assert "sr-bible needs" in complaint("prepare", shared.recipe_file, *absent, "--decontaminate", code=4)


def test_an_odd_document_is_named_by_plan_prepare_and_report(shared: TinyRun) -> None:
    path = shared.root / "text" / "swh_Latn.txt"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"caf\xe9\n", *lines[2:]]))
    where = r"swh_Latn: 1 of \d+ (sampled )?documents cannot be read .*text/swh_Latn\.txt, line 3: byte 3 of the line"
    assert any(re.search(where, line) for line in make_plan(shared.recipe()).warnings)
    answer = langsamp("prepare", shared.recipe_file)
    assert answer.code == 0 and re.search(f"warning: {where}", answer.err), answer.err
    assert any(re.search(where, line) for line in make_plan(shared.recipe()).warnings)
    assert any(re.search(where, line) for line in data_findings(read_run(shared.out)))


def test_text_of_which_no_row_results_is_refused_before_training(tmp_path: Path) -> None:
    run = make_tiny_run(tmp_path)
    write_lines(run.root / "text" / "swh_Latn.txt", documents("swh_Latn", 1))
    settings = (_loaded(tmp_path / "words"), "corpus.languages=swh_Latn")
    told = complaint("prepare", run.recipe_file, *(word for each in settings for word in ("--set", each)))
    assert "nothing to train on. swh_Latn: its " in told and f"delete {run.out / 'rows'}" in told
    with pytest.raises(UserError, match="nothing to train on"):
        pipeline.open_rows(run.recipe(*settings))


def test_text_unknown_to_the_tokenizer_is_told_in_a_mixture_and_refused_alone(
    tiny_run: TinyRun, tmp_path: Path
) -> None:
    run = tiny_run.copy(tmp_path / "unknown", with_run=False)
    load = _loaded(tmp_path / "words")
    answer = langsamp("prepare", run.recipe_file, "--set", load)
    assert answer.code == 0, answer.err
    assert "hin_Deva: 100% of its text is unknown to the tokenizer" in answer.err
    assert "warning: swh_Latn" not in answer.err
    alone = ("--set", load, "--set", "corpus.languages=hin_Deva", "--set", f"out={tmp_path / 'alone'}")
    for verb in (("run",), ("run", "--plan"), ("prepare",)):
        told = complaint(*verb, run.recipe_file, *alone)
        assert "nothing to train on. hin_Deva: 100% of its text is unknown" in told and "tokenizer.load" in told
    assert read_json(tmp_path / "alone" / "rows" / "manifest.json")["tags"]["hin_Deva"]["ordinary_tokens"] == 0
    assert not (tmp_path / "alone" / "models").exists()


def _loaded(folder: Path) -> str:
    """The setting that loads a tokenizer which knows the words of swh_Latn and no others."""
    words = sorted({word for line in documents("swh_Latn", 310) for word in line.split()})
    vocabulary = {token: number for number, token in enumerate([*SPECIALS, *words])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    around = [("<s>", 0), ("</s>", 2)]
    backend.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=around)
    PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", cls_token="<s>", pad_token="<pad>", eos_token="</s>",
        sep_token="</s>", unk_token="<unk>", mask_token="<mask>",
    ).save_pretrained(folder)  # fmt: skip
    return f"tokenizer={{load: {folder}}}"


def test_the_whole_text_of_a_run_is_told_to_be_clear(tiny_run: TinyRun) -> None:
    record = read_overlap(tiny_run.out / OVERLAP)
    assert record is not None and record.tags == {} and record.looked_for.sentences["sr-bible"] >= 4 * 15 - 15
    assert record.data == PreparedRows(tiny_run.out / "rows").fingerprint
    assert "No document holds a test sentence of sr-bible" in (tiny_run.out / "report.html").read_text("utf-8")
