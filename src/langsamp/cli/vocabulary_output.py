"""What the verbs of vocabularies print: how they fit each tag, what a tag gains, what a cut costs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from langsamp.cli.output import complain, print_json, print_line, print_table

if TYPE_CHECKING:
    from langsamp.data.vocabulary.measuring import Fit
    from langsamp.model.step_cost import StepCost
    from langsamp.model.vocabulary.extending import Extended
    from langsamp.model.vocabulary.trimming import Trimmed


def print_fits(title: str, fits: Mapping[str, "Fit"], *, as_json: bool) -> None:
    """A row for each tag."""
    if as_json:
        print_json({tag: fit._asdict() for tag, fit in fits.items()})
        return
    rows = [
        {
            "tag": tag,
            "documents": f"{fit.documents:,}",
            "pieces per word": f"{fit.pieces_per_word:.2f}",
            "unknown %": f"{100 * fit.unknown:.2f}",
            "bytes per token": f"{fit.bytes_per_token:.2f}",
            "pieces used": f"{fit.pieces:,}",
        }
        for tag, fit in fits.items()
    ]
    print_table(title, rows)


def print_extension(out: Path, report: "Extended", fits: Mapping[str, tuple["Fit", ...]], *, as_json: bool) -> None:
    """A row for each tag, each measure before and after; how new rows start; what lost its row."""
    if as_json:
        print_json({**vars(report), "tags": {tag: [fit._asdict() for fit in pair] for tag, pair in fits.items()}})
        return
    rows = [
        {
            "tag": tag,
            "pieces per word": f"{before.pieces_per_word:.2f}",
            "after": f"{after.pieces_per_word:.2f}",
            "unknown %": f"{100 * before.unknown:.2f}",
            "after ": f"{100 * after.unknown:.2f}",
            "bytes per token": f"{before.bytes_per_token:.2f}",
            "after  ": f"{after.bytes_per_token:.2f}",
        }
        for tag, (before, after) in fits.items()
    ]
    print_table(f"{out}: what the tags gain", rows)
    old, new = report.pieces
    print_line(
        f"{new - old:,} pieces are new, {new:,} in all ({report.rows[1]:,} rows): {report.from_pieces:,} start from "
        f"the mean of their old pieces, {report.drawn:,} from a draw"
    )
    if report.displaced:
        complain(f"by index, {', '.join(report.displaced)} lost its row: a new piece has it, and it starts from a draw")


def print_cut(out: Path, report: "Trimmed", costs: Sequence["StepCost | None"], *, as_json: bool) -> None:
    """Sizes before and after, what a training step costs, and the tokens that are covered."""
    if as_json:
        steps = {"step": [cost and cost._asdict() for cost in costs]} if costs else {}
        print_json({**vars(report), **steps})
        return
    sizes = {
        "tokens of the vocabulary": report.pieces,
        "rows of the embedding": report.rows,
        "parameters": report.parameters,
    }
    rows = [_change(name, *pair, ",") for name, pair in sizes.items()]
    if costs and all(costs):
        first, second = (cost for cost in costs if cost)
        rows.append(_change("MiB of weights in training", first.memory_mib, second.memory_mib, ",.0f"))
        rows.append(_change("seconds of a step of 8 x 128 tokens", first.seconds, second.seconds, ".2f"))
    print_table(f"{out}: {report.covered:.2%} of {report.tokens:,} tokens covered", rows)
    tags = [
        {"tag": tag, "tokens covered %": f"{100 * share:.2f}", "tokens more %": f"{100 * longer - 100:.2f}"}
        for (tag, share), longer in zip(report.covered_by_tag.items(), report.longer_by_tag.values(), strict=True)
    ]
    print_table("Text of each tag", tags)


def _change(name: str, before: float, after: float, form: str) -> dict[str, str]:
    return {"": name, "before": f"{before:{form}}", "after": f"{after:{form}}"}
