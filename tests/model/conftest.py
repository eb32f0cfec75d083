"""In these worlds posting lists are filled after a few messages: a play is too short for hundreds to wait."""

from collections.abc import Iterator

import pytest

from chatserver.store import store


@pytest.fixture(autouse=True, scope="package")
def lists_are_filled_soon() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "UNLISTED_IDLE", 3)
        yield
