"""Autobahn's cases against the codec: all that are about what this server speaks."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kosoku import FailureError, run_fuzzingclient

from tests.fronts.web.echo import echo_server

NOT_SPOKEN = ["9.*", "12.*", "13.*"]
"""Messages of up to 16 MB, and compression."""
BINARY = {f"1.2.{at}" for at in range(1, 9)}
"""Messages that are no text: they are to be refused with 1003, which Autobahn takes for a failure."""


async def results(address: str) -> Sequence[Any]:
    try:
        return await run_fuzzingclient(f"ws://{address}", exclude_cases=NOT_SPOKEN, concurrency=8)
    except FailureError as error:
        return error.results


def test_autobahn_finds_nothing() -> None:
    with echo_server() as address, ThreadPoolExecutor(1) as apart:  # a browser's tests may have a loop in this thread
        found = apart.submit(asyncio.run, asyncio.wait_for(results(address), 50)).result()
    assert len(found) > 200
    assert {case.case_id for case in found if not case.passed} == BINARY
    assert {case.remote_close_code for case in found if case.case_id in BINARY} == {1003}
