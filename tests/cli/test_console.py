"""Consoles and pipes whose encoding lacks letters: everything is printed, with replacements, and nothing fails."""

import io
import json
import os
import resource
import sys
from pathlib import Path

import pytest
from tqdm import tqdm

from langsamp.cli.command import main
from langsamp.cli.console import print_on_any_console
from langsamp.cli.output import complain, print_line, print_table
from tests.tiny_run import complaint, langsamp

ENCODINGS = ("ascii", "cp1252", "utf-8")


class Console:
    """Standard output and standard error in one encoding."""

    def __init__(self, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.encoding, self._buffers = encoding, (io.BytesIO(), io.BytesIO())
        for name, buffer in zip(("stdout", "stderr"), self._buffers, strict=True):
            monkeypatch.setattr(sys, name, io.TextIOWrapper(buffer, encoding=encoding, errors="strict"))
        monkeypatch.setenv("COLUMNS", "200")

    def printed(self) -> tuple[str, str]:
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = (buffer.getvalue().decode(self.encoding) for buffer in self._buffers)
        return out, err


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["langsamp", *words])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "words",
    [
        ("languages", "Norwegian"), ("tasks", "pos"), ("--help",), ("compare", "paper:baseline", "paper:langsamp"),
        ("table", "paper:baseline", "paper:langsamp", "--paper", "1"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_verb_prints_in_any_encoding(
    words: tuple[str, ...], encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(encoding, monkeypatch)
    assert run(monkeypatch, *words) == 0
    out, err = console.printed()
    assert len(out) > 50 and not err


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_error_and_a_bar_print_too(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(encoding, monkeypatch)
    assert run(monkeypatch, "languages", "Ŋʒ-nowhere-ქართ") == 1
    with tqdm(total=2, desc="Bokmål ქართული", file=sys.stderr) as bar:
        bar.update()
    tqdm.write("– ქ", file=sys.stderr)
    complain("ქართული …")
    err = console.printed()[1]
    assert "no language matches" in err and "Traceback" not in err


def test_what_is_lacking_is_replaced_by_what_is_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console("ascii", monkeypatch)
    print_on_any_console()
    print_line("Norwegian Bokmål – “Đạo”, 3 × 4 †, ქართ")
    print_table("Ünder", [{"name": "Xóõ – …", "n": 1}])
    out = console.printed()[0]
    assert out.splitlines()[0] == 'Norwegian Bokmal - "Dao", 3 x 4 +, ????'
    assert "Under" in out and "Xoo - ..." in out


def test_utf_8_stays_as_it_is_even_with_a_name_that_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console("utf-8", monkeypatch)
    print_on_any_console()
    print_line("Bokmål – ქართული, " + os.fsdecode(b"runs/\xff"))
    assert console.printed()[0] == "Bokmål – ქართული, runs/?\n"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_loses_no_letter(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(encoding, monkeypatch)
    assert run(monkeypatch, "languages", "nob_Latn", "--json") == 0
    out = console.printed()[0]
    assert json.loads(out)[0]["name"] == "Norwegian Bokmål"
    assert ("\\u00e5" in out) == (encoding != "utf-8")


@pytest.mark.parametrize("columns", ["0", "1"])
def test_a_width_in_which_nothing_fits_is_none(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console("utf-8", monkeypatch)
    monkeypatch.setenv("COLUMNS", columns)
    assert run(monkeypatch, "languages", "swahili") == 0
    assert "swh_Latn" in console.printed()[0]


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_what_was_closed_before_the_start_goes_nowhere(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console("utf-8", monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(sys, name, None)
        assert (run(monkeypatch, "languages", "swahili"), run(monkeypatch, "tasks", "qqq")) == (0, 1)
        getattr(sys, name).close()
    out, err = console.printed()
    assert ("swh_Latn" in out, "no task 'qqq'" in err) == (name != "stdout", name != "stderr")


def test_a_file_that_may_not_be_so_large_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    console = Console("utf-8", monkeypatch)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with (tmp_path / "out").open("wb") as small, monkeypatch.context() as patch:
        stream = io.TextIOWrapper(small, "utf-8")
        patch.setattr(sys, "stdout", stream)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard))
        try:
            assert run(monkeypatch, "languages", "swahili", "--json") == 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        stream.detach()
    assert "cannot write: File too large; let the output go to a file system" in console.printed()[1]


def test_output_that_finds_no_space_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console("utf-8", monkeypatch)
    with Path("/dev/full").open("wb", buffering=0) as full, monkeypatch.context() as patch:
        stream = io.TextIOWrapper(full, "utf-8", write_through=True)
        patch.setattr(sys, "stdout", stream)
        assert run(monkeypatch, "languages", "swahili", "--json") == 1
        stream.detach()
    assert console.printed() == (
        "",
        "langsamp: cannot write: No space left on device; free some space where the output goes\n",
    )


def test_a_working_directory_that_was_deleted_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    console, home = Console("utf-8", monkeypatch), Path.cwd()
    os.chdir(gone)
    gone.rmdir()
    try:
        assert run(monkeypatch, "tasks") == 1
    finally:
        os.chdir(home)
    out, err = console.printed()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("langsamp: the working directory is not there any more")


def test_a_path_below_the_home_is_that_also_where_no_shell_writes_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for words in (("new", "--from=text", "~/mine.yaml"), ("new", "--text=~/text", "other.yaml")):
        assert "~" not in langsamp(*words).err
    assert (tmp_path / "mine.yaml").is_file() and not (tmp_path / "~").exists()
    assert f"no folder {tmp_path}/text" in complaint("new", "--text=~/text", "other.yaml", code=4)
