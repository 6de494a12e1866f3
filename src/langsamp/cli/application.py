"""Commands whose options of one value take it once: of two, the first would be lost in silence."""

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

Offline = Annotated[
    bool, typer.Option("--offline", help="Ask no other machine; what is named there and not downloaded is refused.")
]


class _Once(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for option, times in Counter(each for each in order if each.param_type_name == "option").items():
            if times > 1 and not option.multiple and not option.is_flag:  # type: ignore[attr-defined]  # an option's
                ctx.fail(f"{option.opts[0]} takes one value and is given {times} times")
        return super().parse_args(ctx, args)


class Application(typer.Typer):
    """A Typer of such commands."""

    def command(self, *args: Any, **settings: Any) -> Callable[[Any], Any]:
        """As Typer's own."""
        return super().command(*args, **{"cls": _Once, **settings})
