"""The command `langsamp`: each verb checks its words, calls one function of the package, and prints what came.

Results go to stdout, progress to stderr. Exit codes: 0 done, 1 an error the message explains, 2 wrong words, 3 some
languages or tasks failed, 4 data missing, 5 a gate of `compare --fail-if` failed, 6 a damaged file, 7 loss not finite,
8 a process of several was lost, 75 stopped and saved, 130 interrupted.
"""

import errno
import os
import sys
from pathlib import Path
from typing import NoReturn

from langsamp import stopping
from langsamp.addresses import with_addresses
from langsamp.cli.console import print_on_any_console
from langsamp.errors import StoppedError, UserError
from langsamp.world import tell_launcher

_OF_THE_DISK = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOSPC,
    errno.EDQUOT, errno.EIO, errno.ENXIO, errno.EFBIG, errno.ESTALE,
}  # fmt: skip
"""Troubles with a file or folder that the user can mend, wherever they show."""

_REMEDIES = dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EIO), "free some space where the output goes") | {
    errno.EFBIG: "let the output go to a file system that takes larger files (FAT32 takes 4 GiB), or raise `ulimit -f`"
}
"""What to do about a write that names no file."""


def _complain(message: str) -> None:
    from langsamp.cli.output import complain

    complain(message)


def _end(message: str, code: int) -> NoReturn:
    """Say why it ends, also to a launcher such as torchrun, which repeats it below its own words."""
    _complain(message)
    tell_launcher(with_addresses(message))
    sys.exit(code)


def _check_folder() -> None:
    """Refuse to start where no path means anything, and where libraries end without a word that anybody understands."""
    try:
        Path.cwd()
    except FileNotFoundError:
        raise UserError(
            "the working directory is not there any more: it was deleted, or moved and made anew. `cd` to one that is"
        ) from None


def _check_words(words: list[str]) -> None:
    """Refuse what cannot be meant.

    That is an empty word, as of a variable of the shell that is not set, for which a default would stand in silence,
    and one in another encoding, which no record of ours could hold.
    """
    for before, word in zip(["", *words], words, strict=False):
        is_empty = not word.strip() or (word.startswith("--") and word.find("=") == len(word) - 1)
        if is_empty or "\0" in word:
            raise UserError(
                f"{word!r}{f' after {before}' if before else ''} is {'empty' if is_empty else 'no name'}: expected a "
                "word; is a variable of the shell not set?"
            )
        if any("\ud800" <= letter <= "\udfff" for letter in word):  # what Python makes of bytes it cannot read
            raise UserError(
                f"{word.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')!r} cannot be read in the "
                f"encoding of this shell ({sys.getfilesystemencoding()}): take a locale of UTF-8 (LC_ALL=C.UTF-8) and "
                "leave PYTHONUTF8 unset, or write the word in UTF-8"
            )


def _at_home(word: str) -> str:
    """A word with the home that it begins with: after `--out=` no shell writes it out, and none does in quotes."""
    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    home = os.path.expanduser("~")  # noqa: PTH111  # says `~` where there is none
    return f"{option}{equals}{home}{value[1:]}" if value.startswith("~/") else word


def _run() -> None:
    from langsamp.cli.verbs import app  # for a tenth of a second, in which a signal is heard already
    from langsamp.remote.session import session

    try:
        _check_folder()
        _check_words(sys.argv[1:])
        sys.argv[1:] = map(_at_home, sys.argv[1:])
        try:
            with session():
                app(prog_name="langsamp")
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # else what cannot be written is found when nobody can say it any more
    except BrokenPipeError:  # whoever reads has seen enough
        sys.stdout = None  # it would be flushed again at the end
        sys.exit(1)
    except RuntimeError as error:
        if "home directory" not in str(error):  # what Path says of `~nobody/x`
            raise
        raise UserError("a path begins with the home (~) of a user who is not here; write the whole path") from None
    except OSError as error:
        if not stopping.exit_code() and error.filename is None and error.errno in _REMEDIES:
            raise UserError(f"cannot write: {error.strerror}; {_REMEDIES[error.errno]}") from None
        if stopping.exit_code() or error.errno not in _OF_THE_DISK or error.filename is None:
            raise
        raise UserError(
            f"cannot use {str(error.filename)[:200]!r}: {error.strerror}; check its name, whether it may be read and "
            "written, and the space on its disk"
        ) from None


def main() -> None:
    """Run the command line; a user's mistake ends in one message and an exit code, never in a traceback.

    Once a stop was asked for, the exit code says so, whatever a library made of it.
    """
    stopping.forget()
    stopping.listen(stopping.stop)
    try:
        print_on_any_console()
        # Threads that wait must not spin: beside another busy process, spinning makes a step ten times as long.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        # The bars of transformers and the hub would fill a log; read where they are imported.
        if not sys.stderr.isatty():
            os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        _run()
    except UserError as error:
        _end(f"langsamp: {error}", stopping.exit_code() or error.exit_code)
    except StoppedError as stop:
        _end(f"langsamp: {stop}", stop.exit_code)
    except KeyboardInterrupt:
        _end_stopped()
    except SystemExit:
        if stopping.exit_code():
            _end_stopped()
        raise
    except Exception:
        if stopping.exit_code():  # most likely what it made of the stop
            _end_stopped()
        raise
    if stopping.exit_code():
        _end_stopped()


def _end_stopped() -> NoReturn:
    word = "interrupted" if stopping.exit_code() in (0, stopping.INTERRUPTED) else "stopped"
    _complain(f"\nlangsamp: {word}; run the same command again to go on")
    sys.exit(stopping.exit_code() or stopping.INTERRUPTED)
