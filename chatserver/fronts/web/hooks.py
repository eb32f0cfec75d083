"""The door for hooks: `POST /hooks/TOKEN` with a text, or with JSON that has one, is said in a room.

One request a connection, bounded in bytes and in time; all who call share so much of a turn, and nobody's text is read
whose token does not count. What becomes of it is the host's to say (`bothost/hooks`), and is answered once it is on the
disk. Nothing of it is logged: the path is the secret.
"""

import json
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Protocol

from chatserver.core.outcome import Refused
from chatserver.fronts.web.http import Problem, Request, RequestReader, Response
from chatserver.fronts.web.share import Loop, Share
from chatserver.fronts.web.site import refusal
from chatserver.net.connection import Connection, Owner
from chatserver.net.round import Round

READ_BYTES = 16_384
TURN_S = 0.01  # of a turn, for all who call: a text of JSON takes up to some ms to be read
ANSWER_S = 5.0  # to read what was answered
PATH = "/hooks/"
JSON_TYPES = ("application/json", "text/json")
STATUSES = {
    "NO_SUCH_HOOK": HTTPStatus.NOT_FOUND,
    "TOO_FAST": HTTPStatus.TOO_MANY_REQUESTS,
    "NOT_MEMBER": HTTPStatus.CONFLICT,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "TOO_LONG": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "BAD_TEXT": HTTPStatus.BAD_REQUEST,
}
OK = Response(HTTPStatus.OK, {"Content-Type": "application/json"}, b'{"ok":true}\n')


class Host(Loop, Protocol):
    """What the door needs of the server."""

    def give_back(self, address: str) -> None:
        """The place of a caller is free."""

    def deliver_hook(self, token: str, text: Callable[[], str], done: Callable[[Refused | None], None]) -> None:
        """Say a text in the room of a token; `done` is told what was refused, or None once it is stored.

        The text is asked for where the token counts; what that raises is the caller's.
        """


class HookLobby:
    """All who are calling a hook now."""

    def __init__(self, request_s: float, body_bytes_max: int) -> None:
        self._request_s = request_s
        self.body_bytes_max = body_bytes_max
        self._callers: dict[_Caller, float] = {}  # until when the request may take
        self.host: Host
        self.share: Share

    def attend(self, host: Host) -> None:
        """Learn whom it is for, once there is one."""
        self.host = host
        self._round = Round(self._show_out, host.call_soon)
        self.share = Share(host, TURN_S)

    def expects_many(self, address: str) -> bool:
        """Whether those who come from an address may do so for many others."""
        return False

    def welcome(self, connect: Callable[[Owner, int], Connection], address: str, host: str) -> None:
        """Somebody came in."""
        caller = _Caller(self, address)
        self._callers[caller] = self.host.clock() + self._request_s
        caller.connection = connect(caller, READ_BYTES)

    def left(self, caller: "_Caller") -> None:
        """A caller has gone."""
        del self._callers[caller]
        self.host.give_back(caller.address)

    def go_round(self) -> None:
        """Once a second: who takes too long is shown out."""
        now_s = self.host.clock()
        self._round.begin(each for each, until_s in self._callers.items() if until_s <= now_s)

    def _show_out(self, caller: "_Caller") -> None:
        if caller in self._callers:
            caller.connection.abort()

    def close(self) -> None:
        """The server goes down; what was taken is answered while there is time."""
        for caller in list(self._callers):
            if not caller.is_taken:
                caller.connection.abort()


class _Caller:
    """One request, and its answer."""

    connection: Connection

    def __init__(self, lobby: HookLobby, address: str) -> None:
        self._lobby = lobby
        self._reader = RequestReader(lobby.body_bytes_max)
        self.address = address
        self.is_taken = False
        self._is_put_off = False  # the others have had this turn's time

    def received(self, data: bytes) -> None:
        """A part of the request; what stands behind it is passed over."""
        if self.is_taken:
            return
        self._reader.feed(data)
        self._go_on()

    def ended(self) -> None:
        """The caller says no more."""
        if not self.is_taken and not self._is_put_off:
            self.connection.abort()

    def drained(self) -> None:
        """The answer has left."""

    def lost(self) -> None:
        """It is over."""
        self._lobby.left(self)

    def _go_on(self) -> None:
        """Look at what has come, in a turn that has time for it."""
        share = self._lobby.share
        if share.has_time():
            began_s = self._lobby.host.clock()
            self._look()
            share.spend(began_s)
        elif not self._is_put_off:
            self._is_put_off = True
            self.connection.pause()
            share.put_off(self._come_again)

    def _come_again(self) -> None:
        self._is_put_off = False
        if self.connection.closing:
            return
        self._go_on()
        if self._is_put_off or self.connection.closing:
            return
        if self.connection.peer_ended:
            self.ended()
        else:
            self.connection.resume()

    def _look(self) -> None:
        try:
            request = self._reader.next()
            if request is None:
                return
            self.is_taken = True
            self._lobby.host.deliver_hook(_token(request), partial(_text, request), self._done)
        except Problem as problem:
            self.is_taken = True
            self._answer(refusal(problem.status, str(problem)))

    def _done(self, refused: Refused | None) -> None:
        if refused is None:
            self._answer(OK)
        else:
            self._answer(refusal(STATUSES.get(refused.code, HTTPStatus.FORBIDDEN), refused.text.rstrip(".")))

    def _answer(self, response: Response) -> None:
        if not self.connection.closed:
            self.connection.send(response.render(closes=True))
            self.connection.close_when_sent(ANSWER_S)


def _token(request: Request) -> str:
    """The token that a request names. Raises Problem."""
    if not request.path.startswith(PATH):
        raise Problem(HTTPStatus.NOT_FOUND, "There are hooks here alone: POST /hooks/TOKEN")
    if request.method != "POST":
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "A hook takes POST alone")
    return request.path.removeprefix(PATH)


def _text(request: Request) -> str:
    """The text in a request. Raises Problem."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        text = request.body.decode()
        return _text_of(json.loads(text)) if kind in JSON_TYPES else text
    except UnicodeDecodeError:
        raise Problem(HTTPStatus.BAD_REQUEST, "A text is in UTF-8") from None
    except (ValueError, RecursionError):
        raise Problem(HTTPStatus.BAD_REQUEST, "This is no JSON, which its Content-Type says that it is") from None


def _text_of(found: object) -> str:
    text = found.get("text") if isinstance(found, dict) else None
    if not isinstance(text, str):
        raise Problem(HTTPStatus.BAD_REQUEST, 'The JSON is to have a text, as {"text": "build 7 is green"} has')
    return text
