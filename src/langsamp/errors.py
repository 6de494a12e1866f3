"""What went wrong outside our code: each error says what was expected, what came, and what to do.

The command line prints these as one message without a traceback and ends with `exit_code`; any other exception is a
bug of ours and keeps its traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from reprlib import Repr
from typing import TYPE_CHECKING, Any, TypeVar, get_args

if TYPE_CHECKING:
    from pydantic import BaseModel

_SHORT = Repr()
"""Values in messages, cut where they are long or deep."""
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 200

Settings = TypeVar("Settings", bound="BaseModel")


class UserError(ValueError):
    """A mistake that the user can mend; the message names the mend."""

    exit_code = 1


class DataMissingError(UserError):
    """Data that a command needs is absent; the message tells where it comes from and where to put it."""

    exit_code = 4


class GateFailedError(UserError):
    """A condition given with `--fail-if` holds; the message names each."""

    exit_code = 5


class DamagedError(UserError):
    """A file of ours does not match its checksum or cannot be read; the message names it."""

    exit_code = 6


class OtherVersionError(DamagedError):
    """A file that another version of langsamp wrote: whole for that one, so that nothing older stands in for it."""


class NonFiniteLossError(UserError):
    """Training met a loss that is NaN or infinite; the message names the step and its rows."""

    exit_code = 7


class RankLostError(UserError):
    """One of the processes that train together died, hangs or failed; the message names it."""

    exit_code = 8


class StoppedError(BaseException):
    """This process was asked to stop (SIGTERM, SIGUSR1, SIGHUP; or Ctrl-C while training, which saves a checkpoint).

    Running again goes on from there. It is no `Exception`, as KeyboardInterrupt is none: a library that goes on after
    any exception of its own work must not go on after this.
    """

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: a scheduler may start the same command again


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`" Did you mean 'x'?"` for a close match of `word` among `known`, else an empty string."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f" Did you mean {close[0]!r}?" if close else ""


def first_of(names: Iterable[object], most: int) -> str:
    """`a, b and 3 more`: at most so many names, and the number of the others."""
    words = [str(name) for name in names]
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def checked(owner: type[Settings], content: object, *, source: str = "") -> Settings:
    """`content` as settings of the class `owner`; errors name `source`, if there is one, and the key.

    Raises:
        UserError: for every unknown key and wrong value at once, a line each.
    """
    from pydantic import ValidationError

    try:
        return owner.model_validate(content)
    except ValidationError as error:
        lines = [_explained(problem, owner) for problem in error.errors()]
    if not source:
        raise UserError("\n".join(lines))
    raise UserError(f"{source}: " + ("\n  " if len(lines) > 1 else "") + "\n  ".join(lines))


def _explained(problem: Any, owner: "type[BaseModel]") -> str:
    kind, loc, said, value = (problem[part] for part in ("type", "loc", "msg", "input"))
    *sections, last = loc or ("",)
    key = ".".join(map(str, loc))
    if kind == "extra_forbidden":
        known = _keys_of(owner, sections)
        meant = _elsewhere(str(last), owner) or did_you_mean(str(last), known)
        if known and not meant:
            meant = f" There are {', '.join(known)}"
        return f"unknown key {key!r}.{meant}"
    if kind in ("tuple_type", "list_type"):
        return f"{key}: expected a list, as in [{_SHORT.repr(value).strip(chr(39))}]"
    if kind in ("model_type", "dict_type"):
        return f"{key}: expected keys with values below it, got {_SHORT.repr(value)}"
    said = said.removeprefix("Value error, ")
    got = "" if isinstance(value, dict) else f" (got {_SHORT.repr(value)})"  # a whole section would bury the message
    return f"{key}: {said}{got}" if key else f"{said}{got}"


def _elsewhere(name: str, owner: "type[BaseModel]") -> str:
    """The key of that name in another section, where there is one."""
    paths, sections = [], [("", owner)]
    for prefix, section in sections:
        for key, field in section.model_fields.items():
            if key == name:
                paths.append(f"{prefix}{key}")
            kinds = (field.annotation, *get_args(field.annotation))
            sections += [(f"{prefix}{key}.", kind) for kind in kinds if hasattr(kind, "model_fields")]
    return f" Did you mean {' or '.join(map(repr, paths[:3]))}?" if paths else ""


def _keys_of(owner: "type[BaseModel]", sections: Iterable[object]) -> Iterable[str]:
    """The keys of a section of `owner`; none where it is no section of settings."""
    for section in sections:
        if isinstance(section, int):  # of a list, whose sections are all of one class
            continue
        field = owner.model_fields.get(str(section))
        kinds = () if field is None else (field.annotation, *get_args(field.annotation))
        owner = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)  # type: ignore[assignment]
        if owner is None:
            return ()
    return owner.model_fields
