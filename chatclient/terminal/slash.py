"""The commands a person types: a table of names, usages and helps; what they do is in `actions`."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from chatclient.terminal import account, actions, rooms
from chatclient.terminal.hands import Hands, UsageError
from chatclient.terminal.lines import Line, Piece, line
from chatserver.protocol.verbs import VERBS, nearest

_NEEDS_MORE = re.compile(r"/\S+ [^\[]")
_UNBROKEN_BLANKS = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f", " "))


@dataclass(frozen=True, slots=True)
class Slash:
    """One row: what it is about, what is typed, what it is for, and what it does with the rest of the line."""

    topic: str
    usage: str
    help: str
    run: Callable[[Hands, str], None]

    @property
    def name(self) -> str:
        """The command without its slash."""
        return self.usage.split()[0][1:]

    def line(self) -> Line:
        """How it stands in a list."""
        return line(self.help, "plain", (Piece(f"  {self.usage:<30} ", "bold"),))


def run_line(hands: Hands, typed: str) -> None:
    """Do what a line says: a command, or a text for the open conversation. `//` begins a text with a slash."""
    if not typed.startswith("/") or typed.startswith("//"):
        actions.say_here(hands, typed.removeprefix("/") if typed.startswith("//") else typed)
        return
    word, rest = split(typed)
    command = SLASHES.get(word)
    if command is None:
        near = ELSEWHERE.get(word) or nearest(word, tuple(SLASHES))
        hint = f"did you mean /{near}? " if near else ""
        hands.say(line(f"There is no /{word}: {hint}/help lists all; a text that begins with / is typed //", "warn"))
        return
    try:
        if not rest and _NEEDS_MORE.match(command.usage):
            raise UsageError
        command.run(hands, rest)
    except UsageError as error:
        hands.say(line(str(error) or usage(typed), "warn"))


def split(typed: str) -> tuple[str, str]:
    """A command and the rest of its line. Blanks that do not break count as blanks in what is not a text."""
    word, *rest = typed[1:].split(None, 1) or [""]
    if rest and SLASHES.get(word.lower(), _QUIT).topic != "talk":
        rest = [rest[0].translate(_UNBROKEN_BLANKS)]
    return word.lower(), rest[0].strip() if rest else ""


def is_about_account(typed: str) -> bool:
    """Whether a line is a command like /login, which holds nobody's words."""
    command = SLASHES.get(split(typed)[0]) if typed.startswith("/") else None
    return command is not None and command.topic == "account"


def usage(typed: str) -> str:
    """How the command that a line begins with is used; empty if it begins with none."""
    command = SLASHES.get(split(typed)[0]) if typed.startswith("/") else None
    return f"Usage: {command.usage} ({command.help})" if command else ""


def _help(hands: Hands, rest: str) -> None:
    wanted = rest.lower().removeprefix("/")
    rows = [row for row in _ROWS if wanted in ("all", row.topic, row.name)]
    if rows:
        hands.say(*(row.line() for row in rows))
    elif wanted == "keys":
        hands.say(*(line(does, "plain", (Piece(f"  {key:<30} ", "bold"),)) for key, does in _KEYS))
    elif wanted:
        verb = wanted.upper() if wanted.upper() in VERBS else ""
        near = nearest(wanted, [*SLASHES, *_TOPICS])
        hint = f"{verb} is a word of the wire, for /raw" if verb else f"did you mean /help {near}?" if near else ""
        hands.say(line(f"There is no command and no topic {rest}: {hint or '/help lists both'}", "warn"))
    else:
        hands.say(*_overview())


def _overview() -> list[Line]:
    shown = [line("Type to talk, /COMMAND to do something else. More: /help TOPIC, /help COMMAND, /help all")]
    for topic in _TOPICS:
        names = " ".join(f"/{row.name}" for row in _ROWS if row.topic == topic) or "Alt-1…9, Alt-A, PageUp, Ctrl-R, …"
        shown.append(line(names, "plain", (Piece(f"  {topic:<9} ", "bold"),)))
    return shown


_QUIT = Slash("settings", "/quit", "leave; Ctrl-D does it too", lambda hands, _: hands.leave())
# fmt: off: a table reads best with one row a line
_ROWS = (
    Slash("talk", "/to [NAME or #ROOM]", "open a conversation; without a name, the next unread", actions.open_place),
    Slash("talk", "/msg NAME TEXT", "write to somebody without opening the conversation", actions.message),
    Slash("talk", "/me TEXT", "say what you do, as in: * ana waves", actions.me),
    Slash("windows", "/win [NUMBER or NAME]", "open a window; without one, list them", actions.open_window),
    Slash("windows", "/next", "open the next unread window, mentions first; Alt-A does it too", actions.next_unread),
    Slash("windows", "/close", "take this window away until something is said there", actions.close),
    Slash("windows", "/older", "show what was said before; PageUp does it too", lambda hands, _: hands.older()),
    Slash("windows", "/mute [NAME]", "hear nothing of a conversation unless you look", actions.mute(True)),
    Slash("windows", "/unmute [NAME]", "hear of it again", actions.mute(False)),
    Slash("windows", "/clear", "empty the screen", lambda hands, _: hands.redraw(forget=True)),
    Slash("messages", "/history [NAME] [NUMBER] [before NUMBER]", "list messages, with their numbers", actions.history),
    Slash("messages", "/search WORDS", "find messages that hold all the words", actions.search),
    Slash("messages", "/unread", "list what is unread", actions.plain("SHOWUNREAD")),
    Slash("messages", "/read [NAME]", "mark a conversation as read", actions.mark_read),
    Slash("messages", "/edit [(NUMBER)] [TEXT]", "correct your last message, or that one", actions.edit),
    Slash("messages", "/delete [(NUMBER)]", "take back your last message, or that one", actions.delete),
    Slash("messages", "/react EMOJI [(NUMBER)]", "put an emoji to the last message, or take it away", actions.react),
    Slash("messages", "/report NUMBER WHY", "tell the administrators of a message", actions.report),
    Slash("messages", "/explain [(NUMBER)]", "tell what became of a message", actions.explain),
    Slash("messages", "/numbers [on or off]", "show the numbers of messages", actions.switch("numbers")),
    Slash("messages", "/mention [WORD or -WORD]", "which words count as a mention of you", actions.mention),
    Slash("people", "/friends", "list your friends and how they are", actions.plain("SHOWFRIENDS")),
    Slash("people", "/requests", "list the friend requests", actions.plain("SHOWREQUESTS")),
    Slash("people", "/add NAME", "ask somebody to be your friend", actions.named("ADDFRIEND")),
    Slash("people", "/accept NAME", "say yes to a friend request", actions.named("ACCEPTFRIEND")),
    Slash("people", "/reject NAME", "say no to a friend request", actions.named("REJECTFRIEND")),
    Slash("people", "/remove NAME", "end a friendship, or take back a request", actions.named("DELETEFRIEND")),
    Slash("people", "/block NAME", "hear nothing more of somebody", actions.named("BLOCK")),
    Slash("people", "/unblock NAME", "end a block", actions.named("UNBLOCK")),
    Slash("people", "/blocks", "list whom you block", actions.plain("SHOWBLOCKS")),
    Slash("people", "/status [STATUS [TEXT]]", "be online, away, busy or invisible", actions.status),
    Slash("people", "/bots", "list the bots", actions.plain("SHOWBOTS")),
    Slash("rooms", "/rooms", "list the rooms", actions.plain("SHOWROOMS")),
    Slash("rooms", "/create #ROOM [private]", "make a room", rooms.create_room),
    Slash("rooms", "/join #ROOM", "go into a room", rooms.join),
    Slash("rooms", "/leave [#ROOM]", "leave a room", rooms.leave_room),
    Slash("rooms", "/members [#ROOM] [all]", "list who is in a room", rooms.members),
    Slash("rooms", "/invite [#ROOM] NAME", "ask somebody into a room", rooms.in_room("INVITE", more=True)),
    Slash("rooms", "/kick [#ROOM] NAME", "put somebody out of your room", rooms.in_room("KICK", more=True)),
    Slash("rooms", "/handover [#ROOM] NAME", "make somebody owner of your room", rooms.in_room("HANDOVER", more=True)),
    Slash("rooms", "/moderator [#ROOM] NAME on|off", "let a member help you in your room", rooms.moderator),
    Slash("rooms", "/topic [#ROOM] [TEXT or -]", "tell or say what a room is about; - clears it", rooms.topic),
    Slash("account", "/signup NAME", "make an account and log in", account.sign_up),
    Slash("account", "/login NAME", "log in; the next start then needs no password", account.log_in),
    Slash("account", "/logout", "log out, and forget what is kept here", lambda hands, _: hands.log_out()),
    Slash("account", "/passwd", "change your password", account.change_password),
    Slash(
        "account",
        "/export [AFTER]",
        "show all that is stored about you, or after a number",
        account.export,
    ),
    Slash("account", "/deleteaccount", "remove your account and all you wrote, for good", account.delete_account),
    Slash("settings", "/set [NAME] [on or off]", "change a setting; without a name, list them", actions.change_setting),
    Slash("settings", "/typing [on or off]", "tell others that you are typing; off at first", actions.switch("typing")),
    Slash("settings", "/bell [on or off]", "ring when somebody speaks to you; on at first", actions.switch("bell")),
    Slash("settings", "/ping", "see whether the server answers", actions.plain("PING")),
    Slash("settings", "/admin [COMMAND]", "administer the server, if you may; alone it lists how", actions.admin),
    Slash("settings", "/raw FRAME", "send a line of the protocol as it is", actions.raw),
    Slash("settings", "/connect", "connect now", lambda hands, _: hands.reconnect()),
    Slash("settings", "/help [TOPIC or COMMAND]", "tell what can be typed", _help),
    _QUIT,
)
_KEYS = (
    ("Alt-1 … Alt-9, Alt-0", "open a window by its number; 0 is the one of no conversation"),
    ("Alt-A", "open the next unread window"),
    ("Ctrl-N, Ctrl-P", "the next and the previous window"),
    ("PageUp, PageDown", "what was said before, and back"),
    ("Up, Down", "lines typed before"),
    ("Ctrl-R", "search in them; Ctrl-R again goes further back, Enter takes one, Escape none"),
    ("Tab", "complete a command or a name"),
    ("Alt-Enter", "a line break within a message; a paste may bring some"),
    ("Ctrl-A Ctrl-E Ctrl-U Ctrl-K Ctrl-W", "begin, end, cut to begin, to end, a word; Ctrl-Y puts it back"),
    ("Ctrl-L", "draw the screen anew"),
    ("Ctrl-C", "empty the line"),
    ("Ctrl-Z", "suspend"),
    ("Ctrl-D", "leave"),
)
# fmt: on
ELSEWHERE = {
    "away": "status away",
    "back": "status online",
    "busy": "status busy",
    "dm": "msg",
    "exit": "quit",
    "find": "search",
    "friend": "add",
    "ignore": "block",
    "list": "rooms",
    "make": "create",
    "names": "members",
    "part": "leave",
    "query": "to",
    "switch": "to",
    "unignore": "unblock",
    "w": "win",
    "who": "members",
    "whois": "friends",
    "window": "win",
}
"""What other clients call it."""
SLASHES = {row.name: row for row in _ROWS}
"""Every command by its name, in the order that /help lists them."""
_TOPICS = (*dict.fromkeys(row.topic for row in _ROWS), "keys")
