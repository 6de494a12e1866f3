"""The server: on this machine only, telling browsers to load nothing from elsewhere."""

import socket
import sys
import urllib.error
import urllib.request

import pytest

from langsamp.app.serving import is_loopback
from tests.tiny_run import TinyRun, complaint, langsamp


def test_every_answer_tells_the_browser_to_load_nothing_from_elsewhere(address: str) -> None:
    assert address.startswith("http://127.0.0.1:")
    for path in ("/", "/config", "/nothing-here"):
        try:
            with urllib.request.urlopen(address + path) as answer:
                headers = answer.headers
        except urllib.error.HTTPError as error:
            headers = error.headers
            error.close()
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert headers["referrer-policy"] == "no-referrer"


def test_a_port_that_is_taken_is_said(tiny_run: TinyRun) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = complaint("explore", tiny_run.out, "--port", taken.getsockname()[1])
    assert "Give another --port" in said


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("example.org", False)],
)
def test_who_is_let_in_is_known(host: str, alone: bool) -> None:
    assert is_loopback(host) == alone


def test_without_the_extra_the_message_names_the_command(tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert 'pip install "langsamp[explore]"' in complaint("explore", tiny_run.out)


def test_a_run_without_models_and_an_address_of_another_machine_are_said(fresh_run: TinyRun, tiny_run: TinyRun) -> None:
    assert "exported model" in complaint("explore", fresh_run.out, code=4)
    answer = langsamp("explore", tiny_run.out, "--host", "192.0.2.1", "--port", "0")
    assert answer.code == 1
    assert "asks for no password" in answer.err
    assert "cannot serve at 192.0.2.1" in answer.err
