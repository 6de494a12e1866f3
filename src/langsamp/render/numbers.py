"""Numbers as the report prints them: one decimal for scores, a true minus sign, a dash for what is absent."""

import math
import re
from collections.abc import Callable

ABSENT = "–"
_HYPHEN = re.compile(r"(?<![\w-])-(?=\d)")


def score(value: float | None) -> str:
    """`44.7`; a dash for None or NaN."""
    return ABSENT if _absent(value) else f"{value:.1f}"


def signed(value: float | None) -> str:
    """`+4.4`, `−0.3`, `0.0`; a dash for None or NaN."""
    if value is None or _absent(value):
        return ABSENT
    rounded = round(value, 1) + 0.0
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"


def tone(written: str) -> str:
    """`better` or `worse` by the sign of a difference as `signed` writes it; empty where it has none."""
    return {"+": "better", "−": "worse"}.get(written[:1], "")


def points(value: float) -> str:
    """`+2.15`, `−0.03`, `0.00`; a dash for NaN."""
    if _absent(value):
        return ABSENT
    rounded = round(value, 2) + 0.0
    return f"{rounded:+.2f}".replace("-", "−") if rounded else "0.00"


def whole(value: float | None) -> str:
    """`12,345`; a dash for None or NaN."""
    return ABSENT if _absent(value) else f"{value:,.0f}"


def share(value: float | None) -> str:
    """`12.3 %` from 0.123; a dash for None or NaN."""
    return ABSENT if value is None or _absent(value) else f"{100 * value:.1f} %"


def decimals(value: float | None) -> str:
    """`0.812`, `−0.034`; a dash for None or NaN."""
    return ABSENT if value is None or _absent(value) else f"{round(value, 3) + 0.0:.3f}".replace("-", "−")


def cosine(value: float | None) -> str:
    """`0.81`, `−0.30`, `0.00`; a dash for None or NaN."""
    return ABSENT if value is None or _absent(value) else f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def with_ends(value: float, low: float, high: float, write: Callable[[float], str]) -> str:
    """A number with its interval, `+0.3 [−0.1, +0.7]`; without it where that is not known."""
    return f"{write(value)} {ends(low, high, write)}".rstrip()


def ends(low: float, high: float, write: Callable[[float], str]) -> str:
    """An interval, `[−0.1, +0.7]`; nothing where it is not known."""
    return "" if _absent(low) else f"[{write(low)}, {write(high)}]"


def probability(value: float | None) -> str:
    """`0.019`, `5e-32`; a dash for None or NaN."""
    if value is None or _absent(value):
        return ABSENT
    short = f"{value:.0e}"  # of 0.0009990, the least p of 1,000 shuffles, 1e-03
    return f"{value:.2g}" if float(short) >= 0.001 or value == 0 else short


def duration(seconds: float | None) -> str:
    """`3 min 05 s`, `2 h 10 min`; a dash for None or NaN."""
    if seconds is None or _absent(seconds):
        return ABSENT
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def with_minus(sentence: str) -> str:
    """A sentence as the terminal shows it, with a true minus sign where a hyphen stands for it."""
    return _HYPHEN.sub("−", sentence)


def _absent(value: float | None) -> bool:
    return value is None or math.isnan(value)
