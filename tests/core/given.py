"""The words of the core's tests: given a chat, when something is asked of it, then this follows.

    state = given(ANN_AND_BOB, FriendAdded(ANN, BOB, NOW_MS))
    events, answer = when(state, SendMessage(ANN, "bob", "hello", "", NOW_MS))

No server and no store stand behind these words: only decide, evolve and deliver.
"""

from collections.abc import Iterable
from typing import NamedTuple

from chatserver.core.audience import deliver
from chatserver.core.commands import Command, LogIn, SignUp
from chatserver.core.decide import decide
from chatserver.core.events import Event, FriendAdded, RoomCreated, RoomJoined
from chatserver.core.evolve import evolve
from chatserver.core.outcome import Refused
from chatserver.core.state import Limits, State, snapshot

NOW_MS = 1_796_212_801_000
STAMP = "2026-12-02T12:00:01.000Z"
"""That time on the wire."""

ANN, BOB, EVE, DAN = 1, 2, 3, 4
ROOM = -1

Step = Command | Event | list["Step"]
"""What has happened before: a command that is accepted, an event, or several of them."""


class Then(NamedTuple):
    """What follows from a command: the events, and the fields of the answer behind the verb."""

    events: list[Event]
    answer: list[str]


def sign_up(*names: str) -> list[Step]:
    """Accounts for these names, their ids counted from 1 in an empty chat."""
    return [SignUp(name, f"hash of {name}", NOW_MS) for name in names]


def log_in(*users: int) -> list[Step]:
    """A session for each of these users; the hash of its token is `token_of` them."""
    return [LogIn(user, token_of(user), NOW_MS) for user in users]


def token_of(user: int, number: int = 1) -> bytes:
    """The hash of a user's token of that number."""
    return b"token %d of %d" % (number, user)


def room_of(*members: int, kind: str = "public", room: int = ROOM, name: str = "#tea") -> list[Step]:
    """A room with these members, the first of whom owns it."""
    made = RoomCreated(room, name, name.lower(), kind, members[0], NOW_MS)
    return [made, *(RoomJoined(room, member, 0, NOW_MS) for member in members)]


PEOPLE = sign_up("Ann", "bob", "Eve", "dan")
"""Four users who have nothing to do with each other: ANN, BOB, EVE and DAN."""
FRIENDS: list[Step] = [*PEOPLE, FriendAdded(ANN, BOB, NOW_MS)]
"""Ann and Bob are friends; Eve and Dan are strangers."""


def given(*steps: Step, limits: Limits | None = None) -> State:
    """A chat in which all this has happened, in this order."""
    state = State(limits or Limits())
    for step in _flat(steps):
        if isinstance(step, tuple):
            evolve(state, step)
        else:
            when(state, step)
    return state


def when(state: State, command: Command) -> Then:
    """Decide, which changes nothing; then make it so. The command must be accepted."""
    before = whole(state)
    outcome = decide(state, command)
    assert whole(state) == before, "decide has changed State"
    assert not isinstance(outcome, Refused), outcome
    for event in outcome[0]:
        evolve(state, event)
    return Then(list(outcome[0]), list(outcome[1]))


def nothing(*answer: str) -> Then:
    """What follows where it was so already: an answer, and no event."""
    return Then([], list(answer))


def refused(state: State, command: Command, code: str) -> str:
    """The sentence of the refusal, which has this code; a refusal has no events, and State is as it was."""
    before = whole(state)
    outcome = decide(state, command)
    assert isinstance(outcome, Refused), outcome
    assert outcome.code == code, outcome
    assert outcome.text.isprintable(), outcome
    assert ": " in outcome.text, f"a refusal says what to do: {outcome}"
    assert whole(state) == before, "decide has changed State"
    return outcome.text


def heard(state: State, event: Event) -> list[tuple[list[int], str]]:
    """Who hears of an event, and the frame for them; nobody is told twice."""
    told = [(list(users), frame.decode()) for users, frame in deliver(state, event)]
    for users, _ in told:
        assert len(users) == len(set(users)), users
    return [(sorted(users), frame) for users, frame in told]


def whole(state: State) -> dict[str, object]:
    """All of State as plain values, what is not stored included."""
    return snapshot(state) | {
        "limits": state.limits,
        "bots": dict(state.bots),
        "typing": list(state.typing.items()),
        "sessions": {user.id: (user.sessions, user.received_id) for user in state.users.values()},
        "received": {room.id: room.received_id for room in state.rooms.values()},
        "by_name": {name: user.id for name, user in state.by_name.items()},
        "rooms_by_key": {key: [room.id for room in rooms] for key, rooms in state.rooms_by_key.items()},
    }


def _flat(steps: Iterable[Step]) -> Iterable[Command | Event]:
    for step in steps:
        if isinstance(step, list):
            yield from _flat(step)
        else:
            yield step
