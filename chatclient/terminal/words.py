"""The server's sentences in the words of this client: it names verbs, a person types commands."""

import re

from chatclient.core import events as ev
from chatclient.core import outcomes
from chatclient.terminal.lines import Line, line

_COMMANDS = {
    "SIGNUP": "/signup NAME",
    "LOGIN": "/login NAME",
    "LOGOUT": "/logout",
    "ADDFRIEND": "/add {}",
    "ACCEPTFRIEND": "/accept {}",
    "UNBLOCK": "/unblock {}",
    "JOIN": "/join {}",
    "LEAVE": "/leave",
    "INVITE": "/invite",
    "SHOWMEMBERS": "/members",
    "SHOWREQUESTS": "/requests",
    "SHOWFRIENDS": "/friends",
    "SHOWROOMS": "/rooms",
    "SHOWBOTS": "/bots",
    "HISTORY": "/history",
    "SEARCH": "/search",
    "DELETEMESSAGE": "/delete",
    "EDITMESSAGE": "/edit",
    "HELP": "/help",
}
_VERB = re.compile(r"\b(" + "|".join(_COMMANDS) + r")\b( it\b)?")
_FRAME = re.compile(r": [A-Z]+\|.*")
"""How to type it in the protocol, at the end of a sentence."""
_INSTEAD = {
    "NO_SUCH_MESSAGE": "There is no such message here: /numbers shows their numbers",
    "SELF": "That is you: name somebody else",
    "BAD_LOGIN": "The name and the password do not fit",
    "NOT_LOGGED_IN": "Log in first: /login NAME, or /signup NAME for a new account",
}
"""Sentences in place of the server's, by code."""


def in_commands(text: str, name: str = "") -> str:
    """A sentence of the server with commands for verbs; `name` is whom or what it was about."""

    def command(found: re.Match[str]) -> str:
        wanted = _COMMANDS[found[1]].replace("{}", "" if found[2] else name)
        return wanted.rstrip() + (found[2] or "")

    return _VERB.sub(command, _FRAME.sub("", text)).replace("send /", "type /")


def refusal(answer: ev.Refused | outcomes.Unanswered, name: str = "", usage: str = "", preface: str = "") -> Line:
    """Why a command was not obeyed, and what to do; `usage` is that of the command typed."""
    if isinstance(answer, outcomes.Unanswered):
        return line(f"{answer.verb}: the connection was lost before the answer came. Look, and ask again", "warn")
    if answer.code == "BAD_ARGUMENTS" and usage:
        return line(preface + usage, "warn")  # the server's is the frame's, which the user has not typed
    if answer.code == "UNKNOWN_COMMAND":
        return line(f"This server has no {answer.verb}: it is an older one", "warn")
    return line(preface + (_INSTEAD.get(answer.code) or in_commands(answer.text, name)), "warn")
