"""The server: on this machine only, telling browsers to load nothing from elsewhere."""

import socket
import sys
import urllib.error
import urllib.request

import pytest

from langsamp.explorer.guard import MOST_BYTES, is_loopback, is_own_name, refusal
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


def asked(address: str, path: str, *, data: bytes | None = None, **headers: str) -> int:
    """The status of the answer to a request."""
    request = urllib.request.Request(address + path, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_only_the_page_itself_is_answered(address: str) -> None:
    port = address.rpartition(":")[2]
    assert asked(address, "/config") == 200
    assert asked(f"http://localhost:{port}", "/config") == 200
    assert asked(address, "/config", Host=f"attacker.example:{port}") == 403
    assert asked(address, "/config", Host=f"127.0.0.1.attacker.example:{port}") == 403
    assert asked(address, "/config", Origin="http://attacker.example") == 403
    assert asked(address, "/config", Origin="null") == 403
    assert asked(address, "/config", Origin=address) == 200


def test_nothing_can_be_stored(address: str) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nhello\r\n--x--\r\n'
    for path in ("/gradio_api/upload", "/upload", "/gradio_api/upload?upload_id=a", "/gradio_api//upload"):
        assert asked(address, path, data=body, **form) in (404, 405)
    for path in ("/gradio_api/run/predict", "/gradio_api/call/fill", "/gradio_api/component_server", "/config"):
        assert asked(address, path, data=b"{}", **{"Content-Type": "application/json"}) in (404, 405)
    assert asked(address, "/gradio_api/queue/join", data=b" " * (MOST_BYTES + 1)) == 413


def test_a_request_without_length_is_limited_too(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    head = f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: {host}:{port}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + f"{MOST_BYTES + 1:x}\r\n".encode() + b" " * (MOST_BYTES + 1) + b"\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("name", "host", "is_own"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("localhost", "127.0.0.1", True),
        ("::1", "127.0.0.1", True),
        ("192.168.1.7", "127.0.0.1", False),
        ("rebound.example", "127.0.0.1", False),
        ("localhost.example", "127.0.0.1", False),
        ("", "127.0.0.1", False),
        ("192.168.1.7", "0.0.0.0", True),
        ("rebound.example", "0.0.0.0", False),
        ("lab.example", "lab.example", True),
        (socket.gethostname(), "0.0.0.0", True),
    ],
)
def test_which_names_mean_this_server(name: str, host: str, is_own: bool) -> None:
    assert is_own_name(name, host) == is_own


def test_a_length_that_is_no_number_is_refused() -> None:
    headers = {b"host": b"localhost:1", b"content-length": b"-1"}
    assert refusal("POST", "/gradio_api/queue/join", headers, host="127.0.0.1")[0] == 413


@pytest.mark.parametrize("panel", ["language", "mask", "probe"])
def test_a_text_that_is_too_long_is_refused_with_a_message(tiny_run: TinyRun, panel: str) -> None:
    pytest.importorskip("gradio", reason='needs the extra: pip install "langsamp[explore]"')
    from langsamp.analysis.model_refs import find_model_refs
    from langsamp.explorer import language_panel, mask_panel, opened_models, probe_panel

    (opened, *_) = opened_models.open_models(find_model_refs([str(tiny_run.out)])).values()
    said = {
        "language": lambda: language_panel.show_language(opened, "x" * 100_000)[0],
        "mask": lambda: mask_panel.show_fill(opened, "<mask>" * 100_000, [], [], 5)[0],
        "probe": lambda: probe_panel.run_probe(opened, "deu_Latn x\n" * 100_000)[1],
    }[panel]()
    assert "shorten it" in said and 'role="alert"' in said


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
