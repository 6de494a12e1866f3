"""A pickle that can hold nothing but dict, list, str and int, and so can execute nothing."""

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any, NoReturn

from langsamp.errors import DamagedError, UserError

_PLAIN = frozenset(
    (
        *("PROTO", "FRAME", "MARK", "STOP"),
        *("EMPTY_DICT", "DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "LIST", "APPEND", "APPENDS"),
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET"),
    )
)
"""Operations of the pickle machine that build those four kinds, and those that number what was built."""


def plain_content(file: Path) -> object:
    """What a pickle of plain dict, list, str and int holds.

    Its operations are read before any of them is carried out.

    Raises:
        UserError: where it holds anything else, naming the first such thing.
        DamagedError: where it is no pickle, or cut short.
    """
    content = file.read_bytes()
    damaged = DamagedError(f"{file} is cut short or no pickle; copy or download it again")
    try:
        for operation, argument, _ in pickletools.genops(content):
            if operation.name not in _PLAIN:
                named = f"{operation.name} {argument}" if isinstance(argument, str) else operation.name
                raise UserError(
                    f"{file} holds more than dict, list, str and int ({named[:80]}), and reading such a pickle can "
                    'execute code; it is refused. Write the table as JSON: {"languages": [...], "scripts": [...]}, '
                    "codes in the order of their ids"
                )
            if operation.name in ("PUT", "LONG_BINPUT") and int(argument or 0) > len(content):
                raise damaged  # a number that only fills the memory
        return _Plain(io.BytesIO(content)).load()
    except UserError:
        raise
    except (ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError, pickle.UnpicklingError):
        raise damaged from None


class _Plain(pickle.Unpickler):
    """The machine itself, which knows no class either."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise pickle.UnpicklingError(str(pid))
