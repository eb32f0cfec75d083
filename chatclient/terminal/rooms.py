"""What the commands about rooms do."""

from collections.abc import Callable

from chatclient.core.events import Ok
from chatclient.terminal.hands import Hands, UsageError
from chatclient.terminal.lines import line


def create_room(hands: Hands, rest: str) -> None:
    """`/create #ROOM [private]`; opens it."""
    room, *kind = rest.split(None, 1)
    _go_into(hands, _room_name(room), "CREATEROOM", *(word.lower() for word in kind))


def join(hands: Hands, rest: str) -> None:
    """`/join #ROOM`; opens it, and shows what it is about and what was said there."""
    _go_into(hands, hands.desk.spelled(_room_name(rest.split()[0])), "JOIN")


def _go_into(hands: Hands, room: str, verb: str, *more: str) -> None:
    """Open a room at once: what is typed before the answer comes is meant for nobody else."""
    former, was_there = hands.desk.place, room in hands.desk.windows
    hands.desk.open(room)
    opened = hands.desk.place

    def enter(answer: Ok) -> None:
        name = answer.fields[0]
        hands.desk.rooms.add(name)
        hands.desk.meet(name)
        if hands.desk.place == name:
            hands.open(name)
        hands.ask("SHOWROOMS", shown="nothing", then=lambda _: show_topic(hands, name, shown=False))

    def give_up(_: object) -> None:
        if hands.desk.place == opened:
            hands.open(former)
        if not was_there:
            hands.desk.close(opened)

    hands.ask(verb, room, *more, then=enter, otherwise=give_up)


def leave_room(hands: Hands, rest: str) -> None:
    """`/leave [#ROOM]`; closes it."""
    room, _ = _room_and(hands, rest)
    hands.ask("LEAVE", room, then=lambda ok: _exit(hands, ok.fields[0]))


def _exit(hands: Hands, room: str) -> None:
    hands.desk.rooms.discard(room)
    was_open = hands.desk.place == room
    hands.desk.close(room)
    if was_open:
        hands.open(hands.desk.place)


def in_room(verb: str, *, more: bool) -> Callable[[Hands, str], None]:
    """A verb on a room, the open one unless another is named; `more`: and on what follows."""

    def run(hands: Hands, rest: str) -> None:
        room, argument = _room_and(hands, rest)
        if more and not argument:
            raise UsageError
        hands.ask(verb, room, *((hands.desk.cut_name(argument)[0],) if more else ()))

    return run


def moderator(hands: Hands, rest: str) -> None:
    """`/moderator [#ROOM] NAME on|off`"""
    room, argument = _room_and(hands, rest)
    name, _, word = argument.rpartition(" ")
    if word not in ("on", "off") or not name:
        raise UsageError
    hands.ask("MODERATOR", room, hands.desk.cut_name(name)[0], word)


def members(hands: Hands, rest: str) -> None:
    """`/members [#ROOM] [all]`"""
    hands.desk.unfolded = rest.split()[-1:] == ["all"]
    room, _ = _room_and(hands, rest.removesuffix("all").strip())
    hands.ask("SHOWMEMBERS", room)


def topic(hands: Hands, rest: str) -> None:
    """`/topic [#ROOM] [TEXT or -]`; without a text it is shown, `-` clears it."""
    room, text = _room_and(hands, rest)
    if text:
        hands.ask("SETTOPIC", room, "" if text == "-" else text)
    else:
        hands.ask("SHOWROOMS", shown="nothing", then=lambda _: show_topic(hands, room))


def show_topic(hands: Hands, room: str, *, shown: bool = True) -> None:
    """Say what a room is about; `shown` also where it is about nothing."""
    about = hands.desk.at(room).topic
    if about or shown:
        hands.say(line(f"{room} is about: {about}" if about else f"{room} has no topic: /topic TEXT sets one", "dim"))


def _room_and(hands: Hands, rest: str) -> tuple[str, str]:
    if rest.startswith("#"):
        room, *argument = rest.split(None, 1)
        return hands.desk.spelled(room), argument[0].strip() if argument else ""
    if not hands.desk.place.startswith("#"):
        raise UsageError("Which room? Give its name, as in #lobby, or open it with /to")
    return hands.desk.place, rest


def _room_name(word: str) -> str:
    return word if word.startswith("#") else f"#{word}"
