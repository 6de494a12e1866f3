"""The study of source languages: who is chosen, what it is worth, and that only what is missing is fine-tuned."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from langsamp.analysis.donors.analyse import rank_donors
from langsamp.analysis.model_refs import find_model_refs
from langsamp.analysis.transfer.analyse import analyse_transfer
from langsamp.analysis.transfer.from_scores import published_study, read_stored
from langsamp.analysis.transfer.roles import ROLES, choose_roles, published_roles
from langsamp.analysis.transfer.study import plan_study, run_study, study_parts
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.run import evaluate
from langsamp.evaluation.tasks.lookup import task
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from langsamp.scores.published import printed_targets, published
from langsamp.scores.reading import read_runs
from langsamp.views.paper_tables.make import paper_table
from langsamp.views.transfer import ROLE_NAMES
from tests.scores.scored import frame
from tests.tiny_run import complaint, documents, said, write_lines

pytestmark = pytest.mark.integration

ROWS = {
    "ara_Arab": 50, "deu_Latn": 90, "eng_Latn": 80, "fra_Latn": 90, "hin_Deva": 60, "jpn_Jpan": 40, "pes_Arab": 70,
    "swh_Latn": 30, "tur_Latn": 20,
}  # fmt: skip
CANDIDATES = tuple(map(LangScript.parse, ("ara_Arab", "deu_Latn", "fra_Latn", "hin_Deva", "swh_Latn")))
SOURCES = ("eng_Latn", "arb_Arab", "deu_Latn", "fra_Latn", "hin_Deva", "swh_Latn")
"""As the data call them: Arabic goes by another code than in the model."""
TARGETS = (
    "arb_Arab", "deu_Latn", "eng_Latn", "fra_Latn", "hin_Deva", "jpn_Jpan", "pes_Arab", "swh_Latn", "tur_Latn",
    "lin_Latn",
)  # fmt: skip


@pytest.fixture
def conditioning():
    tags = [LangScript.parse(tag) for tag in ROWS]
    ids = LanguageIds.of(tags)
    vectors = np.random.default_rng(5).normal(size=(len(ids.languages), 8)).astype(np.float32)
    rows = dict(zip(tags, ROWS.values(), strict=True))
    return Conditioning(variant="both", ids=ids, rows_seen=rows, language=vectors, script=None)


@pytest.fixture
def rows():
    """Random scores of every target from every source, three seeds."""
    rng = np.random.default_rng(1)
    return pd.concat(
        [frame({tag: list(map(float, rng.normal(50, 10, 3))) for tag in TARGETS}, source=source) for source in SOURCES],
        ignore_index=True,
    )


@pytest.fixture
def roles(rows, conditioning):
    return choose_roles(rows, conditioning, CANDIDATES)


def test_no_way_of_choosing_beats_the_best_and_its_regret_is_zero(roles):
    table = analyse_transfer([roles], subject="made up", settings={}).tables["transfer"]
    assert set(table["role"]) == set(ROLES)
    assert (table["regret"] >= -1e-9).all()
    assert table.loc[table["role"] == "best", "regret"].abs().max() < 1e-9
    means = analyse_transfer([roles], subject="made up", settings={}).tables["means"]
    assert (
        means.groupby("group")["score"].max() - means[means["role"] == "best"].set_index("group")["score"]
    ).max() < 1e-9
    best = means[means["role"] == "best"]
    assert (best["hits"] == 1).all() and best["regret"].abs().max() < 1e-9


def test_each_role_has_the_score_of_its_source(roles, rows, conditioning):
    scores = rows.groupby(["tag", "source"])["value"].mean()
    code = {"ara_Arab": "arb_Arab"}
    for place, target in enumerate(roles.targets):
        pool = roles.pools[place]
        own = {role: float(roles.scores[role][place].mean()) for role in ROLES}
        for role in ("english", "closest", "family", "best"):
            assert own[role] == pytest.approx(scores[target, roles.sources[role][place]])
        assert own["random"] == pytest.approx(scores[target][list(pool)].mean())
        assert own["best"] == pytest.approx(scores[target][[*pool, "eng_Latn"]].max())
        ranking = rank_donors(conditioning, LangScript.parse(target), candidates=CANDIDATES)
        ranked = [donor.donor for donor in ranking]
        assert roles.sources["closest"][place] == next(
            code.get(donor, donor) for donor in ranked if code.get(donor, donor) in pool
        )


def test_transfer_is_zero_shot_and_what_cannot_be_compared_is_counted(roles):
    assert roles.targets == tuple(sorted({*TARGETS} - {"eng_Latn", "lin_Latn"}))
    assert roles.left_out == {
        "English itself, which English cannot transfer to": ("eng_Latn",), "no trained vector": ("lin_Latn",),
    }  # fmt: skip
    pools = dict(zip(roles.targets, roles.pools, strict=True))
    assert all(target not in pool for target, pool in pools.items())
    assert len(pools["arb_Arab"]) == len(pools["deu_Latn"]) == 4 and len(pools["jpn_Jpan"]) == 5
    assert "arb_Arab stands for ara_Arab" in "; ".join(roles.notes)


def test_the_family_has_its_largest_candidate_and_english_stands_in(roles):
    chosen = dict(zip(roles.targets, roles.sources["family"], strict=True))
    assert chosen["pes_Arab"] == "deu_Latn"  # 90 rows, as many as French: the first by tag
    assert chosen["deu_Latn"] == "fra_Latn"
    assert chosen["jpn_Jpan"] == chosen["tur_Latn"] == chosen["arb_Arab"] == "eng_Latn"
    kin = dict(zip(roles.targets, roles.kin, strict=True))
    assert kin["pes_Arab"] and not kin["jpn_Jpan"]
    notes = "; ".join(roles.notes)
    assert "4 of 8 targets have no candidate of their family; English stands in" in notes
    assert "of 2 targets several same-family candidates have the most text" in notes  # Hindi and Persian


def test_means_are_those_of_the_targets_in_every_group(roles):
    found = analyse_transfer([roles], subject="made up", settings={})
    table, means = found.tables["transfer"], found.tables["means"].set_index(["group", "role"])
    for role in ROLES:
        own = table[table["role"] == role]
        assert means.loc[("all", role), "score"] == pytest.approx(own["score"].mean())
        assert means.loc[("latin", role), "score"] == pytest.approx(
            own[own["target"].str.endswith("_Latn")]["score"].mean()
        )
        assert means.loc[("all", role), "regret"] == pytest.approx(own["regret"].mean())
        row = means.loc[("all", role)]
        assert row["low"] <= row["difference"] <= row["high"]
    assert (means.xs("english", level="role")["difference"] == 0).all()
    groups = means.xs("closest", level="role")["languages"]
    assert groups.get("tail", 0) + groups["head"] == groups["with kin"] + groups["without kin"] == groups["all"] == 8
    counts = found.tables["sources"]
    assert counts["closest"].sum() == counts["best"].sum() == 8
    assert any("The closest donor is the best one for" in sentence for sentence in found.sentences)


def test_a_donor_that_is_english_everywhere_differs_by_nothing(rows, conditioning):
    only = choose_roles(rows, conditioning, [LangScript.parse("eng_Latn")])
    means = analyse_transfer([only], subject="made up", settings={}).tables["means"]
    assert means[["difference", "low", "high", "regret"]].abs().max().max() == 0


def test_rankings_are_judged_beside_chance_and_hindsight(roles, rows, conditioning):
    """What neighbours vote for is ranked as vectors and kin are; without votes there is no such role."""
    assert set(roles.ndcg) == {"closest", "kinship", "random", "best"} and "neighbours" not in roles.scores
    scores = rows.groupby(["tag", "source"])["value"].mean()
    votes = {
        LangScript.parse(target): {
            donor: float(scores[target].get("arb_Arab" if str(donor) == "ara_Arab" else str(donor)))
            for donor in CANDIDATES
        }
        for target in TARGETS
    }
    voted = choose_roles(rows, conditioning, CANDIDATES, votes=votes)
    assert voted.ndcg["neighbours"] == pytest.approx(np.ones(len(voted.targets)))  # they vote by the very scores
    assert voted.ndcg["closest"] == pytest.approx(roles.ndcg["closest"])
    assert (roles.ndcg["random"] < 1).all() and (roles.ndcg["best"] == 1).all()
    chosen = dict(zip(voted.targets, voted.sources["kinship"], strict=True))
    assert chosen["pes_Arab"] == "hin_Deva" and chosen["deu_Latn"] != "deu_Latn"
    analysis = analyse_transfer([voted], subject="made up", settings={})
    means = analysis.tables["means"].query("group == 'all'").set_index("role")["ndcg"]
    assert means["neighbours"] == pytest.approx(1) and np.isnan(means["english"]) and np.isnan(means["family"])
    assert "by neighbours 1.00" in " ".join(analysis.sentences)
    few = {target: of for target, of in votes.items() if str(target) != "jpn_Jpan"}
    left_out = choose_roles(rows, conditioning, CANDIDATES, votes=few).left_out
    assert ("jpn_Jpan",) in left_out.values()


def test_seeds_that_a_source_lacks_are_left_out_and_too_little_is_refused(rows, conditioning):
    short = rows[(rows["source"] != "deu_Latn") | (rows["seed"] < 2)]
    found = choose_roles(short, conditioning, CANDIDATES)
    assert found.seeds == (0, 1) and any("seeds 2 are left out" in note for note in found.notes)
    with pytest.raises(DataMissingError, match="needed are those from eng_Latn"):
        choose_roles(rows[rows["source"] != "eng_Latn"], conditioning, CANDIDATES)
    gap = rows[(rows["source"] != "deu_Latn") | (rows["tag"] != "jpn_Jpan")]
    assert choose_roles(gap, conditioning, CANDIDATES).left_out["not scored from every source"] == ("jpn_Jpan",)
    with pytest.raises(DataMissingError, match="share no seed"):
        choose_roles(rows[(rows["source"] != "deu_Latn") ^ (rows["seed"] == 1)], conditioning, CANDIDATES)


def test_donors_are_told_by_task_where_tasks_differ(roles):
    found = analyse_transfer([roles], subject="made up", settings={}).donors["model"]
    assert found == dict(zip(roles.targets, roles.sources["closest"], strict=True))
    other = replace(roles, task="ner", sources={**roles.sources, "closest": ("hin_Deva",) * len(roles.targets)})
    both = analyse_transfer([roles, other], subject="made up", settings={}).donors["model"]
    for target, source in found.items():
        assert both[target] == ("hin_Deva" if source == "hin_Deva" else {"sib200": source, "ner": "hin_Deva"})
    assert {type(donor) for donor in both.values()} == {str, dict}


def test_published_donors_give_the_means_of_table_3():
    ours = published_study("paper:donors").tables["means"].set_index(["task", "group", "role"])
    table = paper_table(3, published("paper:donors")).tidy.set_index(["task", "group", "column"])
    names = {"english": "paper:donors from English", "closest": "paper:donors from the closest donor"}
    assert len(ours) == len(table) == 40
    for (name, group, role), row in ours.iterrows():
        assert row["score"] == pytest.approx(table.loc[(name, group, names[role]), "mean"])
        assert row["languages"] == table.loc[(name, group, names[role]), "languages"]
    assert ours["regret"].isna().all()
    assert ours.loc[("pos", "all", "closest"), "high"] < 0  # the donors of Table 3 make POS worse: 72.8 to 66.6
    with pytest.raises(UserError, match="paper:donors"):
        published_study("paper:langsamp")


def test_published_targets_keep_the_scores_of_table_4():
    rows = published("paper:donors")
    for target in printed_targets():
        for name, (english, donor) in target.scores.items():
            found = published_roles(rows[rows["task"] == name])
            place = found.targets.index(target.tag)
            assert (found.scores["english"][place, 0], found.scores["closest"][place, 0]) == (english, donor)


@pytest.fixture
def study(tiny_run, tmp_path):
    """A copy of the tiny run with texts to classify: English, Hindi and Swahili can be fine-tuned on."""
    run = tiny_run.copy(tmp_path / "tiny")
    for tag in ("eng_Latn", "hin_Deva", "kmr_Cyrl", "swh_Latn"):
        folder = run.root / "eval" / "sib200" / tag
        folder.mkdir(parents=True)
        for split in ("train", "dev", "test") if tag != "kmr_Cyrl" else ("test",):
            texts = documents(tag, 21, seed=len(split))
            labels = task("sib200").labels
            lines = [f"{at}\t{labels[at % len(labels)]}\t{text}" for at, text in enumerate(texts)]
            write_lines(folder / f"{split}.tsv", ["index_id\tcategory\ttext", *lines])
    return run


def config(study, **changes):
    fast = {"sib200": {"epochs": 1, "batch_size": 8, "learning_rate": 1e-3}}
    content = {"tasks": ("sib200",), "data": study.root / "eval", "seeds": (0,), "fine_tuning": fast, **changes}
    return EvaluationConfig(**content)


def test_exactly_the_missing_cells_are_run_and_a_second_time_nothing(study):
    subjects = find_model_refs([str(study.out)])
    english = evaluate([study.export], config(study), study.out / "evaluation", names={str(study.export): "both-0"})
    assert english.cells_run == 1
    parts = study_parts(subjects, config(study), candidates="hin_Deva,swh_Latn")
    assert [part.subject.name for part in parts] == ["both-0"]  # the baseline has no vectors
    planned = {str(cell.wanted.source): cell.state for cell in plan_study(parts)}
    assert planned == {"eng_Latn": "done", "hin_Deva": "missing", "swh_Latn": "missing"}
    done = run_study(parts, subject="tiny")
    assert done.cells_run == 2 and done.failures == ()
    assert {cell.state for cell in plan_study(parts)} == {"done"}
    again = run_study(parts, subject="tiny")
    assert again.cells_run == 0
    assert again.analysis.as_json() == done.analysis.as_json()
    table = done.analysis.tables["transfer"]
    assert set(table["target"]) == {"hin_Deva", "kmr_Cyrl", "swh_Latn"}
    closest = table[table["role"] == "closest"].set_index("target")["source"]
    assert closest["hin_Deva"] == "swh_Latn" and closest["swh_Latn"] == "hin_Deva"
    assert set(done.analysis.tables["sources"]["items"]) == {21}
    stored = read_stored(subjects, subject="tiny", candidates="hin_Deva,swh_Latn")
    assert stored.as_json()["means"] == done.analysis.as_json()["means"]
    assert any("none-0 is left out" in note for note in stored.notes)
    donors = done.analysis.donors["both-0"]
    table = paper_table(3, read_runs([str(study.out)]), tasks=["sib200"], donors=donors).tidy
    means = done.analysis.tables["means"].query("group == 'all'").set_index("role")["score"]
    shown = table[table["group"] == "all"].set_index("column")["mean"]
    assert list(shown) == pytest.approx([means["english"], means["closest"]])


def test_a_task_that_cannot_be_compared_costs_no_other(study):
    both = find_model_refs([f"{study.out}:both"])
    fast = {"topic-cldr": {"epochs": 1, "batch_size": 32}}
    topics = config(
        study, tasks=("topic-cldr",), sources=("hin_Deva", "swh_Latn"), languages="hin_Deva", fine_tuning=fast
    )
    evaluate([study.export], topics, study.out / "evaluation", names={str(study.export): "both-0"})
    with pytest.raises(DataMissingError, match="needed are those from eng_Latn"):
        read_stored(both, subject="tiny", candidates="hin_Deva,swh_Latn")
    run_study(study_parts(both, config(study), candidates="hin_Deva,swh_Latn"), subject="tiny")
    stored = read_stored(both, subject="tiny", candidates="hin_Deva,swh_Latn")
    assert stored.studies == [("sib200", "both-0")]
    assert any("topic-cldr: both-0 has scores from hin_Deva, swh_Latn; needed" in note for note in stored.notes)


def test_a_source_that_cannot_be_read_costs_no_other(study):
    (study.root / "eval" / "sib200" / "hin_Deva" / "train.tsv").write_text("nothing that is a table\n")
    (part,) = study_parts(find_model_refs([f"{study.out}:both"]), config(study), candidates="hin_Deva,swh_Latn")
    assert part.items == {"eng_Latn": 21, "swh_Latn": 21}
    assert {cell.wanted.source: cell.state for cell in plan_study([part])} == {
        "eng_Latn": "missing", "hin_Deva": "impossible", "swh_Latn": "missing",
    }  # fmt: skip


def test_a_language_of_the_model_that_a_task_lacks_is_no_target_and_no_error(study):
    shutil.rmtree(study.root / "eval" / "sib200" / "kmr_Cyrl")
    both = find_model_refs([f"{study.out}:both"])
    (part,) = study_parts(both, config(study, languages="hin_Deva,kmr_Cyrl,swh_Latn"), candidates="all")
    assert part.config.languages == "hin_Deva,swh_Latn"
    with pytest.raises(UserError, match="eus_Latn"):
        study_parts(both, config(study, languages="hin_Deva,eus_Latn"), candidates="all")


def test_what_a_study_needs_is_said(study):
    both = find_model_refs([f"{study.out}:both"])
    with pytest.raises(UserError, match="sr-bible is not fine-tuned"):
        study_parts(both, config(study, tasks=("sr-bible",), fine_tuning={}), candidates="all")
    with pytest.raises(DataMissingError, match=r"training text of eng_Latn and of a candidate \(kmr_Cyrl\)"):
        study_parts(both, config(study), candidates="kmr_Cyrl")
    with pytest.raises(DataMissingError, match="no language vectors"):
        study_parts(find_model_refs([f"{study.out}:none"]), config(study))
    with pytest.raises(DataMissingError, match="Let the study run"):
        read_stored(both, subject="tiny")
    with pytest.raises(UserError, match="no task 'sib200' with scores from several sources"):
        read_stored(both, subject="tiny", tasks=["sib200"])


def test_the_command_runs_shows_and_writes_what_tables_read(study):
    words = ("analyze", "transfer", f"{study.out}:both", "-t", "sib200", "--data", study.root / "eval", "--seeds", 1)
    chosen = ("--candidates", "hin_Deva,swh_Latn", "--set", "fine_tuning.sib200.epochs=1")
    assert "swh_Latn" in said(*words, *chosen, "--plan")
    shown = said(*words, *chosen, "--neighbours", "sib200")
    assert all(word in shown for name in ROLE_NAMES.values() for word in name.split())  # a narrow table folds names
    folder = study.out / "analysis" / "transfer"
    donors = json.loads((folder / "donors.json").read_text())
    assert donors["hin_Deva"] == "swh_Latn"
    assert {path.name for path in (folder / "figures").glob("*.png")} == {
        "strategies.png", "regret.png", "closest-sib200-both-0.png",
    }  # fmt: skip
    table = said("table", study.out, "--paper", 3, "-t", "sib200", "--donors", folder / "donors.json")
    assert "closest donor" in table and "SIB200 1/2/1/2/3" in table
    again = json.loads(said("analyze", "transfer", study.out, "--read", "--candidates", "hin_Deva,swh_Latn", "--json"))
    assert again["donors"]["both-0"] == donors
    assert "name the tasks" in complaint("analyze", "transfer", study.out)
