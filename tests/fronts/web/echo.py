"""A server that gives each text message back: the codec by itself, on the house's loop, for suites that need one."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from chatserver.fronts.web.http import RequestReader, Response
from chatserver.fronts.web.site import Site
from chatserver.fronts.web.websocket import (
    Close,
    MessageReader,
    Opcode,
    Ping,
    close_frame,
    control_frame,
    text_header,
)
from chatserver.net.connection import Connection
from chatserver.net.listener import Listener, listen
from chatserver.net.reactor import Reactor


class Echo:
    """One connection."""

    connection: Connection

    def __init__(self) -> None:
        self._requests: RequestReader | None = RequestReader()
        self._messages = MessageReader()

    def received(self, data: bytes) -> None:
        if self._requests is not None:
            self._requests.feed(data)
            request = self._requests.next()
            if request is None:
                return
            answer: Response = Site({}, (), (), is_local=True).answer(request._replace(path="/ws"))
            self.connection.send(answer.render())
            data, self._requests = self._requests.rest, None
        for item in self._messages.feed(data):
            if isinstance(item, bytes):
                self.connection.send(text_header(len(item)) + item)
            elif isinstance(item, Ping):
                self.connection.send(control_frame(Opcode.PONG, item.data))
            elif isinstance(item, Close):
                self.connection.send(close_frame(item.code))
                self.connection.close_when_sent(10)

    def ended(self) -> None:
        self.connection.close_when_sent(10)

    def drained(self) -> None:
        pass

    def lost(self) -> None:
        pass


@contextmanager
def echo_server() -> Iterator[str]:
    """Where it listens, as host:port."""
    reactor = Reactor()
    listening = listen("127.0.0.1", 0, 100, 60)

    def welcome(connected: socket.socket, address: str) -> None:
        echo = Echo()
        echo.connection = Connection(reactor, connected, echo, 16_384)

    listener = Listener(reactor, listening, welcome, lambda address: True, b"")
    thread = Thread(target=reactor.run)
    thread.start()
    try:
        host, port = listening.getsockname()
        yield f"{host}:{port}"
    finally:
        reactor.post(listener.close)
        reactor.post(reactor.stop)
        thread.join(30)
        reactor.close()
