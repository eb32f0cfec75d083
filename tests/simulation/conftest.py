"""A life that is broken off closes nothing, and a world turns the server's log to itself."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def the_log_is_given_back() -> Iterator[None]:
    logger = logging.getLogger("chatserver")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.setLevel(level)
    logger.propagate = True
    logger.handlers[:] = handlers
