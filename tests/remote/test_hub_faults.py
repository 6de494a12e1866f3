"""What the hub answers is said in one line, with what to do about it."""

import json

import pytest

from langsamp.remote.hub_faults import hub_reason


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("403 Client Error. (Request ID: x)\n\nCannot access gated repo for url https://x.\n", "ask for access"),
        ("401 Client Error.\n\nRepository Not Found", "log in with `hf auth login`"),
        ("Got: HfHubHTTPError: 429 Too Many Requests", "wait some minutes"),
        ("Server error '503 Service Unavailable' for url 'https://x'", "try again later"),
        ("line 512 is damaged", "line 512 is damaged: look at the cable"),
        ("Name or service not known", "Name or service not known: look at the cable"),
        ("", "OSError: look at the cable"),
    ],
)
def test_each_status_has_its_advice(answer: str, told: str) -> None:
    said = hub_reason(OSError(answer), "look at the cable")
    assert told in said and "\n" not in said


def test_a_page_that_is_not_the_hubs_is_told() -> None:
    with pytest.raises(ValueError, match="Expecting value") as raised:
        json.loads("<html><body>Welcome</body></html>")
    assert "what answers is not the hub" in hub_reason(raised.value, "")
