"""The table of verbs: their fields, their usage and their help. HELP, the parser and the tests read it.

A new verb is a row here, a row in the session's table, and a function in the core.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

PING_CHARS_MAX = 1000
TAG = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_ECHOED = re.compile(r"[A-Za-z]{1,32}")


@dataclass(frozen=True, slots=True)
class Verb:
    """One row: what a client may send. `fields` are those after the verb; the last ones may be left out."""

    name: str
    help: str
    fields: tuple[str, ...] = ()
    required: int = 0
    free_text: bool = False  # the last field is the rest of the line, `|` included
    before_login: bool = False
    ignores_fields: bool = False

    @property
    def usage(self) -> str:
        """How to type it; what may be left out stands in brackets."""
        shown = [field if at < self.required else f"[{field}]" for at, field in enumerate(self.fields)]
        return "|".join((self.name, *shown))


# fmt: off: a table reads best with one row a line
_ROWS = (
    Verb("SIGNUP", "make an account; it does not log in", ("username", "password"), 2, before_login=True),
    Verb("REDEEM", "make an account with an invitation code", ("username", "password", "code"), 3, before_login=True),
    Verb(
        "LOGIN",
        "log in with your password; the answer holds a token for RESUME",
        ("username", "password"),
        2,
        before_login=True,
    ),
    Verb("RESUME", "log in with the token of an earlier LOGIN", ("username", "token"), 2, before_login=True),
    Verb("LOGOUT", "log out, and make this login's token worthless", ("username",)),
    Verb(
        "SETPASSWORD",
        "change your password; your other sessions end",
        ("username", "old password", "new password"),
        3,
        before_login=True,
    ),
    Verb("DELETEACCOUNT", "remove your account and all you wrote, for good", ("username", "password"), 2),
    Verb(
        "SETSTATUS",
        "say how you are; a text of up to 140 characters may follow. Without either it tells how you are",
        ("username", "online, away, busy or invisible", "text"),
        1,
        free_text=True,
    ),
    Verb(
        "PING",
        "see whether the server answers",
        (f"text of up to {PING_CHARS_MAX} characters",),
        free_text=True,
        before_login=True,
    ),
    Verb("HELP", "list the commands, or explain one", ("verb",), before_login=True),
    Verb("QUIT", "say good-bye and close the connection", before_login=True, ignores_fields=True),
    Verb("ADDFRIEND", "ask somebody to be your friend", ("username", "friendname"), 2),
    Verb("ACCEPTFRIEND", "say yes to a friend request", ("username", "friendname"), 2),
    Verb("REJECTFRIEND", "say no to a friend request; the asker is not told", ("username", "friendname"), 2),
    Verb("DELETEFRIEND", "end a friendship, or take back your request", ("username", "friendname"), 2),
    Verb("SHOWFRIENDS", "list your friends and how they are", ("username",), 1),
    Verb("SHOWREQUESTS", "list the friend requests to you (in) and from you (out)", ("username",), 1),
    Verb("SHOWBOTS", "list the bots, which answer without being friends", ("username",), 1),
    Verb("BLOCK", "keep somebody's requests, messages and status away", ("username", "name"), 2),
    Verb("UNBLOCK", "end a block", ("username", "name"), 2),
    Verb("SHOWBLOCKS", "list whom you block", ("username",), 1),
    Verb("SENDMESSAGE", "write to a friend, a bot or a room you are in", ("username", "to", "text"), 3, free_text=True),
    Verb(
        "HISTORY",
        "read the last messages with somebody, those before an id, or the first after one",
        ("username", "with", "limit 1-500", "before id", "after id"),
        2,
    ),
    Verb(
        "EDITMESSAGE", "give your message of the last day another text", ("username", "id", "text"), 3, free_text=True
    ),
    Verb("DELETEMESSAGE", "take back your message of the last day", ("username", "id"), 2),
    Verb("REACT", "put an emoji to a message; once more to take it away", ("username", "id", "emoji"), 3),
    Verb("SYNC", "read what you sent and received after an id", ("username", "after id", "limit 1-500"), 2),
    Verb("MARKREAD", "say how far you have read with somebody or in a room", ("username", "with", "id"), 3),
    Verb("SHOWUNREAD", "list where you have unread messages, and how many", ("username",), 1),
    Verb("SHOWCONVERSATIONS", "list your conversations, the newest first", ("username",), 1),
    Verb("TYPING", "tell somebody, or a room, that you are writing", ("username", "to"), 2),
    Verb("SEARCH", "find the newest messages that hold every word", ("username", "words"), 2, free_text=True),
    Verb("EXPLAIN", "tell what became of one message: stored, delivered, read", ("username", "id"), 2),
    Verb("EXPORT", "give all that is stored about you, in pages by message id", ("username", "after id"), 1),
    Verb(
        "CREATEROOM", "make a room, public or private, and be its owner", ("username", "#room", "public or private"), 2
    ),
    Verb("JOIN", "become a member of a room", ("username", "#room"), 2),
    Verb("LEAVE", "be a member of a room no more", ("username", "#room"), 2),
    Verb("INVITE", "ask somebody into a room you are in", ("username", "#room", "name"), 3),
    Verb("KICK", "take somebody out of a room that you own or moderate", ("username", "#room", "name"), 3),
    Verb("HANDOVER", "make another member the owner of your room", ("username", "#room", "name"), 3),
    Verb("MODERATOR", "let a member help you in your room, or no more", ("username", "#room", "name", "on or off"), 4),
    Verb(
        "SETTOPIC",
        "say what a room is about, in up to 280 characters",
        ("username", "#room", "text"),
        3,
        free_text=True,
    ),
    Verb("SHOWROOMS", "list the public rooms and your own", ("username",), 1),
    Verb("SHOWMEMBERS", "list who is in a room", ("username", "#room"), 2),
    Verb("REPORT", "tell the administrators of a message", ("username", "id", "why"), 3, free_text=True),
    Verb(
        "ADMIN",
        "administer the server, if you may; the command help says how",
        ("username", "command"),
        2,
        free_text=True,
    ),
)
# fmt: on

VERBS: dict[str, Verb] = {row.name: row for row in _ROWS}
"""Every verb by its name in upper case, in the order that HELP lists them."""


class Head(NamedTuple):
    """The first field of a line, understood. `verb` is None if there is no such command, or the tag is none."""

    verb: Verb | None
    echo: str  # what stands in every answer to it
    tag: str
    bad_tag: bool = False


def parse_head(text: str) -> Head:
    """Read `VERB` or `VERB#tag`, in any letter case."""
    name, mark, tag = text.partition("#")
    if mark and not TAG.fullmatch(tag):
        return Head(None, "?", "", bad_tag=True)
    verb = VERBS.get(name) or (VERBS.get(name.upper()) if name.isascii() else None)
    if verb is not None:
        return Head(verb, verb.name + mark + tag, tag)
    shown = name.upper() if _ECHOED.fullmatch(name) else "?"
    return Head(None, shown + mark + tag, tag)


def split_arguments(verb: Verb, rest: str | None) -> list[str] | None:
    """Cut what follows the verb (None where nothing does) into its fields; None if their number is wrong.

    Optional fields that were left out come back empty.
    """
    if verb.ignores_fields:
        return []
    most = len(verb.fields)
    fields = [] if rest is None else rest.split("|", most - 1 if verb.free_text else most)
    if not verb.required <= len(fields) <= most:
        return None
    return fields + [""] * (most - len(fields))


def nearest_verb(word: str) -> str:
    """The verb most like a word that is none.

    It counts the pairs of letters in common. difflib does better, but takes 0.4 ms, which anybody could ask for
    thousands of times a second; this takes 20 µs.
    """
    word = in_our_words(word[:64].upper())
    pairs, letters = _pairs(word), set(word)
    return max(
        _PAIRS, key=lambda name: (2 * len(pairs & _PAIRS[name]) / (len(pairs) + len(name)), len(letters & set(name)))
    )


def in_our_words(word: str) -> str:
    """A word that other systems have for it: what it begins with is put into the words of this one."""
    theirs = next((each for each in _OUR_WORDS if word.startswith(each)), "")
    return _OUR_WORDS[theirs] + word[len(theirs) :] if theirs else word


_OUR_WORDS = {
    "REMOVE": "DELETE",
    "UNFRIEND": "DELETEFRIEND",
    "REGISTER": "SIGNUP",
    "SIGNIN": "LOGIN",
    "SIGNOUT": "LOGOUT",
    "EXIT": "QUIT",
    "LIST": "SHOW",
    "PART": "LEAVE",
    "MSG": "SENDMESSAGE",
    "SAY": "SENDMESSAGE",
    "TELL": "SENDMESSAGE",
    "FIND": "SEARCH",
    "WHO": "SHOWFRIENDS",
}


def _pairs(word: str) -> set[str]:
    """In either order: two letters that were swapped are a common slip."""
    return {min(pair, pair[::-1]) for pair in (word[at : at + 2] for at in range(len(word) - 1))}


_PAIRS = {name: _pairs(name) for name in VERBS}


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word most like this one, for a sentence that helps; None if none is alike."""
    found = get_close_matches(word[:64], known, n=1, cutoff=0.5)
    return found[0] if found else None


def parse_number(text: str, least: int, most: int) -> int | None:
    """Read a number of the wire: ASCII digits, 18 at most; None if it is none or out of range."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        return None
    number = int(text)
    return number if least <= number <= most else None
