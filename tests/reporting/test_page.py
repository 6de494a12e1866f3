"""The page as a reader and a browser without network get it."""

import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from langsamp.languages.table import is_head, tags
from langsamp.reporting.page import write_report

VOID = {"meta", "link", "input", "br"}
PAPER = "https://arxiv.org/abs/2409.18199"


class Page(HTMLParser):
    """Checks nesting and gathers text, ids and addresses."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text, self.ids, self.addresses, self.tags = "", [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing at {self.getpos()}"

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data


@pytest.fixture(scope="module")
def whole(build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build(tmp_path_factory.mktemp("page") / "tiny")
    write_report(folder)
    return folder


def read(folder: Path) -> Page:
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    page.text = re.sub(r"\s+", " ", page.text)
    return page


def report(folder: Path) -> Page:
    write_report(folder)
    return read(folder)


def test_the_verdict_says_what_came_out(whole):
    text = read(whole).text
    assert "LangSAMP and the baseline cannot be told apart on 8 languages: +1.62 points [" in text
    assert "better on 7, equal on 0, worse on 1" in text and "45.6 %" in text and "44.0 %" in text
    assert "Over 2 trainings the mean varies by 0.7" in text and "ahead in 2 of 2" in text
    assert "embedding layer alone reaches 11.4 %" in text
    assert "This is a demonstration" in text


def test_every_tag_every_group_and_the_recipe_are_there(whole):
    page = read(whole)
    for tag in ("arb_Arab", "deu_Latn", "fra_Latn", "gsw_Latn", "kmr_Cyrl", "kmr_Latn", "nld_Latn", "rus_Cyrl"):
        assert tag in page.ids and tag in page.text
    for words in ("German", "Swiss German", "non-Latin", "Nearest to German", "<b>&amp;</b>", "4 sentences <10>"):
        assert words in page.text
    assert "oci" not in page.text.split("Nearest neighbours")[-1].split("Training text")[0]


def test_the_file_is_well_formed_small_and_loads_nothing(whole):
    page = read(whole)
    assert (whole / "report.html").stat().st_size < 3_000_000
    outside = [address for address in page.addresses if not address.startswith("#")]
    assert set(outside) == {PAPER, "data:,"}
    html = (whole / "report.html").read_text(encoding="utf-8").replace(PAPER, "")
    assert not re.search(r"https?:|@import|url\((?!#)|src=", html)
    assert len(page.ids) == len(set(page.ids))
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)


def test_headings_descend_one_level_at_a_time(whole):
    levels = [int(tag[1]) for tag in read(whole).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_same_run_gives_the_same_bytes(run_folder, tmp_path):
    first, second = (write_report(run_folder, out=tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert first == second


def test_four_variants_and_two_tasks(build, tmp_path):
    folder = build(tmp_path / "run", variants=("none", "language", "script", "both"), tasks=("sr-cldr", "sr-bible"))
    text = report(folder).text
    assert "Language only" in text and "Script only" in text
    assert text.count("LangSAMP and the baseline cannot be told apart on 8 languages:") == 2
    assert (
        "LangSAMP, Language only and Script only are each better than the baseline on none of 2 tasks and worse on"
        in text
    )


def test_fine_tuned_tasks_name_their_metrics_seeds_and_both_deviations(build, tmp_path):
    page = report(build(tmp_path / "run", tasks=("sr-cldr", "taxi1500", "pos")))
    for words in (
        "taxi1500, macro-F1, per cent.", "pos, seqeval F1, per cent.", "pos: other metrics", "accuracy", "macro-F1",
        "After ± the standard deviation of the group's mean over trainings (over seeds, where one was trained); in "
        "brackets the mean over languages of a language's.", "Baseline: 2 trainings of 3 seeds",
        "Over 2 trainings the mean varies by", "fine-tuned on eng_Latn",
        "epoch 2 of 3", "ara_Arab is scored as arb_Arab", "2 texts were cut", "The paper prints one of the two",
    ):  # fmt: skip
        assert words in page.text, words
    assert "tuning" in page.ids and "summary" in page.ids


def test_a_run_without_fine_tuning_has_no_such_section(whole):
    assert "tuning" not in read(whole).ids


def test_ways_of_scoring_stand_apart(run_folder):
    path = run_folder / "evaluation" / "scores.parquet"
    scores = pd.read_parquet(path)
    other = scores.assign(protocol="paper", cell=scores["cell"] + "-paper", settings="9e8d")
    pd.concat([scores, other]).to_parquet(path, index=False)
    text = report(run_folder).text
    assert "sr-cldr (protocol fixed), top-10 accuracy" in text and "sr-cldr (protocol paper), top-10 accuracy" in text


def test_one_seed_is_called_one_seed(build, tmp_path):
    folder = build(tmp_path / "run", seeds=(3,), demonstration=False)
    text = report(folder).text
    assert "One model has one seed only" in text and "This is a demonstration" not in text


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"score": None}, "No model has been evaluated yet"),
        ({"variants": ("both",)}, "There is no baseline"),
        ({"variants": ("none",)}, "Only the baseline was trained"),
        ({"variants": (), "score": None}, "No model has been trained yet"),
        ({"variants": ("none", "language")}, "Language only and the baseline cannot be told apart"),
        ({"variants": ("none", "script")}, "Script only and the baseline cannot be told apart"),
        ({"tags": ("deu_Latn",)}, "told apart on 1 language:"),
    ],
)
def test_what_a_run_lacks_is_said(build, tmp_path, parts, said):
    assert said in report(build(tmp_path / "run", **parts)).text


def test_a_recipe_alone_still_gives_a_page(tmp_path):
    (tmp_path / "recipe.yaml").write_text("demonstration: true\n")
    text = report(tmp_path).text
    assert "No model has been trained yet" in text and "no prepared rows" in text


def test_models_without_export_or_log_are_named(run_folder):
    (run_folder / "models/both-1/export/languages.json").unlink()
    (run_folder / "models/both-1/log.jsonl").unlink()
    assert "Not exported yet: LangSAMP, seed 1" in report(run_folder).text


def test_no_torch_is_needed(run_folder):
    code = (
        "import sys; from pathlib import Path; from langsamp.reporting.page import write_report; "
        f"write_report(Path({str(run_folder)!r})); "
        "raise SystemExit(bool({'torch', 'transformers', 'datasets'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_a_large_run_gives_a_page_under_three_megabytes(build, tmp_path):
    many = [str(tag) for tag in tags() if is_head(tag) or tag.script == "Latn"][:600]
    folder = build(
        tmp_path / "run", tags=many, variants=("none", "language", "script", "both"), seeds=(0,),
        score=lambda variant, seed, tag: 40.0 + sum(map(ord, tag)) % 37 + len(variant),
        tasks=("sr-bible", "sr-tatoeba", "sr-cldr", "taxi1500", "pos"),
    )  # fmt: skip
    assert write_report(folder).stat().st_size < 3_000_000
