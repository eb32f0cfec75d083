"""The numbers in the documents are those of the code.

Each row is a sentence of a document with `{}` where a number stands, and what the code has for it. In the documents
that are read for their limits no number may stand outside of a row: a new one gets a row, or is named as no limit.
"""

import re
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

import pytest

from bots import hook_bot
from bots.kit import diary, outside, running
from bots.kit.conversation import NOON_MS
from bots.kit.effects import Fetch
from chatclient import exits
from chatserver.bothost import faults, hooks, host
from chatserver.core.changes import CHANGEABLE_MS
from chatserver.core.moderation import REPORTS_PER_HOUR, WHY_CHARS_MAX
from chatserver.core.rooms import TOPIC_CHARS_MAX
from chatserver.core.state import TAG_LIFE_MS, TYPING_TOLD_MS, Limits
from chatserver.fronts.pipe import builders
from chatserver.fronts.web import hooks as web_hooks
from chatserver.fronts.web import link, site, websocket
from chatserver.launch import options
from chatserver.protocol import names, render, verbs
from chatserver.protocol.frames import FRAME_BYTES_MAX
from chatserver.queries import long_answers
from chatserver.queries.messages import BACKLOG_MAX
from chatserver.server import TICK_S
from chatserver.sessions.client import BYTES_PER_COMMAND
from chatserver.sessions.throttle import ADDRESS_FACTOR, WINDOW_S
from chatserver.settings import Settings
from chatserver.store.about import REPORTS_MAX
from chatserver.store.changes import MARKS_MAX
from chatserver.store.schema import VERSION
from tests.harness import ROOT

SETTING = Settings()
LIMIT = SETTING.limits()
FETCH = Fetch("http://numbers.example")
SECOND_MS, HOUR_MS, DAY_MS = 1000, 3_600_000, 86_400_000


def in_words(number: float) -> str:
    """A number as a sentence says it; one that has no word here stands for itself, and is found nowhere."""
    words = {1: "one", 2: "two", 3: "three", 5: "five", 10: "ten", 100: "hundred", 1000: "thousand"}
    return words.get(int(number), str(number))


def one(number: float, unit: str) -> str:
    """A period that a sentence calls `a second` or `a day`, where it is one."""
    return f"a {unit}" if number == 1 else f"{number:g} {unit}s"


def longest(pattern: re.Pattern[str]) -> int:
    """How many letters a pattern takes."""
    return max(length for length in range(1, 100) if pattern.fullmatch("a" * length))


class Row(NamedTuple):
    document: str
    sentence: str
    values: tuple[int | float | str, ...]

    @property
    def said(self) -> str:
        """The sentence with the code's numbers, thousands parted as documents part them."""
        return self.sentence.format(*(value if isinstance(value, str) else f"{value:,}" for value in self.values))


def row(document: str, sentence: str, *values: int | float | str) -> Row:
    return Row(document, sentence, values)


PROTOCOL = [
    row("PROTOCOL.md", "# The protocol, version {}", render.PROTOCOL_VERSION),
    row("PROTOCOL.md", "It has at most {} bytes, line end included", FRAME_BYTES_MAX),
    row("PROTOCOL.md", "A number has {} to {} ASCII digits", 1, len(str(builders.ID_MAX))),
    row("PROTOCOL.md", "A **tag** is {} to {} characters", 1, longest(verbs.TAG)),
    row("PROTOCOL.md", "within {} hours of a send that succeeded", TAG_LIFE_MS // HOUR_MS),
    row("PROTOCOL.md", "holds for the user's last {} tagged messages", SETTING.tags_per_user_max),
    row("PROTOCOL.md", "given back where it is {} to {} ASCII letters", 1, longest(verbs._ECHOED)),
    row("PROTOCOL.md", "brought to Unicode form NFC, has {} to {} characters", 1, names.NAME_CHARS_MAX),
    row(
        "PROTOCOL.md",
        "A password has {} to {} characters",
        SETTING.password_chars_min,
        LIMIT.password_chars_max,
    ),
    row("PROTOCOL.md", "and it has {} seconds for that", SETTING.login_timeout_s),
    row("PROTOCOL.md", "At most {} in an hour; `why` has at most {} characters", REPORTS_PER_HOUR, WHY_CHARS_MAX),
    row("PROTOCOL.md", "each report of a message that the user has made; the last {}", REPORTS_MAX),
    row("PROTOCOL.md", "no login within {} seconds", SETTING.login_timeout_s),
    row("PROTOCOL.md", "the text has at most {} characters, and is cleared", builders.STATUS_CHARS_MAX),
    row("PROTOCOL.md", "`OK\\|PING\\|text`; at most {} characters", verbs.PING_CHARS_MAX),
    row("PROTOCOL.md", "It is good for {} days from its last use", SETTING.token_life_days),
    row("PROTOCOL.md", "and a user has {} of them at most", SETTING.tokens_per_user_max),
    row(
        "PROTOCOL.md",
        "{} failures {} for one name from one address, or a {} from one address",
        in_words(SETTING.logins_per_minute).capitalize(),
        one(WINDOW_S / 60, "minute"),
        in_words(SETTING.logins_per_minute * ADDRESS_FACTOR),
    ),
    row(
        "PROTOCOL.md",
        "the seconds to wait: {} from the first of them, then two, four and so on, {} at most",
        *(one(WINDOW_S / 60, "minute"), SETTING.throttle_s_max // 60),
    ),
    row("PROTOCOL.md", "A {} accounts {} made from one address", in_words(SETTING.sign_ups_per_minute), "a minute"),
    row("PROTOCOL.md", "as many friends and requests as there may be ({})", SETTING.friends_max),
    row("PROTOCOL.md", "the other one has been asked by as many ({})", SETTING.friends_max),
    row("PROTOCOL.md", "that the user blocks as many ({})", SETTING.blocks_max),
    row("PROTOCOL.md", "who is invited has as many invitations ({})", SETTING.invitations_max),
    row("PROTOCOL.md", "that there are as many rooms in all ({})", SETTING.rooms_max),
    row("PROTOCOL.md", "in the last {} stays in rooms that the user has left", SETTING.stays_per_user_max),
    row("PROTOCOL.md", "the last {} keep their names", SETTING.ended_rooms_max),
    row(
        "PROTOCOL.md",
        "A text has at most {} characters and {} bytes",
        *(SETTING.message_chars_max, LIMIT.message_bytes_max),
    ),
    row(
        "PROTOCOL.md",
        "the last `limit` messages ({} to {}, else {})",
        *(1, builders.ROWS_MAX, builders.ROWS_UNLESS_ASKED),
    ),
    row("PROTOCOL.md", "those with an id above it ({}: from the first message on)", 0),
    row("PROTOCOL.md", "an id is {} where there is none, and the last one {} for a room", 0, 0),
    row("PROTOCOL.md", "the first `limit` messages ({} to {}, else {})", 1, builders.ROWS_MAX, builders.ROWS_MAX),
    row(
        "PROTOCOL.md",
        "with the time of the edit. Within {} of the message",
        one(CHANGEABLE_MS / DAY_MS, "day"),
    ),
    row("PROTOCOL.md", "`OK\\|DELETEMESSAGE\\|id`. Within {} of the message", one(CHANGEABLE_MS / DAY_MS, "day")),
    row("PROTOCOL.md", "somebody else's, is older than {}", one(CHANGEABLE_MS / DAY_MS, "day")),
    row("PROTOCOL.md", "who wrote the message, within {};", one(CHANGEABLE_MS / DAY_MS, "day")),
    row("PROTOCOL.md", "An emoji is {} to {} characters", 1, builders.EMOJI_CHARS_MAX),
    row("PROTOCOL.md", "These are the newest {} messages", long_answers.FOUND_MAX),
    row("PROTOCOL.md", "BAD_TEXT (no word, or more than {} characters)", long_answers.SEARCH_CHARS_MAX),
    row("PROTOCOL.md", "passed on once in {} seconds", in_words(TYPING_TOLD_MS / SECOND_MS)),
    row(
        "PROTOCOL.md",
        "{} different ones of one user, those taken back included, and {} of all",
        *(SETTING.reactions_per_message_max, SETTING.reactions_of_all_max),
    ),
    row("PROTOCOL.md", "Of more than some {} marks", MARKS_MAX),
    row("PROTOCOL.md", "in as many rooms as there may be ({})", SETTING.rooms_per_user_max),
    row("PROTOCOL.md", "the room has as many members ({})", SETTING.members_per_room_max),
    row("PROTOCOL.md", "`OK\\|SETTOPIC\\|#room\\|text`; at most {} characters", TOPIC_CHARS_MAX),
    row("PROTOCOL.md", "no more than once {} of each friend", one(SETTING.presence_ms / SECOND_MS, "second")),
    row(
        "PROTOCOL.md",
        "what is true when {} is over",
        one(SETTING.presence_ms / SECOND_MS, "second").replace("a", "the", 1),
    ),
    row("PROTOCOL.md", "One answer has some {} MB at most", long_answers.EXPORT_BYTES_MAX >> 20),
    row("PROTOCOL.md", "as `EVENT|MISSED`: {} of them at most", BACKLOG_MAX),
    row("PROTOCOL.md", "Messages beyond the {} go on waiting", in_words(BACKLOG_MAX)),
    row("PROTOCOL.md", "more than {} commands a second is read more slowly", SETTING.commands_per_s),
    row("PROTOCOL.md", "{} MiB of unread events do", SETTING.send_bytes_max >> 20),
    row("PROTOCOL.md", "long or say nothing, {} bytes count as a command", BYTES_PER_COMMAND),
    row("PROTOCOL.md", "where {} MiB wait for all clients together", SETTING.send_bytes_total_max >> 20),
    row("PROTOCOL.md", "whose machine does not answer for {} seconds", SETTING.vanished_s),
    row("PROTOCOL.md", "that has read nothing of what waits for {} seconds", SETTING.unread_s),
]
WEB = [
    row("PROTOCOL.md", "the subprotocol `{}`", site.SUBPROTOCOL),
    row("PROTOCOL.md", "each with its LF, and has at most {} bytes", link.PIECE_BYTES),
    row("PROTOCOL.md", "A message of the client has at most {} bytes", websocket.MESSAGE_BYTES_MAX),
    row("PROTOCOL.md", "a longer one closes the connection with code {}", str(websocket.Code.TOO_LONG.value)),
    row("PROTOCOL.md", "a binary one with {}", str(websocket.Code.TEXT_ALONE.value)),
    row("PROTOCOL.md", "one that cannot be decoded with {}", str(websocket.Code.NOT_UTF8.value)),
    row("PROTOCOL.md", "any other violation with {}", str(websocket.Code.PROTOCOL_ERROR.value)),
    row("PROTOCOL.md", "Behind a `BYE` the server closes with code {}", str(websocket.Code.NORMAL.value)),
    row("PROTOCOL.md", "and with {} where it goes down", str(websocket.Code.GOING_AWAY.value)),
    row("PROTOCOL.md", "Whoever is silent for {} seconds is pinged", SETTING.web_silence_s),
    row("README.md", "may take {} s to ask (`web_head_s`)", SETTING.web_head_s),
    row("README.md", "and wait {} s for the next question (`web_idle_s`)", SETTING.web_idle_s),
]
BOTS = [
    row("BOTS.md", "and None, at most {} characters of it", running.STATE_CHARS_MAX),
    row("BOTS.md", "for all users of the bot (at most {} characters)", running.SHARED_CHARS_MAX),
    row(
        "BOTS.md",
        "`timeout_s` ({} unless you say), `bytes_max` ({}) and `keep_s` ({})",
        *(f"{FETCH.timeout_s:g}", FETCH.bytes_max, f"{FETCH.keep_s:g}"),
    ),
    row("BOTS.md", "It begins at noon on {}, UTC", f"{datetime.fromtimestamp(NOON_MS / 1000, UTC):%-d %B %Y}"),
    row("BOTS.md", "After {} faults in a row with one user", in_words(faults.USER_FAULTS_MAX)),
    row("BOTS.md", "passes this user over for {} minutes", in_words(round(faults.PAUSE_S / 60))),
    row("BOTS.md", "faults with {} users", in_words(faults.USERS_MAX)),
    row("BOTS.md", "once it has failed with {} users", in_words(outside.USERS_MAX)),
    row("BOTS.md", "is set aside for {} hours", diary.BEGUN_MS_MAX // 3_600_000),
    row("BOTS.md", "A step that runs over {} seconds", round(outside.STEP_S_MAX)),
    row(
        "BOTS.md",
        "The answer is {} once the message is on the disk. {}: there is no such hook (any more); "
        "{}: HookBot has left the room; {}: too long; {}: more than {} at once",
        *(web_hooks.OK.status.value, *(web_hooks.STATUSES[code].value for code in ("NO_SUCH_HOOK", "NOT_MEMBER"))),
        *(*(web_hooks.STATUSES[code].value for code in ("TOO_LONG", "TOO_FAST")), hooks.BURST),
    ),
    row("BOTS.md", "or then one a second; {}: try again later", web_hooks.STATUSES["UNAVAILABLE"].value),
    row("BOTS.md", "Any other answer of {} has", web_hooks.STATUSES["BAD_TEXT"].value),
    row("BOTS.md", "and is tried {} where it does not answer", in_words(len(hook_bot.TRIES_AFTER_S)) + " times"),
    row("BOTS.md", "It has {} seconds", f"{hook_bot.ANSWER_S:g}"),
    row("BOTS.md", "A step that takes over {} ms is logged", round(host.SLOW_STEP_S * 1000)),
    row("BOTS.md", "One step says at most {} things", running.EFFECTS_MAX),
    row("BOTS.md", "and fetches at most {} pages", running.FETCHES_MAX),
]
README = [
    row("README.md", "That is a server on port {} of this machine", str(SETTING.port)),
    row(
        "README.md",
        "Exit status: {} success, {} refused, {} wrong usage, {} no connection",
        *(exits.EXIT_OK, exits.EXIT_REFUSED, exits.EXIT_USAGE, exits.EXIT_CONNECTION),
    ),
    row("README.md", "sent for at most {} s (`shutdown_s`)", SETTING.shutdown_s),
    row("README.md", "the server tries again {} and says", "each second" if TICK_S == 1 else TICK_S),
    row("README.md", "all is stored; exit status {} |", 0),
    row("README.md", "| {} | stopped by a signal |", 0),
    row("README.md", "| {} | could not start", options.FAILED),
    row("README.md", "the server ends with status {}", options.FAILED),
    row("README.md", "| {} | a word of the command line", options.USAGE),
]
OTHERS = [
    row("CHANGELOG.md", "safe to repeat for {} hours", TAG_LIFE_MS // HOUR_MS),
    row("CHANGELOG.md", "your own messages for {}", one(CHANGEABLE_MS / DAY_MS, "day")),
    row("CHANGELOG.md", "at most once {} (`presence_ms`)", one(SETTING.presence_ms / SECOND_MS, "second")),
    row("CHANGELOG.md", "within {} seconds is closed (`login_timeout_s`)", SETTING.login_timeout_s),
    row("CHANGELOG.md", "offline {} later (`vanished_s`)", one(SETTING.vanished_s / 60, "minute")),
    row("CHANGELOG.md", "The file's format is version {}", VERSION),
    row("chatserver/protocol/verbs.py", "a text of up to {} characters may follow", builders.STATUS_CHARS_MAX),
    row("chatserver/protocol/verbs.py", '"with", "limit {}-{}"', 1, builders.ROWS_MAX),
    row("chatserver/protocol/verbs.py", '"after id", "limit {}-{}"', 1, builders.ROWS_MAX),
    row("chatserver/protocol/verbs.py", "what a room is about, in up to {} characters", TOPIC_CHARS_MAX),
]
ROWS = [*PROTOCOL, *WEB, *BOTS, *README, *OTHERS]

NO_LIMITS = {
    "PROTOCOL.md": ["of two messages the one with the higher id", "WebSocket (RFC 6455)", "is refused with 403"],
    "BOTS.md": ["`wait> 60` lets a minute pass", "5xx, 408 or 429", "HMAC-SHA256"],
    "README.md": [
        "Python 3.11 or newer",
        "one file of some 500 KB",
        "(mode 0600;",
        "TLS, 1.2 or later",
        "about 0.2 s of one core",
    ],
}
"""What else has a number in it in these documents: what was measured, other programs' versions, ways of speaking."""

UNITS = "characters|bytes|seconds|minutes|hours|days|times|failures|faults|messages|marks|rooms|members|pages|commands"
NUMBER = re.compile(
    r"(?<![\w+-])\d+(?:[.,]\d+)*(?!\w)"
    rf"|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|fifty) (?:{UNITS})\b"
    r"|\b(?:hundred|thousand|million)s?\b"
    r"|\b(?:a|each) (?:minute|hour|day|week|month|year)\b"
    r"|\b(?:(?:once|\w+s) a|each) second\b",
    re.IGNORECASE,
)


@cache
def prose(document: str) -> str:
    """A document in one line, without its blocks of code (other tests play them) and the numbers of its lists."""
    text = (ROOT / document).read_text()
    if document.endswith(".md"):
        text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
        text = re.sub(r"^ {4}.*$|^ *\d+\. ", "", text, flags=re.MULTILINE)
    return " ".join(text.split())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.document}: {row.sentence}"[:70])
def test_a_document_says_what_the_code_does(row: Row) -> None:
    assert not re.search(r"\d", row.sentence), "a number of the row itself is compared with nothing"
    assert prose(row.document).count(row.said) == 1, f"{row.document} should say once: {row.said}"


@pytest.mark.parametrize("document", NO_LIMITS)
def test_no_number_of_a_document_is_without_a_row(document: str) -> None:
    text = re.sub("## What a message costs .*? ## ", "", prose(document))  # what was measured is no limit
    for sentence in [row.said for row in ROWS if row.document == document] + NO_LIMITS[document]:
        assert sentence in text, f"{document} does not say any more: {sentence}"
        text = text.replace(sentence, "~" * len(sentence))
    text = re.sub("`[^`]*`", lambda code: "~" * len(code[0]), text)
    unclaimed = [text[max(0, found.start() - 40) : found.end() + 20] for found in NUMBER.finditer(text)]
    assert not unclaimed, f"{document} has numbers that no row of this test compares with the code"


def test_the_core_and_the_table_of_settings_have_the_same_defaults() -> None:
    assert Limits() == LIMIT
