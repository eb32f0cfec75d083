"""Baseline: asyncio streams, a line at a time, one `write` a message and a `drain` behind it, as tutorials show it."""

import asyncio
from contextlib import suppress

from bench.baselines.router import HELLO, Peer, Router
from bench.baselines.start import listening, say_ready


async def _serve(router: Router, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    peer = Peer(writer.write)
    writer.write(HELLO)
    with suppress(OSError):
        while line := await reader.readline():
            router.feed(peer, line)
            await writer.drain()
    router.gone(peer)
    writer.close()


async def main() -> None:
    """Serve until the process is told to end."""
    router = Router()
    listener = listening()
    server = await asyncio.start_server(lambda reader, writer: _serve(router, reader, writer), sock=listener)
    say_ready(listener)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
