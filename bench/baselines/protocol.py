"""Baseline: an asyncio Protocol with one `write` a message; `--batched`: one a peer and turn; `--uvloop`: on uvloop."""

import asyncio
import sys
from typing import cast

from bench.baselines.router import HELLO, Peer, Router
from bench.baselines.start import listening, say_ready


class Front(asyncio.Protocol):
    """One connection; every message is written at once."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        writer = cast(asyncio.WriteTransport, transport)  # uvloop's is one, but no subclass
        self._peer = Peer(writer.write)
        writer.write(HELLO)

    def data_received(self, data: bytes) -> None:
        self._router.feed(self._peer, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._router.gone(self._peer)


class Batch:
    """The peers put to in this turn, and their transports; flushed once, after everybody was read."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._planned = False
        self.transports: dict[Peer, asyncio.WriteTransport] = {}

    def plan(self) -> None:
        """Flush at the end of this turn."""
        if not self._planned:
            self._planned = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._planned = False
        for peer in self._router.touched:
            self.transports[peer].write(peer.take_out())
        self._router.touched.clear()


class BatchedFront(asyncio.Protocol):
    """One connection; what is put to it in a turn is written as one."""

    def __init__(self, router: Router, batch: Batch) -> None:
        self._router = router
        self._batch = batch
        self._peer = Peer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        writer = cast(asyncio.WriteTransport, transport)
        self._batch.transports[self._peer] = writer
        writer.write(HELLO)

    def data_received(self, data: bytes) -> None:
        self._router.feed(self._peer, data)
        self._batch.plan()

    def connection_lost(self, exc: Exception | None) -> None:
        self._router.gone(self._peer)
        del self._batch.transports[self._peer]


async def serve(batched: bool) -> None:
    """Serve until the process is told to end."""
    router = Router()
    batch = Batch(router)
    listener = listening()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        (lambda: BatchedFront(router, batch)) if batched else (lambda: Front(router)), sock=listener
    )
    say_ready(listener)
    await server.serve_forever()


def main(arguments: list[str]) -> None:
    """Run on asyncio's own loop, or on uvloop's."""
    work = serve("--batched" in arguments)
    if "--uvloop" in arguments:
        import uvloop  # an extra; the caller has looked whether it is there

        uvloop.run(work)
    else:
        asyncio.run(work)


if __name__ == "__main__":
    main(sys.argv[1:])
