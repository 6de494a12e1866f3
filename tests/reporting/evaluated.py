"""An evaluation folder of two models with its test data: three kinds of tasks, three scripts, kept predictions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.metrics import tag_scores, text_scores
from langsamp.evaluation.store import ResultStore
from langsamp.evaluation.tasks.readers.sib200 import SIB200_LABELS
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.languages.tags import LangScript
from langsamp.scores.cells import AboutCell, Cell, LanguageResult

ARABIC = [f"كتب الطالب الدرس رقم {number} في المكتبة" for number in range(14)]
HINDI = [f"छात्र ने पुस्तकालय में पाठ {number} लिखा" for number in range(14)]
HEBREW = [f"התלמיד כתב את השיעור {number} בספרייה" for number in range(14)]
ENGLISH = [f"the pupil wrote lesson {number} in the library" for number in range(14)]
WORDS = (("Анна", "B-PER"), ("живёт", "O"), ("в", "O"), ("Москве", "B-LOC"))
TEXTS = (*ARABIC, *HINDI, *HEBREW, *ENGLISH, *(word for word, _ in WORDS if len(word) > 3))
"""Everything that is a sentence or word of the data."""
MODELS = ("base", "new")
SEEDS = (0, 1)


def make_evaluation(folder: Path) -> Path:
    """Test data in `folder/data` and scores in `folder/scores`; on Arabic, Hebrew and Russian `new` is worse."""
    data, store = folder / "data", ResultStore(folder / "scores")
    _write_data(data)
    config = EvaluationConfig(tasks=("sr-bible", "sib200", "ner"), data=data).model_dump(mode="json")
    for model in MODELS:
        for name in ("sr-bible", "sib200", "ner"):
            for seed in SEEDS if name != "sr-bible" else (0,):
                _write_cell(store, name, model=model, seed=seed, config=config)
    store.scores()
    return folder / "scores"


def _write_data(data: Path) -> None:
    def put(name: str, lines: Sequence[str]) -> None:
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    for tag, texts in (("arb_Arab", ARABIC), ("hin_Deva", HINDI)):
        rows = [f"{place}\t{SIB200_LABELS[place % 7]}\t{text}" for place, text in enumerate(texts)]
        put(f"sib200/{tag}/test.tsv", ["index_id\tcategory\ttext", *rows])
    put("sr_bible/heb_Hebr-eng_Latn.heb_Hebr", HEBREW)
    put("sr_bible/heb_Hebr-eng_Latn.eng_Latn", ENGLISH)
    put("ner/rus_Cyrl/test.tsv", [line for _ in range(12) for line in (*("\t".join(pair) for pair in WORDS), "")])


def _write_cell(store: ResultStore, name: str, *, model: str, seed: int, config: Mapping[str, Any]) -> None:
    task = TASKS[name]
    reader = task.open(EvaluationConfig.model_validate(config).where)
    texts = {tag: reader.read(tag) for tag in reader.tags}
    layer = {"layer": 3} if task.kind == "retrieval" else {}
    cell = Cell(
        model=model.ljust(16, "0"), task=name, protocol="fixed", source="eng_Latn", seed=seed,
        settings={"selection": "none", "precision": "fp32", **layer},
        revisions={str(tag): text.revision for tag, text in texts.items()},
    )  # fmt: skip
    looks = [
        {"epoch": epoch, "step": epoch, "train_loss": 1.0, "metrics": {task.metric: 50.0 + epoch}, "kept": epoch == 1}
        for epoch in (1, 2)
    ]
    about = AboutCell(
        model_name=model, metric=task.metric, wall_seconds=1.0, facts={"config": dict(config)},
        dev_curve=looks if task.kind != "retrieval" else [],
    )  # fmt: skip
    store.write(cell, [_result(name, tag, text, model=model, seed=seed) for tag, text in texts.items()], about)


def _result(name: str, tag: LangScript, text: Any, *, model: str, seed: int) -> LanguageResult:
    """`new` has every second item wrong, but of Hindi; both have the last ones wrong, as many as the seed."""
    items = len(text.target if name == "sr-bible" else text)
    right = np.arange(items) < items - seed
    if model == "new" and str(tag) != "hin_Deva":
        right &= np.arange(items) % 2 == 0
    if name == "sr-bible":
        rank = np.where(right, 1, 12).astype(np.int32)
        nearest = np.where(right, np.arange(items), (np.arange(items) + 1) % items).astype(np.int32)
        metrics = {f"top{k}_accuracy": float(100 * (rank <= k).mean()) for k in (1, 5, 10)}
        return LanguageResult(tag=tag, metrics=metrics, predictions={"rank": rank, "nearest": nearest}, num_items=items)
    gold = list(text.labels) if name == "sib200" else [" ".join(labels) for labels in text.labels]
    wrong = "geography" if name == "sib200" else "O O O B-LOC"
    predicted = [label if ok else wrong for label, ok in zip(gold, right, strict=True)]
    columns: dict[str, NDArray[Any]] = {"gold": np.array(gold), "predicted": np.array(predicted)}
    metrics = (
        dict(text_scores(gold, predicted))
        if name == "sib200"
        else dict(tag_scores(*([each.split() for each in side] for side in (gold, predicted))))
    )
    return LanguageResult(tag=tag, metrics=metrics, predictions=columns, num_items=items)
