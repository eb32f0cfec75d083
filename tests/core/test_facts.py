"""What events change and what answers show: an answer that an event alters must show a fact that the event changes."""

from collections.abc import Iterator

import pytest

from chatserver.core import events as happened
from chatserver.core import facts
from chatserver.core.commands import StartBot
from chatserver.core.events import PASSING, Event
from chatserver.core.evolve import evolve
from chatserver.core.facts import Fact, changed_facts
from chatserver.core.state import State
from chatserver.core.tags import Tags
from chatserver.queries import answers
from chatserver.queries.requests import ShowBlocks, ShowBots, ShowFriends, ShowMembers, ShowRequests, ShowRooms
from tests.core.given import ANN, BOB, DAN, EVE, NOW_MS, PEOPLE, Step, given, log_in, room_of

DEN, TEA, SHED = -2, -1, -3
BOT = 5
CAT, NEW = 6, 7
BEFORE: list[Step] = [
    *PEOPLE,
    StartBot("TeaBot", "makes tea", NOW_MS),
    happened.UserSignedUp(CAT, "cat", "cat", "a hash", NOW_MS, 0),
    *log_in(ANN, BOB, EVE, CAT),
    happened.FriendAdded(ANN, BOB, NOW_MS),
    happened.FriendRequested(EVE, ANN, NOW_MS),
    happened.UserBlocked(ANN, DAN, NOW_MS),
    *room_of(ANN, BOB, EVE, room=TEA, name="#tea"),
    *room_of(EVE, ANN, kind="private", room=DEN, name="#den"),
    *room_of(CAT, room=SHED, name="#shed"),
    happened.Invited(DEN, BOB, EVE, NOW_MS),
    happened.MessageSent(1, NOW_MS, ANN, BOB, "hi", None),
]
"""Ann and Bob are friends, Eve asks, Dan is blocked; all meet in #tea, #den is private, and Cat is alone in #shed."""

MESSAGE = (1, ANN, BOB, NOW_MS)
TALK: set[Fact] = {(ANN, BOB), (ANN, 0), (BOB, 0)}
SAMPLES: list[tuple[Event, set[Fact]]] = [
    (happened.MessageSent(2, NOW_MS, BOB, ANN, "ho", None), TALK),
    (happened.MessageSent(2, NOW_MS, BOB, TEA, "ho", None), {(TEA, 0)}),
    (happened.BurstSent(2, NOW_MS, ANN, BOB, ("1", "2")), TALK),
    (happened.BurstSent(2, NOW_MS, ANN, TEA, ("1", "2")), {(TEA, 0)}),
    (happened.MessageEdited(2, *MESSAGE, "new"), {*TALK, (0, 1)}),
    (happened.BotAnswered(2, 1, ANN), {(0, 1)}),
    (happened.RoomForgotten(TEA), {TEA, facts.GONE}),
    (happened.EditWithheld(2, *MESSAGE, "new"), {*TALK, (0, 1)}),
    (happened.MessageDeleted(2, *MESSAGE), {*TALK, (0, 1)}),
    (happened.ReactionChanged(2, *MESSAGE, BOB, "x", True), {*TALK, (0, 1)}),
    (happened.ReactionChanged(2, 1, ANN, TEA, NOW_MS, BOB, "x", True), {(TEA, 0), (0, 1)}),
    (happened.UserSignedUp(NEW, "new", "new", "a hash", NOW_MS, 0), {NEW}),
    (happened.PasswordSet("another hash", ANN), set()),
    (happened.TokenIssued(b"new", ANN, NOW_MS), {ANN}),
    (happened.TokenUsed(NOW_MS, b"token 1 of 1"), set()),
    (happened.TokenRevoked(b"token 1 of 1"), set()),
    (happened.StatusSet("busy", "tea", BOB), {BOB}),
    (happened.StatusSet("away", "", ANN), {ANN}),
    (happened.FriendRequested(ANN, CAT, NOW_MS), {ANN, CAT}),
    (happened.RequestRemoved(EVE, ANN), {EVE, ANN}),
    (happened.RequestHidden(DAN, ANN, NOW_MS), {DAN, ANN}),
    (happened.FriendAdded(ANN, EVE, NOW_MS), {ANN, EVE}),
    (happened.FriendRemoved(ANN, BOB), {ANN, BOB}),
    (happened.AccountDeleted(NOW_MS, 1, NEW), {NEW, facts.GONE}),
    (happened.Delivered(1, (), BOB), set()),
    (happened.UserBlocked(BOB, EVE, NOW_MS), {BOB, EVE}),
    (happened.UserUnblocked(ANN, DAN), {ANN, DAN}),
    (happened.RoomCreated(-4, "#new", "#new", "public", DAN, NOW_MS), {-4, DAN}),
    (happened.RoomJoined(TEA, DAN, 1, NOW_MS), {TEA, DAN}),
    (happened.RoomLeft(1, TEA, BOB), {TEA, BOB}),
    (happened.OwnerSet(BOB, TEA), {TEA, BOB}),
    (happened.TopicSet("leaves", TEA, ANN), {TEA}),
    (happened.RetentionSet(7, TEA), {TEA}),
    (happened.Invited(TEA, DAN, ANN, NOW_MS), {TEA, DAN}),
    (happened.InvitationRemoved(DEN, BOB), {DEN, BOB}),
    (happened.RoomEnded(NOW_MS, SHED), {SHED, facts.GONE}),
    (happened.ReadMarked(BOB, ANN, 1, (ANN,)), {BOB}),
    (happened.BotRemembered(BOT, ANN, "{}"), {ANN}),
    (happened.BotTimerSet(BOT, ANN, "tea", NOW_MS, ""), {ANN}),
    (happened.BotTimerRemoved(BOT, ANN, "tea"), {ANN}),
    (happened.Typed(ANN, BOB, NOW_MS), set()),
    (happened.BotStarted(BOT, "makes coffee"), set()),
    (happened.BotStopped(BOT), set()),
    (happened.SessionOpened(ANN), set()),
    (happened.SessionClosed(ANN), set()),
    (happened.OtherSessionsEnded(ANN), set()),
    (happened.PresenceChanged(ANN, "busy", ""), set()),
    (happened.ModeratorSet(TEA, BOB, True), {TEA, BOB}),
    (happened.RoleChanged(TEA, BOB, "moderator"), set()),
    (happened.MessageReported(1, NOW_MS, BOB, 1, ANN, BOB, "hi", "spam"), {BOB}),
    (happened.ReportClosed(1, NOW_MS), set()),
    (happened.SanctionSet(BOB, "muted", NOW_MS, "spam"), {BOB}),
    (happened.SanctionEnded(BOB, "muted"), {BOB}),
    (happened.UserRemoved(BOB, "REMOVED", "go"), set()),
    (happened.AddressBanned("10.0.0.0/8", NOW_MS, "", NOW_MS), set()),
    (happened.BanEnded("10.0.0.0/8"), set()),
    (happened.InviteSet("code", 1, NOW_MS), set()),
    (happened.InviteEnded("code"), set()),
    (happened.Announced(1, "tea at five", NOW_MS), set()),
    (happened.NoticeEnded(1), set()),
    (happened.DeedNoted(NOW_MS, "ann", "kick bob"), set()),
    (happened.TagsRead(ANN, Tags()), set()),
]
"""An event, or two, of each type, and what it changes."""

QUERIES = [
    ShowFriends(),
    ShowRequests(),
    ShowBots(),
    ShowBlocks(),
    ShowRooms(),
    ShowMembers("#tea"),
    ShowMembers("#den"),
]
QUERIES += [ShowMembers("#new"), ShowMembers("#shed")]
USERS = (ANN, BOB, EVE, DAN, BOT, CAT)


def name(value: object) -> str:
    return type(value).__name__ if isinstance(value, tuple) else ""


@pytest.mark.parametrize(("event", "changed"), SAMPLES, ids=name)
def test_an_event_names_what_it_changes(event: Event, changed: set[Fact]) -> None:
    assert changed_facts([event]) == changed


def test_every_type_has_a_sample_and_a_row() -> None:
    assert {type(event) for event, _ in SAMPLES} == facts.TABLE.keys()


def test_several_events_change_what_each_does() -> None:
    assert changed_facts(event for event, _ in SAMPLES) == set().union(*(changed for _, changed in SAMPLES))
    assert changed_facts([]) == set()


def state_for(event: Event) -> State:
    """One in which the event can happen."""
    state = given(BEFORE)
    if isinstance(event, happened.AccountDeleted):
        evolve(state, happened.UserSignedUp(NEW, "new", "new", "a hash", NOW_MS, 0))
    if isinstance(event, happened.RoomEnded):
        evolve(state, happened.RoomLeft(1, SHED, CAT))
    return state


def shown(state: State) -> Iterator[tuple[tuple[int, str], object, set[Fact]]]:
    """Each answer for each user, and the facts that it shows."""
    for user in USERS:
        for query in QUERIES:
            answer, shows, _ = answers.answer(state, user, query)
            yield (user, repr(query)), answer, set(shows)


@pytest.mark.parametrize("event", [event for event, _ in SAMPLES if type(event) not in PASSING], ids=name)
def test_whatever_it_alters_shows_a_fact_that_it_changes(event: Event) -> None:
    """The answer is worked out on State with the event in it: so are the facts."""
    state = state_for(event)
    before = {which: answer for which, answer, _ in shown(state)}
    evolve(state, event)
    changed = changed_facts([event])
    missed = [which for which, answer, shows in shown(state) if answer != before[which] and not changed & shows]
    assert missed == []


def test_the_samples_alter_answers_of_every_query() -> None:
    """Else the test above would be about nothing."""
    altered: set[str] = set()
    for event, _ in SAMPLES:
        state = state_for(event)
        before = {which: answer for which, answer, _ in shown(state)}
        evolve(state, event)
        altered |= {which[1] for which, answer, _ in shown(state) if answer != before[which]}
    assert altered == {repr(query) for query in QUERIES}


# Names of facts.


def test_a_conversation_is_the_same_from_both_sides() -> None:
    assert facts.conversation(ANN, BOB) == facts.conversation(BOB, ANN) == (ANN, BOB)
    assert facts.conversation(ANN, TEA) == facts.conversation(BOB, TEA) == (TEA, 0)


@pytest.mark.parametrize(("sender", "recipient"), [(ANN, BOB), (BOB, ANN), (EVE, TEA)])
def test_a_message_stands_in_its_conversation_and_with_both_who_can_read_it(sender: int, recipient: int) -> None:
    state = given(BEFORE)
    lists = facts.message_facts(sender, recipient)
    assert facts.conversation(sender, recipient) in lists
    readers = [sender, *state.rooms[recipient].members] if recipient < 0 else [sender, recipient]
    for reader in readers:
        assert set(lists) & set(facts.heard_by(state.users[reader]))
    assert not set(lists) & set(facts.heard_by(state.users[CAT]))


def test_one_message_is_no_conversation() -> None:
    assert facts.message_fact(1) not in facts.message_facts(ANN, BOB)
    assert facts.message_fact(1) != facts.conversation(1, 2)
    assert facts.message_fact(1) != facts.GONE
