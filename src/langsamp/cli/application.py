"""Commands that take addresses for folders, and their options of one value once.

Of two values the first would be lost in silence.
"""

import re
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


_CALLED = {"models": ("m", "encoder"), "recipe": ("c", "config")}
"""What other programs call options by which they take what is an argument here, beside the argument's own name."""
_KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")


class _Once(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if advice := self._meant_otherwise(args):
            ctx.fail(advice)
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for option, times in Counter(each for each in order if each.param_type_name == "option").items():
            if times > 1 and not option.multiple and not option.is_flag:  # type: ignore[attr-defined]  # an option's
                ctx.fail(f"{option.opts[0]} takes one value and is given {times} times")
        return super().parse_args(ctx, args)

    def _meant_otherwise(self, args: list[str]) -> str:
        """What to write for a word that other commands would understand; empty where there is none."""
        known = {name for each in self.params for name in each.opts if name.startswith("-")}
        arguments = [str(each.name) for each in self.params if each.param_type_name == "argument"]
        for before, word in zip(["", *args], args, strict=False):
            name, equals, value = word.partition("=")
            bare = name.lstrip("-").replace("-", "_")
            if name in known or before in known or name == bare + equals:
                continue
            if "--set" in known and _KEY.fullmatch(bare):
                return f"{word}: a setting is written --set {bare}={value or 'VALUE'}"
            for argument in arguments if name != bare else ():
                if bare.rstrip("s") == argument.rstrip("s") or bare in _CALLED.get(argument, ()):
                    return f"{name}: what it names is given without an option, as in langsamp {self.name} NAME"
        return ""


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
