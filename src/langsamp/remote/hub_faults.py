"""What the Hugging Face hub's libraries raise, and what it says in one line with what to do about it."""

import re

_STATUS = re.compile(
    r"\b(401|403|404|429|5\d\d) (client error|server error|unauthorized|forbidden|not found|too many requests|"
    r"internal server|bad gateway|service unavailable|gateway time)",
    re.IGNORECASE,
)
_UNREACHED = re.compile(r"offline|connect|cannot find the requested files", re.IGNORECASE)
_MEANT = {
    "401": "it is private or gated, or its name is wrong: check the name, and log in with `hf auth login`",
    "403": "it is gated: ask for access on its page on the hub, and log in here with `hf auth login`",
    "404": "check the name, and the revision where one is given",
    "429": "the hub takes no more questions from here for now: wait some minutes, or log in with `hf auth login`",
    "5": "the hub is not in order at the moment: try again later",
}
"""What an HTTP status means for who asked."""


def hub_errors() -> tuple[type[Exception], ...]:
    """What is raised for a wrong name, no connection, no access, damaged files, and answers that are not the hub's."""
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # of the HTTP library the hub uses
    from yaml import YAMLError  # the header of its README

    return OSError, ValueError, RuntimeError, HTTPError, DatasetsError, YAMLError


def hub_reason(error: BaseException, otherwise: str) -> str:
    """The reason of such an error and what to do, without a period; `otherwise` where the hub gave no status."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE and _UNREACHED.search(str(error)):
        return "it is not on this machine, and the hub is not asked (--offline, or HF_HUB_OFFLINE is set)"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = (lines[0] if lines else type(error).__name__).rstrip(". ")
    if type(error).__name__ == "JSONDecodeError":
        return "what answers is not the hub, as where a network asks to log in first: open a page in a browser there"
    status = getattr(getattr(error, "response", None), "status_code", None) or _first_status(str(error))
    return f"{said}: {_MEANT.get(str(status), _MEANT.get(str(status)[:1], otherwise))}"


def _first_status(text: str) -> str:
    match = _STATUS.search(text)
    return match[1] if match else ""
