"""Time zones: the table of them is there before anybody asks."""

import os

import pytest

from bots.zones import find_zone


def test_who_asks_first_waits_for_no_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "walk")
    assert find_zone("new york") == "America/New_York"
