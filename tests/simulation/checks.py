"""What must hold after each turn of the loop, and what must be true once all is well again."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chatserver.core.state import State, snapshot
from tests.model.chat import Message
from tests.simulation.callers import Caller
from tests.simulation.oracle import under
from tests.simulation.truth import BOT

if TYPE_CHECKING:
    from tests.simulation.life import Life

LATE_S = 5.0  # behind its deadline, until a connection that has not logged in must be gone
LATE_TURNS = 10  # in which it can take the good-bye, though in pieces
RUNS_MAX = 4  # of the lines of one client in a turn: what came, what waited, what a wait has ended
ANSWERS_BYTES = 400_000  # what one answer may add behind the limits


def check_turn(life: "Life") -> None:
    """Between two turns."""
    blame, settings = life.oracle.blame, life._settings
    if life.defects:
        blame(f"a defect: {life.defects[0].strip().splitlines()[-1]}")
    for caller in life.callers:
        wire = caller.wire
        if wire.misuse:
            blame(f"a socket is {wire.misuse}")
        if wire.bytes_read > settings.read_bytes_per_turn:
            blame(f"{wire.bytes_read} bytes are read of one client in a turn")
        if life.lines_run[caller] > settings.commands_per_turn * RUNS_MAX:
            blame(f"{life.lines_run[caller]} lines of one client are run in a turn")
    for receiver, client in life.server._clients.items():
        connection: Any = under(receiver)
        wire = connection._socket
        if life.poll.wants_to_write(wire) != (connection.unsent > 0) and not receiver.over:
            blame(f"{connection.unsent} bytes are left, and interest in writing is {life.poll.wants_to_write(wire)}")
        waits = sum(len(record[0]) for record in receiver.staged)
        most = settings.send_bytes_high + settings.send_bytes_max + ANSWERS_BYTES
        if connection.unsent + waits > most:
            blame(f"{connection.unsent + waits} bytes wait for one client")
        if len(client.lines) > settings.read_bytes_per_turn // 2:
            blame(f"{len(client.lines)} lines of one client wait")
    _check_strangers(life)


def _check_strangers(life: "Life") -> None:
    """Whoever does not log in is sent away, whatever it sends."""
    most_s = life._settings.login_timeout_s + LATE_S
    for caller in life.callers:
        is_late = caller.is_dripping and caller.is_greeted and life.now_s - caller.stranger_s > most_s
        takes_the_good_bye = caller.is_alive and caller.wire.room is None
        caller.late_turns = caller.late_turns + 1 if is_late and takes_the_good_bye else 0
        if caller.late_turns > LATE_TURNS:
            life.oracle.blame(f"a stranger stays for {life.now_s - caller.stranger_s:.0f} s")


def check_whole(life: "Life") -> None:
    """State is what the model says."""
    state, truth, blame = life.server.state, life.oracle.truth, life.oracle.blame
    names = {user.name for user in state.users.values()} - {BOT}
    if names != set(truth.users) - {BOT}:
        blame(f"the users are {sorted(names)} and ought to be {sorted(truth.users)}")
        return
    friends = {
        frozenset((user.name, state.users[other].name)) for user in state.users.values() for other in user.friends
    }
    if friends != truth.friends:
        blame(f"friends are {_sorted(friends)} and ought to be {_sorted(truth.friends)}")
    rooms = sorted((room.name, [state.users[user].name for user in room.members]) for room in state.rooms.values())
    wanted = sorted((room.name, room.members) for room in truth.rooms if not room.ended)
    if rooms != wanted:
        blame(f"rooms are {rooms} and ought to be {wanted}")
    if state.last_message_id != truth.last_id:
        blame(f"the last id is {state.last_message_id} and ought to be {truth.last_id}")
    check_credit(life, state)


def check_file(life: "Life", loaded: State, live: State) -> None:
    """State is what the file holds."""
    stored, lived = snapshot(loaded), snapshot(live)
    for part, value in lived.items():
        if stored[part] != value:
            life.oracle.blame(f"the file holds other {part} than State does")


def _sorted(pairs: set[frozenset[str]]) -> list[list[str]]:
    return sorted(sorted(pair) for pair in pairs)


def _missing(life: "Life") -> Iterator[tuple[str, Message]]:
    """Users, and messages to them that have not left whole for any client of theirs, though they may see them."""
    truth, handed = life.oracle.truth, life.judge.handed
    for message in truth.messages:
        for name in truth.heard_by.get(message.id, ()):
            is_user = name in truth.users and name != BOT
            if is_user and message.text and message.id not in handed[name] and not truth.is_for_later(name, message):
                yield name, message


def check_credit(life: "Life", state: State) -> None:
    """Nothing counts as delivered that has not left whole."""
    for name, message in _missing(life):
        user = state.find(name)
        assert user is not None
        if message.id <= user.delivered_id and not any(first <= message.id <= last for first, last in user.gaps):
            life.oracle.blame(f"message {message.id} counts as delivered to {name}, whom it has not reached")


def check_handed(life: "Life", user: str) -> None:
    """Somebody who has just logged in has been handed every message that is there."""
    for name, message in _missing(life):
        if name == user:
            life.oracle.blame(f"message {message.id} from {message.sender} has never reached {name}")


def check_gone(life: "Life") -> None:
    """Whom an administrator has shown out is gone once that is stored, but for who was slow to read the good-bye."""
    for caller in life.callers:
        if caller.must_go is not None and caller.must_go.fate == "stored" and caller.is_alive and not caller.was_slow:
            life.oracle.blame(f"{caller.name} is shown out and stays")


def check_pending(life: "Life") -> None:
    """Every command has come to its end, and nobody was dropped without a word."""
    blame = life.oracle.blame
    for caller in life.callers:
        was_slow = caller.was_slow  # then it may be over before it has read the good-bye
        if caller.is_cut or caller.bye or (caller.wire.closed and (was_slow or not caller.is_greeted)):
            continue
        if caller.said:
            said = caller.said[0]
            blame(f"{said.line[:60]!r} of {caller.name} is never answered")
        if not caller.has_ended and (caller.wire.closed or caller.wire.said_end) and caller.is_greeted:
            blame(f"{caller.name} is dropped without a word")
        if caller.has_part and not caller.wire.closed:
            blame(f"{caller.name} has half a frame")
        left = [heard for heard in caller.hears if heard.frames and not (heard.lot and heard.lot.fate == "undone")]
        if left and not caller.has_ended and caller.user and not caller.wire.closed:
            blame(f"{caller.name} has not heard {left[0].frames[0][:80]}")
    for user, text in life.oracle.truth.unanswered:
        blame(f"the bot never answers {user} {text!r}")
    _check_presence(life)


def _check_presence(life: "Life") -> None:
    """What a client believes of its friends is true."""
    truth = life.oracle.truth
    for caller in life.callers:
        if not caller.is_alive or caller.user not in truth.users:
            continue
        for friend, known in caller.known.items():
            if truth.are_friends(caller.user, friend) and friend in truth.users and known != truth.seen(friend):
                life.oracle.blame(f"{caller.user} takes {friend} for {known}, who is {truth.seen(friend)}")


def check_shown(life: "Life", caller: Caller) -> None:
    """All questions of a user are answered as the model answers them."""
    truth, name = life.oracle.truth, caller.name
    life.settle()
    life.oracle.now_ms = life.now_ms
    parties = [other for other in truth.users if other not in (name, BOT)] + ["#den"]
    asked = [
        (f"SHOWFRIENDS|{name}", truth.show_friends(name)),
        (f"SHOWREQUESTS|{name}", truth.show_requests(name)),
        (f"SHOWROOMS|{name}", truth.show_rooms(name)),
        (f"SHOWUNREAD|{name}", truth.show_unread(name)),
        (f"SYNC|{name}|0|500", truth.sync(name, 0, 500)),
        *((f"HISTORY|{name}|{party}|500", truth.history(name, party, 500)) for party in parties),
    ]
    for line, effect in asked:
        caller.heard_last.clear()
        life.ask(caller, line)
        got = [frame for frame in caller.heard_last if not frame.startswith("EVENT|STATUS|")]
        if not _same(got, effect.answer):
            both = zip(got, effect.answer, strict=False)
            wrong = next((pair for pair in both if not _same([pair[0]], [pair[1]])), (got, effect.answer))
            life.oracle.blame(f"{line} is answered {wrong[0]!s:.160}, and ought to be {wrong[1]!s:.160}")


def _same(got: list[str], expected: list[str]) -> bool:
    return len(got) == len(expected) and all(
        one.startswith(other) if other.startswith("ERR|") else one == other
        for one, other in zip(got, expected, strict=True)
    )
