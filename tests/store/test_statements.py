"""The SQL of each event: a State that is loaded from the tables is the State that the events have made."""

from contextlib import closing
from typing import get_args

import pytest

from chatserver.core.events import (
    PASSING,
    AccountDeleted,
    AddressBanned,
    Announced,
    BanEnded,
    BotAnswered,
    BotRemembered,
    BotTimerRemoved,
    BotTimerSet,
    BurstSent,
    DeedNoted,
    Delivered,
    EditWithheld,
    Event,
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    InvitationRemoved,
    Invited,
    InviteEnded,
    InviteSet,
    MessageDeleted,
    MessageEdited,
    MessageReported,
    MessageSent,
    ModeratorSet,
    NoticeEnded,
    OwnerSet,
    PasswordSet,
    ReactionChanged,
    ReadMarked,
    ReportClosed,
    RequestHidden,
    RequestRemoved,
    RetentionSet,
    RoomCreated,
    RoomEnded,
    RoomForgotten,
    RoomJoined,
    RoomLeft,
    SanctionEnded,
    SanctionSet,
    StatusSet,
    TokenIssued,
    TokenRevoked,
    TokenUsed,
    TopicSet,
    UserBlocked,
    UserSignedUp,
    UserUnblocked,
)
from chatserver.core.evolve import evolve
from chatserver.core.state import Limits, State, snapshot
from chatserver.store.store import Store

ANN, BEN, CAT, BOT = 1, 2, 3, 4
ROOM, ENDED, FORGOTTEN = -1, -2, -3
NOW_MS = 1_000

STORY: list[Event] = [
    *(UserSignedUp(at, name, name, f"hash of {name}", 1, 0) for at, name in enumerate(("ann", "ben", "cat", "bot"), 1)),
    PasswordSet("another", ANN),
    TokenIssued(b"one", ANN, 2),
    TokenIssued(b"two", ANN, 3),
    TokenIssued(b"of ben", BEN, 3),
    TokenUsed(4, b"one"),
    TokenRevoked(b"two"),
    StatusSet("busy", "with this", ANN),
    FriendRequested(BEN, ANN, 5),
    RequestRemoved(BEN, ANN),
    FriendAdded(BEN, ANN, 6),
    FriendAdded(CAT, ANN, 6),
    FriendRemoved(CAT, ANN),
    UserBlocked(ANN, CAT, 7),
    UserBlocked(BEN, CAT, 7),
    UserUnblocked(BEN, CAT),
    RequestHidden(CAT, ANN, 8),
    MessageSent(1, 9, ANN, BEN, "text", "tag"),
    BurstSent(2, 9, BEN, ANN, ["a", "b", "c"]),
    Delivered(3, ((1, 1), (3, 3)), ANN),
    BotAnswered(4, 1, ANN),
    MessageEdited(5, 1, ANN, BEN, 10, "edited"),
    ReactionChanged(6, 1, ANN, BEN, 11, BEN, "x", True),
    MessageDeleted(7, 2, BEN, ANN, 12),
    EditWithheld(8, 1, ANN, BEN, 12, "for Ann alone"),
    RoomCreated(ROOM, "#Room", "#room", "private", ANN, 13),
    RoomJoined(ROOM, ANN, 7, 13),
    Invited(ROOM, BEN, ANN, 14),
    Invited(ROOM, CAT, ANN, 14),
    InvitationRemoved(ROOM, BEN),
    RoomJoined(ROOM, BEN, 7, 15),
    ModeratorSet(ROOM, BEN, True),
    OwnerSet(BEN, ROOM),
    ModeratorSet(ROOM, ANN, True),
    ModeratorSet(ROOM, BEN, False),
    TopicSet("a topic", ROOM, BEN),
    RetentionSet(30, ROOM),
    RetentionSet(7, ROOM),
    ReadMarked(BEN, ANN, 1, (ANN,)),
    ReadMarked(BEN, ANN, 2, (ANN,)),
    ReadMarked(ANN, ROOM, 7, ()),
    RoomLeft(7, ROOM, ANN),
    RoomCreated(ENDED, "#Ended", "#ended", "public", CAT, 16),
    RoomJoined(ENDED, CAT, 7, 16),
    TopicSet("what it was about", ENDED, CAT),
    RetentionSet(0, ENDED),
    RoomLeft(7, ENDED, CAT),
    RoomEnded(17, ENDED),
    RoomCreated(FORGOTTEN, "#Forgotten", "#forgotten", "public", CAT, 17),
    RoomEnded(17, FORGOTTEN),
    RoomForgotten(FORGOTTEN),
    BotRemembered(BOT, 0, '"of all"'),
    BotRemembered(BOT, ANN, '"first"'),
    BotRemembered(BOT, ANN, '"second"'),
    BotTimerSet(BOT, ANN, "tea", 99, "#Room"),
    BotTimerSet(BOT, ANN, "tea", 100, ""),
    BotTimerSet(BOT, ANN, "cake", 100, ""),
    BotTimerRemoved(BOT, ANN, "cake"),
    InvitationRemoved(ROOM, CAT),
    RequestRemoved(CAT, ANN),
    UserUnblocked(ANN, CAT),
    FriendRemoved(ANN, BEN),
    SanctionSet(ANN, "muted", 99, "spam"),
    SanctionSet(BEN, "muted", 99, "spam"),
    SanctionSet(BEN, "muted", 98, "more spam"),
    SanctionSet(BEN, "suspended", 99, ""),
    SanctionEnded(BEN, "suspended"),
    AddressBanned("10.0.0.0/8", 99, "scan", 17),
    AddressBanned("10.0.0.0/8", 100, "scan", 18),
    AddressBanned("11.0.0.0/8", 99, "scan", 17),
    BanEnded("11.0.0.0/8"),
    InviteSet("abc", 2, 99),
    InviteSet("abc", 1, 99),
    InviteSet("def", 2, 99),
    InviteEnded("def"),
    Announced(1, "tea at five", 99),
    Announced(2, "no tea", 99),
    NoticeEnded(1),
    MessageReported(1, 17, BEN, 1, ANN, BEN, "text", "spam"),
    ReportClosed(1, 18),
    DeedNoted(18, "ann", "kick ben"),
    AccountDeleted(18, 8, ANN),
]


def check(store: Store, state: State) -> None:
    loaded, live = snapshot(store.load(Limits())), snapshot(state)
    for part, value in live.items():
        assert loaded[part] == value, part


def test_the_story_has_every_event_that_is_stored() -> None:
    assert {type(event) for event in STORY} == set(get_args(Event)) - PASSING


@pytest.mark.parametrize("at_once", [True, False], ids=["in one write", "each by itself"])
def test_after_every_event_the_tables_hold_what_state_holds(at_once: bool) -> None:
    state = State(Limits())
    with closing(Store(":memory:")) as store:
        store.load(Limits())
        for event in STORY:
            evolve(state, event)
            if not at_once:
                store.write([event])
                check(store, state)
        if at_once:
            store.write(STORY)
            check(store, state)
        store.commit()
        while store.keep_house():
            check(store, state)
        check(store, state)


def rows(store: Store, query: str) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = store._connection.execute(query).fetchall()
    return found


def test_what_state_does_not_hold() -> None:
    with closing(Store(":memory:")) as store:
        store.load(Limits())
        store.write(STORY[:-1])
        assert rows(store, "SELECT text FROM messages ORDER BY id") == [("edited",), ("",), ("b",), ("c",)]
        assert rows(store, "SELECT name, topic, ended_ms FROM rooms ORDER BY id") == [
            ("#Ended", "", 17),
            ("#Room", "a topic", None),
        ]
        assert rows(store, "SELECT room, user, until_id FROM memberships ORDER BY number") == [
            (ROOM, ANN, 7),
            (ROOM, BEN, None),
            (ENDED, CAT, 7),
        ]
        assert rows(store, "SELECT user, party FROM read_marks") == [(BEN, ANN)]
        assert rows(store, "SELECT id, message, kind FROM changes ORDER BY id") == [
            (5, 1, "edited"),
            (6, 1, "reacted"),
            (7, 2, "deleted"),
        ]
        assert rows(store, "SELECT message, author, text FROM withheld_edits") == [(1, ANN, "for Ann alone")]
