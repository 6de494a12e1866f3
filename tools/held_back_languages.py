"""How close a vector that is fitted afterwards comes to the one that pretraining would have learned.

python -m tools.held_back_languages FULL HELD --text FOLDER     # two exports; prints a table in Markdown

FULL was trained on languages that HELD never saw. For each of them `languages fit` makes a vector in HELD. What
neighbours and donors are made of is compared: its cosines to the languages that both models know, with those of the
vector that FULL learned. Beside it stand the start of the fit (the mean of its relatives) and, as what any language
gets, the learned cosines of the other languages that HELD never saw.
"""

import argparse
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from langsamp.analysis.vectors.neighbours import cosine, main_tags, trained
from langsamp.data.text.folder import files_by_tag
from langsamp.data.text.formats import documents_in
from langsamp.errors import UserError
from langsamp.model.conditioning import Conditioning
from langsamp.model.new_language.fitting import add_languages, fit

Floats = NDArray[np.floating]
DOCUMENTS = 1000


class Cosines(NamedTuple):
    """Of one held-back language to all that both models know, by what made its vector."""

    tag: str
    learned: Floats
    fitted: Floats
    start: Floats


def main() -> None:
    """Fit, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("full", type=Path)
    parser.add_argument("held", type=Path)
    parser.add_argument("--text", type=Path, required=True)
    given = parser.parse_args()
    try:
        shared, rows = compared(given.full, given.held, given.text)
    except UserError as error:
        parser.exit(error.exit_code, f"{error}\n")
    print("\n".join(table(shared, rows)))


def compared(full: Path, held: Path, text: Path) -> tuple[list[str], list[Cosines]]:
    """The languages that both models know, and the cosines of each that `held` never saw."""
    whole, part = Conditioning.load(full), Conditioning.load(held)
    shared = [code for code in trained(whole).codes if part.is_trained("language", code)]
    tags, files, rows = main_tags(whole), files_by_tag(text), []
    for code in trained(whole).codes:
        if code in shared:
            continue
        documents = list(islice(documents_in(files[tags[code]], text_column="text"), DOCUMENTS))
        with tempfile.TemporaryDirectory() as folder:
            add_languages(held, [tags[code]], Path(folder) / "start")
            fit(held, tags[code], documents, Path(folder) / "fitted")
            made = {name: Conditioning.load(Path(folder) / name) for name in ("start", "fitted")}
        cosines = {name: _to(shared, code, conditioning) for name, conditioning in made.items()}
        rows.append(Cosines(str(tags[code]), learned=_to(shared, code, whole), **cosines))
    if len(rows) < 2:
        raise UserError(f"{held} must lack two languages or more that {full} was trained on; it lacks {len(rows)}")
    return shared, rows


def table(shared: list[str], rows: list[Cosines]) -> Iterator[str]:
    """Rank correlation with the learned cosines, shared neighbours among three, and the closest donor."""
    yield "| held back | fitted | its start | other languages | of three neighbours | donor learned, fitted |"
    yield "|---|---|---|---|---|---|"
    figures = [_figures(row, rows) for row in rows]
    for row, (*correlations, common, _) in zip(rows, figures, strict=True):
        donors = ", ".join(shared[int(cosines.argmax())] for cosines in (row.learned, row.fitted))
        yield f"| {row.tag} | " + " | ".join(f"{each:.2f}" for each in correlations) + f" | {common:.0f} | {donors} |"
    *means, common, equal = np.mean(figures, axis=0)
    yield "| mean | " + " | ".join(f"{each:.2f}" for each in means) + f" | {common:.1f} | equal: {equal:.0%} |"
    yield f"\nBy chance: {9 / len(shared):.1f} of three neighbours, {1 / len(shared):.0%} of donors."


def _to(shared: list[str], code: str, conditioning: Conditioning) -> Floats:
    """Cosines of one language's vector to those of `shared`, in their order."""
    assert conditioning.language is not None
    codes = conditioning.ids.languages
    vectors = conditioning.language[[codes.index(each) for each in (code, *shared)]].astype(np.float64)
    return cosine(vectors)[0, 1:]


def _alike(one: Floats, other: Floats) -> float:
    return float(stats.spearmanr(one, other).statistic)


def _figures(row: Cosines, rows: list[Cosines]) -> list[float]:
    """The columns of the table; the last is 1 where both vectors mean the same donor."""
    others = [_alike(row.learned, other.learned) for other in rows if other is not row]
    common = {*np.argsort(-row.learned)[:3]} & {*np.argsort(-row.fitted)[:3]}
    is_equal = row.learned.argmax() == row.fitted.argmax()
    alike = [_alike(row.learned, row.fitted), _alike(row.learned, row.start), float(np.mean(others))]
    return [*alike, len(common), float(is_equal)]


if __name__ == "__main__":
    main()
