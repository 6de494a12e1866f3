"""Skips the tests of real data, with the reason, where that is not there."""

import pytest

from tests.real_data import DATA, REFERENCE


@pytest.fixture(scope="session", autouse=True)
def _real_data() -> None:
    for folder in (DATA / "eval", REFERENCE):
        if not folder.is_dir():
            pytest.skip(f"needs real data, and there is no folder {folder}: see tests/real_data/__init__.py")
