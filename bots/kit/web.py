"""One HTTP GET or POST, in the thread that calls it, ended by a time and a size. Never raises.

It looks at no clock but the monotonic one, and keeps nothing.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException, HTTPResponse, IncompleteRead, InvalidURL, RemoteDisconnected
from threading import Timer
from typing import cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from bots.kit.addresses import ClosedAddress, HttpsTo, HttpTo
from bots.kit.effects import Fetch, Post, Reply, late

BROKE_OFF = "its answer broke off in the middle"
_CHUNK_BYTES = 16_384
_AGENT = "pipechat-bot/1"
_LOCAL = ("localhost", "127.0.0.1", "::1")


def get(fetch: Fetch) -> Reply:
    """GET the page; at most about `timeout_s` seconds, and no more than `bytes_max` bytes of it."""
    ends_at = time.monotonic() + fetch.timeout_s
    try:
        with _open(fetch) as response:
            return _read(fetch, response, ends_at)
    except HTTPError as error:
        error.close()
        return Reply(fetch.url, error.code, problem=f"it answered with an error ({error.code})")
    except (OSError, HTTPException, ValueError) as error:
        return Reply(fetch.url, 0, problem=_problem(error, fetch))


def post(wanted: Post) -> Reply:
    """POST to one address, without redirects and proxies; the same bounds as `get`."""
    ends_at = time.monotonic() + wanted.timeout_s
    try:
        parts = urlsplit(wanted.url)
        connect = HttpsTo if parts.scheme == "https" else HttpTo
        connection = connect(parts.hostname or "", parts.port, timeout=wanted.timeout_s)
        connection.is_open = wanted.is_open
        ending = Timer(wanted.timeout_s, connection.break_off)
        ending.daemon = True
        with closing(connection), _running(ending):
            path = parts.path or "/"
            headers = {"User-Agent": _AGENT, **dict(wanted.headers)}
            connection.request("POST", f"{path}?{parts.query}" if parts.query else path, wanted.body, headers)
            response = connection.getresponse()
            if not 200 <= response.status < 300:
                return Reply(wanted.url, response.status, problem=f"it answered with an error ({response.status})")
            return _read(wanted, response, ends_at)
    except ClosedAddress:
        return Reply(wanted.url, 0, problem=str(ClosedAddress()), is_final=True)
    except (InvalidURL, UnicodeError):
        return Reply(wanted.url, 0, problem="its address is none of HTTP", is_final=True)
    except (OSError, HTTPException, ValueError) as error:
        if time.monotonic() >= ends_at:
            return late(wanted)
        return Reply(wanted.url, 0, problem=_problem(error, wanted))


@contextmanager
def _running(timer: Timer) -> Iterator[None]:
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _open(fetch: Fetch) -> HTTPResponse:
    """An opener of http and https alone: a redirect to file:// or ftp:// finds no way."""
    opener = OpenerDirector()
    proxies = ProxyHandler({}) if urlsplit(fetch.url).hostname in _LOCAL else ProxyHandler()
    for handler in (proxies, HTTPHandler(), HTTPSHandler(), HTTPRedirectHandler()):
        opener.add_handler(handler)
    opener.add_handler(HTTPErrorProcessor())
    opener.add_handler(HTTPDefaultErrorHandler())
    request = Request(fetch.url, headers={"User-Agent": _AGENT, "Accept": "*/*"})
    return cast(HTTPResponse, opener.open(request, timeout=fetch.timeout_s))


def _read(fetch: Fetch, response: HTTPResponse, ends_at: float) -> Reply:
    """Read by pieces, for the time-out of a socket starts anew with every byte that drips in."""
    body = b""
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > fetch.bytes_max:
            return Reply(fetch.url, response.status, problem=f"its answer is too big (over {fetch.bytes_max} bytes)")
        if time.monotonic() > ends_at:
            return late(fetch)
    if time.monotonic() > ends_at:  # and it may be a part of an answer alone
        return late(fetch)
    if response.length:  # what Content-Length promised and did not come
        return Reply(fetch.url, response.status, problem=BROKE_OFF)
    return Reply(fetch.url, response.status, body)


def _problem(error: Exception, fetch: Fetch) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return late(fetch).problem
    if isinstance(reason, IncompleteRead):
        return BROKE_OFF
    if isinstance(reason, RemoteDisconnected):
        return "it closed the connection without an answer"
    if isinstance(reason, ConnectionRefusedError):
        return "it refused the connection"
    if isinstance(reason, socket.gaierror):
        return "its name cannot be found (is there a network?)"
    if isinstance(reason, ssl.SSLError):
        return "its certificate or encryption is not to be trusted"
    if isinstance(reason, OSError):
        return f"it cannot be reached ({reason.strerror or 'the connection broke'})"
    return "its answer is broken (no HTTP)"
