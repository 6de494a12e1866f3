"""Every number that tables, comparisons and the page show, as files to be compared before and after a change.

python tools/frozen_numbers.py before runs/mine       # change the code, then
python tools/frozen_numbers.py after runs/mine
diff -r before after                                  # nothing, or a difference that was decided
"""

import argparse
import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

from langsamp.analysis.ablation import analyse_ablation
from langsamp.analysis.families import analyse_families
from langsamp.errors import UserError
from langsamp.reporting.page import write_report
from langsamp.scores.comparison import compare
from langsamp.scores.reading import read_runs
from langsamp.scores.systems import open_system
from langsamp.views.comparison_json import as_json
from langsamp.views.paper_tables.make import paper_table
from langsamp.views.paper_tables.writers import FORMATS

PAPER = ("paper:baseline", "paper:langsamp", "paper:donors")
TABLES = range(1, 20)
GROUPINGS = ("paper", "family", "script")


def main() -> None:
    """Write the numbers of the published scores and of each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("runs", nargs="*", help="folders of finished runs with none and both")
    given = parser.parse_args()
    given.out.mkdir(parents=True)
    for number in TABLES:
        write(given.out / f"paper-table-{number}.csv", lambda number=number: table(number, PAPER))
    write(given.out / "paper-compare.json", lambda: compared("paper:baseline", "paper:langsamp"))
    for run in given.runs:
        freeze(run, given.out / Path(run).name)


def freeze(run: str, out: Path) -> None:
    """The numbers of one run."""
    out.mkdir()
    for number in TABLES:
        write(out / f"table-{number}.csv", lambda number=number: table(number, [run]))
    write(out / "compare.json", lambda: compared(f"{run}:none", f"{run}:both"))
    write(out / "ablation.json", lambda: dumped(analyse_ablation([run]).as_json()))
    write(out / "families.json", lambda: dumped(analyse_families([run]).as_json()))
    page = write_report(run, out=out / "report.html")
    write(out / "report.txt", lambda: shown(page.read_text(encoding="utf-8")))
    page.unlink()


def table(number: int, runs: Any) -> str:
    """One of the paper's tables as CSV."""
    return FORMATS["csv"](paper_table(number, read_runs(list(runs))))


def compared(a: str, b: str) -> str:
    """A comparison with all its groups and languages."""
    return dumped(as_json(compare(open_system(a), open_system(b), by=list(GROUPINGS))))


def dumped(content: Any) -> str:
    """JSON that a line-by-line comparison can show."""
    return json.dumps(content, ensure_ascii=False, indent=1, default=str)


def shown(page: str) -> str:
    """The cells of the page's tables, one a line; neither scripts nor drawings, whose numbers are coordinates."""
    plain = re.sub(r"<(script|style|svg)\b.*?</\1>", "", page, flags=re.DOTALL)
    cells = re.findall(r"<t[dh]\b[^>]*>(.*?)</t[dh]>", plain, flags=re.DOTALL)
    return "\n".join(" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in cells)


def write(path: Path, content: Callable[[], str]) -> None:
    """Write what `content` gives, or why it gives nothing."""
    try:
        text = content()
    except UserError as error:
        text = f"refused: {error}"
    path.write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
