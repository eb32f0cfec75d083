"""What the tables say about one user, and of nobody else."""

from contextlib import closing

from chatserver.core.events import (
    Event,
    FriendAdded,
    FriendRequested,
    Invited,
    RequestHidden,
    RoomCreated,
    RoomJoined,
    RoomLeft,
    TokenIssued,
    TokenUsed,
    UserBlocked,
    UserSignedUp,
)
from chatserver.core.state import Limits
from chatserver.store.about import About, about
from chatserver.store.store import Store

ANN, BEN, CAT, DAN, EVE = range(1, 6)
ROOM, OTHER_ROOM = -1, -2

EVENTS: list[Event] = [
    *(UserSignedUp(at, f"u{at}", f"u{at}", "hash", 10 + at, 0) for at in (ANN, BEN, CAT, DAN, EVE)),
    TokenIssued(b"1", ANN, 21),
    TokenUsed(22, b"1"),
    TokenIssued(b"2", BEN, 23),
    FriendAdded(BEN, ANN, 24),
    FriendAdded(ANN, CAT, 25),
    FriendAdded(BEN, CAT, 26),
    FriendRequested(ANN, DAN, 27),
    FriendRequested(EVE, ANN, 28),
    RequestHidden(DAN, ANN, 29),
    UserBlocked(ANN, DAN, 30),
    UserBlocked(BEN, ANN, 31),
    RoomCreated(ROOM, "#1", "#1", "public", BEN, 32),
    RoomCreated(OTHER_ROOM, "#2", "#2", "public", BEN, 33),
    RoomJoined(ROOM, ANN, 0, 34),
    RoomJoined(ROOM, BEN, 0, 35),
    RoomLeft(9, ROOM, ANN),
    RoomJoined(ROOM, ANN, 9, 36),
    Invited(OTHER_ROOM, ANN, BEN, 37),
    Invited(ROOM, CAT, ANN, 38),
]


def test_when_all_that_concerns_a_user_was_made() -> None:
    with closing(Store(":memory:")) as store:
        store.load(Limits())
        for event in EVENTS:
            store.write([event])
        found = about(store.history, ANN)
        assert found._replace(friends=sorted(found.friends)) == About(
            created_ms=11,
            logins=[(21, 22)],
            friends=[(BEN, 24), (CAT, 25)],
            asked=[(DAN, 27)],
            askers=[(EVE, 28)],
            blocks=[(DAN, 30)],
            stays=[(ROOM, 34, False), (ROOM, 36, True)],
            invitations=[(OTHER_ROOM, BEN, 37)],
        )
        assert about(store.history, EVE) == About(15, [], [], [(ANN, 28)], [], [], [], [])
