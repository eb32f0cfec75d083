"""HookBot: addresses at which programs write into a room, and addresses to which it posts what is said to it there.

It runs where the setting `hooks_port` opens a door for the former (`chatserver/bothost/hooks`). What it keeps of a room
is `shared[place]`: `in:NAME` → the hash of a token, `out:NAME` → an address and the key that signs.
"""

import hashlib
import json
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Generator
from hmac import digest
from urllib.parse import urlsplit

from bots import Bot, Event, Post, Reply, Sorry, State, Whisper, join_lines

NAME = "HookBot"
bot = Bot(NAME, "lets programs write into a room, and asks them what you say")

PER_ROOM_MAX = 10
PER_OWNER_MAX = 20
ALL_MAX = 400
URL_CHARS_MAX = 300
ANSWER_S = 5.0
ANSWER_BYTES_MAX = 16_000
ANSWER_CHARS_MAX = 4000
TRIES_AFTER_S = (0.0, 1.0, 4.0)
WORDS = ("add", "send", "remove", "list", "help")
ROOMS_ALONE = "Hooks belong to rooms: invite me into one of yours, and say @HookBot add deploy there"

Answer = tuple[list[str], State]
Talk = Generator[Post, Reply, str | list[str] | None]


@bot.on("list", help="the hooks of this room", examples={"list": ROOMS_ALONE})
def list_all(event: Event, known: State) -> str:
    hooks = _of(event, known)
    if not hooks:
        return "This room has no hooks. Its owner says for example add deploy."
    return "Hooks of this room: " + " · ".join(
        f"{key[3:]} (writes here)" if key.startswith("in:") else f"{key[4:]} (posts to {_host(row['url'])})"
        for key, row in sorted(hooks.items())
    )


@bot.on("add <name>", help="an address where programs write into this room", examples={"add deploy": ROOMS_ALONE})
def add(event: Event, shared: State, name: str) -> Answer:
    token = secrets.token_urlsafe(32)  # event.random could be guessed
    name = _new(event, shared, name, "in:", {"hash": hash_of(token)})
    address = f"{event.config.get('hooks_url', '').rstrip('/')}/hooks/{token}"
    return [
        f"The hook {name} writes into this room now. I tell {event.sender} its address.",
        Whisper(f"Whoever knows this address writes into {event.room} as {name}. POST a text, or JSON with a text: "),
        Whisper(f"{address} (to take it back, say there: @{NAME} remove {name})"),
    ], shared


@bot.on("send <name> to <url>", help="post what is said to me for that name", examples={"send ci to x": ROOMS_ALONE})
def send(event: Event, shared: State, name: str, url: str) -> Answer:
    host = _checked(url, is_open=event.config.get("hooks_private") == "on")
    key = b64encode(secrets.token_bytes(24)).decode()
    name = _new(event, shared, name, "out:", {"url": url, "key": key})
    return [
        f"What you say as @{NAME} {name} … in this room I post to {host}, and say its answer here.",
        Whisper(f"The posts of {name} are signed (Standard Webhooks) with this key: whsec_{key}"),
    ], shared


@bot.on("remove <name>", help="take it back", examples={"remove deploy": ROOMS_ALONE})
def remove(event: Event, shared: State, name: str) -> tuple[str, State]:
    hooks = _owned(event, shared)
    gone = [key for key in hooks if key.partition(":")[2] == name.casefold()]
    if not gone:
        raise Sorry(f"There is no hook {name[:40]} here: say list to see them")
    for key in gone:
        del hooks[key]
    return f"The hook {name.casefold()} is gone, and its address or key with it.", shared


@bot.on("<name> <text>", help="ask what it posts to", examples={"ci build": ROOMS_ALONE})
def ask(event: Event, known: State, name: str, text: str) -> Talk:
    row = _of(event, known).get(f"out:{name.casefold()}")
    if row is None:
        raise Sorry(f"There is no hook {name[:40]} that I post to: say list to see them, or help")
    said = {"hook": name.casefold(), "room": event.room, "sender": event.sender, "text": text}
    body = json.dumps({**said, "time": event.now.isoformat()}, ensure_ascii=False).encode()
    number = f"msg_{secrets.token_hex(12)}"  # the same in every try: who has it already need not do it again
    is_open = event.config.get("hooks_private") == "on"
    for after_s in TRIES_AFTER_S:
        headers = signed(row["key"], number, event.time_ms // 1000, body)
        reply = yield Post(
            row["url"], ANSWER_S, ANSWER_BYTES_MAX, body=body, headers=headers, is_open=is_open, delay_s=after_s
        )
        if reply.ok:
            return _answer(reply)
        if reply.is_final or (300 <= reply.status < 500 and reply.status not in (408, 429)):
            break  # it will not like it better another time
    raise Sorry(f"I asked {name.casefold()}, but {reply.problem}.")


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def signed(key: str, number: str, time_s: int, body: bytes) -> tuple[tuple[str, str], ...]:
    """The headers of Standard Webhooks (standardwebhooks.com): who has the key knows that it is from here, and new."""
    what = f"{number}.{time_s}.".encode() + body
    signature = b64encode(digest(b64decode(key), what, "sha256")).decode()
    return (
        ("Content-Type", "application/json"),
        ("webhook-id", number),
        ("webhook-timestamp", str(time_s)),
        ("webhook-signature", f"v1,{signature}"),
    )


def _answer(reply: Reply) -> str | None:
    """What is said of an answer: its text, where it is JSON the one in it; nothing if there is none."""
    said = reply.body.decode(errors="replace")
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        found = {"text": said}
    text = found.get("text") if isinstance(found, dict) else None
    if not isinstance(text, str) or not text.strip():
        return None
    return join_lines(text.strip()[:ANSWER_CHARS_MAX].splitlines())


def _of(event: Event, known: State) -> State:
    if event.room is None:
        raise Sorry(ROOMS_ALONE)
    hooks: State = known.get(event.place, {})
    return hooks


def _owned(event: Event, shared: State) -> State:
    """The hooks of this room, to be changed by its owner."""
    hooks = _of(event, shared)
    if not event.owns_room:
        raise Sorry("Only the owner of this room makes its hooks and takes them back")
    return hooks


def _new(event: Event, shared: State, name: str, kind: str, row: State) -> str:
    hooks, name = _owned(event, shared), name.casefold()
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", name) or name in WORDS:
        raise Sorry("A hook's name is one word of up to 32 letters a to z, digits, _ and -: say for example add deploy")
    if any(key.partition(":")[2] == name for key in hooks):
        raise Sorry(f"There is a hook {name} here already: remove it first, or choose another name")
    every = [each for place in shared.values() for each in place.values()]
    own = sum(each.get("by") == event.sender for each in every)
    if len(hooks) >= PER_ROOM_MAX or own >= PER_OWNER_MAX or len(every) >= ALL_MAX:
        raise Sorry(f"A room has at most {PER_ROOM_MAX} hooks, and you {PER_OWNER_MAX} in all: remove one first")
    shared.setdefault(event.place, hooks)[kind + name] = {**row, "by": event.sender}
    return name


def _checked(url: str, *, is_open: bool) -> str:
    """The host of an address, which is to be one of HTTP, and unless `is_open` none of a private network."""
    from bots.kit.addresses import ClosedAddress, is_closed  # HTTP costs 40 ms of a start, and few servers have hooks

    try:
        host = _host(url) if url.startswith(("http://", "https://")) and url.isascii() and " " not in url else ""
    except ValueError:
        host = ""
    if not host or len(url) > URL_CHARS_MAX or "@" in urlsplit(url).netloc:
        raise Sorry(f"An address begins with http:// or https://, without blanks, of up to {URL_CHARS_MAX} characters")
    if not is_open and is_closed(urlsplit(url).hostname or ""):
        raise Sorry(f"I do not post to {host}: {ClosedAddress()}")
    return host


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.hostname and parts.port else parts.hostname or ""
