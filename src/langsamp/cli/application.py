"""Commands that take addresses for folders, and their options of one value once.

Of two values the first would be lost in silence.
"""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from langsamp.addresses import stay_offline


def _offline(is_asked_for: bool) -> bool:
    if is_asked_for:
        stay_offline()
    return is_asked_for


Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Ask no other machine; what is named there and not downloaded is refused.",
        callback=_offline,
    ),
]
"""Kept before a verb is called: it only names it."""


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
        register = super().command(*args, **{"cls": _Once, **settings})
        return lambda verb: register(_with_folders(verb))


def _with_folders(verb: Callable[..., Any]) -> Callable[..., Any]:
    """A verb that is given folders of this machine for addresses."""

    @wraps(verb)
    def with_folders(**words: Any) -> Any:
        from langsamp.remote.session import with_folders

        return verb(**with_folders(words))

    return with_folders
