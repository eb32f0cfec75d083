"""The commands a person types: a table of names, usages and helps; what they do is in `actions`."""

from collections.abc import Callable
from dataclasses import dataclass

from chatclient import actions
from chatclient.hands import Hands, UsageError
from chatclient.lines import Piece, line
from chatserver.protocol.verbs import nearest


@dataclass(frozen=True, slots=True)
class Slash:
    """One row: what is typed, what it is for, and what it does with the rest of the line."""

    usage: str
    help: str
    run: Callable[[Hands, str], None]

    @property
    def name(self) -> str:
        """The command without its slash."""
        return self.usage.split()[0][1:]


def run_line(hands: Hands, typed: str) -> None:
    """Do what a line says: a command, or a text for the open conversation. `//` begins a text with a slash."""
    if not typed.startswith("/") or typed.startswith("//"):
        actions.say_here(hands, typed.removeprefix("/") if typed.startswith("//") else typed)
        return
    word, _, rest = typed[1:].partition(" ")
    command = SLASHES.get(word.lower())
    if command is None:
        near = nearest(word.lower(), tuple(SLASHES))
        hands.say(line(f"There is no /{word}{f': did you mean /{near}?' if near else ''} See /help", "warn"))
        return
    try:
        command.run(hands, rest.strip())
    except UsageError as error:
        hands.say(line(str(error) or usage(typed), "warn"))


def usage(typed: str) -> str:
    """How the command that a line begins with is used; empty if it begins with none."""
    command = SLASHES.get(typed[1:].partition(" ")[0].lower()) if typed.startswith("/") else None
    return f"Usage: {command.usage} ({command.help})" if command else ""


def _help(hands: Hands, rest: str) -> None:
    wanted = rest.removeprefix("/").lower()
    if wanted and wanted not in SLASHES:
        hands.ask("HELP", rest)
        return
    for command in [SLASHES[wanted]] if wanted else SLASHES.values():
        hands.say(line(command.help, "plain", (Piece(f"  {command.usage:<28}", "bold"),)))


# fmt: off: a table reads best with one row a line
_ROWS = (
    Slash("/help [COMMAND]", "list the commands, or explain one", _help),
    Slash("/signup NAME", "make an account and log in", actions.sign_up),
    Slash("/login NAME", "log in; the next start then needs no password", actions.log_in),
    Slash("/logout", "log out, and forget the login kept here", lambda hands, _: hands.log_out()),
    Slash("/passwd", "change your password", actions.change_password),
    Slash("/to [NAME or #ROOM]", "open a conversation; without a name, the next unread one", actions.open_place),
    Slash("/msg NAME TEXT", "write to somebody without opening the conversation", actions.message),
    Slash("/friends", "list your friends and how they are", actions.plain("SHOWFRIENDS")),
    Slash("/requests", "list the friend requests", actions.plain("SHOWREQUESTS")),
    Slash("/add NAME", "ask somebody to be your friend", actions.named("ADDFRIEND")),
    Slash("/accept NAME", "say yes to a friend request", actions.named("ACCEPTFRIEND")),
    Slash("/reject NAME", "say no to a friend request", actions.named("REJECTFRIEND")),
    Slash("/remove NAME", "end a friendship, or take back a request", actions.named("DELETEFRIEND")),
    Slash("/block NAME", "hear nothing more of somebody", actions.named("BLOCK")),
    Slash("/unblock NAME", "end a block", actions.named("UNBLOCK")),
    Slash("/blocks", "list whom you block", actions.plain("SHOWBLOCKS")),
    Slash("/status STATUS [TEXT]", "be online, away, busy or invisible", actions.status),
    Slash("/history [NAME] [NUMBER]", "show the last messages, with their numbers", actions.history),
    Slash("/search WORDS", "find messages that hold all the words", lambda hands, rest: hands.ask("SEARCH", rest)),
    Slash("/unread", "list what the server holds as unread", actions.plain("SHOWUNREAD")),
    Slash("/read [NAME]", "mark a conversation as read", actions.mark_read),
    Slash("/edit [(NUMBER)] TEXT", "correct your last message, or the one with that number", actions.edit),
    Slash("/delete [(NUMBER)]", "take back your last message, or the one with that number", actions.delete),
    Slash("/react EMOJI [(NUMBER)]", "put an emoji under the last message, or take it away again", actions.react),
    Slash(
        "/explain [(NUMBER)]", "tell what became of your last message, or of the one with that number", actions.explain
    ),
    Slash("/export [AFTER]", "show all that is stored about you, or the messages after a number", actions.export),
    Slash("/deleteaccount", "remove your account and all you wrote, for good", actions.delete_account),
    Slash("/bots", "list the bots", actions.plain("SHOWBOTS")),
    Slash("/rooms", "list the rooms", actions.plain("SHOWROOMS")),
    Slash("/create #ROOM [private]", "make a room", actions.create_room),
    Slash("/join #ROOM", "go into a room", actions.join),
    Slash("/leave [#ROOM]", "leave a room", actions.leave_room),
    Slash("/members [#ROOM]", "list who is in a room", actions.in_room("SHOWMEMBERS", more=False)),
    Slash("/invite [#ROOM] NAME", "ask somebody into a room", actions.in_room("INVITE", more=True)),
    Slash("/kick [#ROOM] NAME", "put somebody out of your room", actions.in_room("KICK", more=True)),
    Slash("/topic [#ROOM] TEXT", "say what a room is about", actions.in_room("SETTOPIC", more=True)),
    Slash("/typing on or off", "tell others that you are typing; off at first", actions.typing),
    Slash("/bell on or off", "ring when somebody speaks to you; on at first", actions.bell),
    Slash("/ping", "see whether the server answers", actions.plain("PING")),
    Slash("/raw FRAME", "send a line of the protocol as it is", actions.raw),
    Slash("/connect", "connect now", lambda hands, _: hands.reconnect()),
    Slash("/clear", "empty the screen", lambda hands, _: hands.redraw(forget=True)),
    Slash("/quit", "leave; Ctrl-D does it too", lambda hands, _: hands.leave()),
)
# fmt: on
SLASHES = {row.name: row for row in _ROWS}
"""Every command by its name, in the order that /help lists them."""
