"""Defects that are planted into the server: each must be found, or the simulator proves nothing.

A defect is a patch of the server's own code, with a mistake that somebody might make there. Its name says what the
server then does.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from chatserver.bothost.mail import Mail
from chatserver.core.commands import LogOut, SendBurst, SendMessage
from chatserver.core.decide import TABLE as DECIDE
from chatserver.core.events import BurstSent, FriendRequested, MessageSent, RoomLeft, TokenRevoked
from chatserver.core.evolve import TABLE as EVOLVE
from chatserver.core.outcome import Refused
from chatserver.net.connection import Connection
from chatserver.net.listener import Listener
from chatserver.net.reactor import Reactor
from chatserver.protocol.frames import LineReader
from chatserver.sessions.client import Client
from chatserver.sessions.dispatch import Dispatch
from chatserver.sessions.pacing import Pacing
from chatserver.sessions.sessions import Sessions
from chatserver.sessions.waits import Waits
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.statements import STATEMENTS
from chatserver.turn.batch import Batch
from chatserver.turn.credit import CreditBook
from chatserver.turn.log import LocalLog
from chatserver.turn.presence import Presence
from chatserver.turn.receiver import Book
from chatserver.turn.release import Release
from chatserver.turn.turn import Turn
from tests.simulation.choices import Choices
from tests.simulation.lives import run
from tests.simulation.machine import Disk

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]
SEEDS_MAX = 1000

PLANTED: dict[str, Plant] = {}


def planted(plant: Plant) -> Plant:
    """A row of the table, by the name of its function."""
    PLANTED[plant.__name__.strip("_")] = plant
    return plant


def lives_until_found(name: str, seeds: Iterable[int]) -> tuple[int, str] | None:
    """How many lives it took until something was not as it must be, and what; None if nothing was."""
    logging.getLogger("chatserver").setLevel(logging.CRITICAL + 1)
    with pytest.MonkeyPatch.context() as patch:
        PLANTED[name](patch)
        for number, seed in enumerate(seeds, 1):
            outcome = run(Choices(seed))
            if outcome.violations:
                return number, outcome.violations[0]
    return None


def _nothing(*_: Any, **__: Any) -> None:
    """What was to be done here is forgotten."""


# The log and its batches.


@planted
def acknowledges_before_it_is_durable(patch: Patch) -> None:
    append = LocalLog.append

    def told_at_once(log: Any, batch: Batch) -> None:
        done = log._committed
        log._committed = _nothing
        append(log, batch)
        log._committed = done
        log._owner.stored(batch)

    patch.setattr(LocalLog, "append", told_at_once)


@planted
def undoes_only_the_newest_batch(patch: Patch) -> None:
    undo_all = Turn._undo_all

    def newest(turn: Any, reason: str) -> None:
        kept = list(turn._in_flight)
        turn._in_flight.clear()
        undo_all(turn, reason)
        for batch in kept:
            turn._finish(batch)

    patch.setattr(Turn, "_undo_all", newest)


@planted
def keeps_state_that_could_not_be_stored(patch: Patch) -> None:
    patch.setattr(Turn, "_reload", lambda turn, lost: turn._store.roll_back())


@planted
def says_unavailable_for_what_is_done(patch: Patch) -> None:
    patch.setattr(Turn, "_undo_all", _answer_and_keep)


def _answer_and_keep(turn: Any, reason: str) -> None:
    """Answers UNAVAILABLE, and stores it all the same once that is possible."""
    lost = [*turn._in_flight, turn.batch]
    turn._in_flight.clear()
    turn.batch = Batch(lost[-1].position + 1, turn.state.last_message_id)
    events = [event for batch in lost for event in batch.events]
    for batch in lost:
        batch.revert()
        turn._finish(batch)
    turn._store.roll_back()
    turn._unsaved.extend(events)


@planted
def goes_on_after_a_failed_flush(patch: Patch) -> None:
    honest = Disk.commit

    def hiding(disk: Disk) -> None:
        try:
            honest(disk)
        except StoreBroken as error:
            raise StoreUnavailable(str(error)) from error

    patch.setattr(Disk, "commit", hiding)


@planted
def forgets_to_store_requests(patch: Patch) -> None:
    patch.setitem(STATEMENTS, FriendRequested, ((), lambda event: event))


@planted
def answers_questions_before_it_is_durable(patch: Patch) -> None:
    patch.setattr(Turn, "undurable", lambda turn, facts, message=0: None)


# What is undone.


@planted
def lets_a_login_stand_that_failed(patch: Patch) -> None:
    patch.setattr(Sessions, "_close_again", _nothing)


@planted
def lets_a_logout_stand_that_failed(patch: Patch) -> None:
    patch.setattr(Sessions, "_come_back", _nothing)


@planted
def answers_for_the_bot_what_was_refused(patch: Patch) -> None:
    patch.setattr(Mail, "_take_out", _nothing)


# Credit.


@planted
def counts_what_has_not_left(patch: Patch) -> None:
    wait = Release._wait_for_reader

    def gives(release: Any, receiver: Any, records: Any) -> None:
        for record in records:
            if record[1]:
                release._credit.give(receiver, record[1])
        wait(release, receiver, records)

    patch.setattr(Release, "_wait_for_reader", gives)


@planted
def counts_half_a_frame(patch: Patch) -> None:
    handed = Book.handed
    patch.setattr(Book, "handed", lambda book, unsent: handed(book, max(0, unsent - 60)))


@planted
def never_stores_what_was_delivered(patch: Patch) -> None:
    patch.setattr(CreditBook, "settle", _nothing)
    patch.setattr(CreditBook, "settle_one", lambda book, receiver: book.handed.pop(receiver, None))
    patch.setattr("chatserver.turn.release.backlog_waits", lambda state, user: False)
    patch.setattr("chatserver.sessions.sessions.backlog_waits", lambda state, user: False)


# Sockets.


@planted
def loses_the_tail_of_a_short_write(patch: Patch) -> None:
    def send(connection: Any, data: bytes) -> bool:
        return not connection.closed and bool(connection._try_send(data))

    patch.setattr(Connection, "send", send)


@planted
def overtakes_what_waits(patch: Patch) -> None:
    send = Connection.send

    def at_once(connection: Any, data: bytes) -> bool:
        if connection.unsent and not connection.closed:
            return bool(connection._try_send(data) == len(data))
        return send(connection, data)

    patch.setattr(Connection, "send", at_once)


@planted
def always_waits_to_write(patch: Patch) -> None:
    patch.setattr(Connection, "_waits_for_kernel", lambda connection: True)


@planted
def never_waits_to_write(patch: Patch) -> None:
    patch.setattr(Connection, "_waits_for_kernel", lambda connection: False)


@planted
def takes_no_bytes_for_the_end(patch: Patch) -> None:
    def read(connection: Any, ready: int) -> None:
        try:
            data = connection._socket.recv(connection._read_bytes)
        except BlockingIOError:
            data = b""
        except OSError:
            connection.abort()
            return
        if data:
            connection._owner.received(data)
        else:
            connection._end()

    patch.setattr(Connection, "_read", read)


@planted
def closes_before_all_is_sent(patch: Patch) -> None:
    patch.setattr(Connection, "close_when_sent", lambda connection, within_s: connection.abort())


@planted
def writes_after_the_end(patch: Patch) -> None:
    finish = Connection._finish

    def once_more(connection: Any) -> None:
        finish(connection)
        if not connection.closed:
            connection._try_send(b"BYE|QUIT|again\n")

    patch.setattr(Connection, "_finish", once_more)


@planted
def stops_accepting_without_descriptors(patch: Patch) -> None:
    patch.setattr(Listener, "_go_on", _nothing)


@planted
def loses_the_rest_of_a_line(patch: Patch) -> None:
    feed = LineReader.feed

    def forgetful(reader: LineReader, data: bytes) -> list[str]:
        lines = feed(reader, data)
        reader._rest = b""
        return lines

    patch.setattr(LineReader, "feed", forgetful)


@planted
def cuts_a_frame_of_who_is_too_slow(patch: Patch) -> None:
    patch.setattr(Book, "rest_of_frame", lambda book, unsent, committed: committed)


# Sessions.


@planted
def lets_a_token_survive_its_logout(patch: Patch) -> None:
    log_out = DECIDE[LogOut]

    def keeps(state: Any, command: LogOut) -> Any:
        outcome: Any = log_out(state, command)
        events, fields = outcome
        return [event for event in events if not isinstance(event, TokenRevoked)], fields

    patch.setitem(DECIDE, LogOut, keeps)


@planted
def lets_bytes_extend_the_time_to_log_in(patch: Patch) -> None:
    received = Client.received

    def extends(client: Any, data: bytes) -> None:
        if not client.user:
            sessions = client._host._sessions
            sessions._unknown.pop(client, None)
            sessions.expect_login(client)
        received(client, data)

    patch.setattr(Client, "received", extends)


@planted
def ends_a_wait_by_anothers_job(patch: Patch) -> None:
    def end_here(waits: Any, ticket: Any, action: Callable[[], None]) -> None:
        for client in list(waits._host.sessions._clients.values()):
            if client.ticket is not None and client is not ticket.client:
                client.wait(None)
                waits._host.run_lines(client)
        if ticket.client.ticket is ticket:
            ticket.client.wait(None)
            waits._host.attempt(ticket.client, ticket.echo, action)
            waits._host.run_lines(ticket.client)

    patch.setattr(Waits, "end_here", end_here)


@planted
def runs_lines_behind_a_good_bye(patch: Patch) -> None:
    def quit_and_go_on(dispatch: Any, client: Any, echo: str, ask: Any) -> None:
        client.receiver.connection.close_when_sent(1.0)

    patch.setattr(Dispatch, "_quit", quit_and_go_on)


@planted
def runs_lines_without_an_end(patch: Patch) -> None:
    patch.setattr(Client, "commands_left", lambda client, settings, clock: 10_000)


# The chat.


@planted
def tells_who_acts_what_others_hear(patch: Patch) -> None:
    tell = Turn.tell
    patch.setattr(Turn, "tell", lambda turn, users, record, origin: tell(turn, users, record, None))


@planted
def sends_a_tag_again(patch: Patch) -> None:
    send = DECIDE[SendMessage]

    def twice(state: Any, command: SendMessage) -> Any:
        tags, state.users[command.user].tags = state.users[command.user].tags, None
        outcome = send(state, command)
        state.users[command.user].tags = tags
        return outcome

    patch.setitem(DECIDE, SendMessage, twice)


@planted
def tells_those_who_have_left(patch: Patch) -> None:
    left = EVOLVE[RoomLeft]

    def lingers(state: Any, event: RoomLeft) -> None:
        members = dict(state.rooms[event.room].members)
        left(state, event)
        if event.room in state.rooms and state.rooms[event.room].members:
            state.rooms[event.room].members.update(members)

    patch.setitem(EVOLVE, RoomLeft, lingers)


@planted
def sends_half_of_a_burst(patch: Patch) -> None:
    burst = DECIDE[SendBurst]

    def some(state: Any, command: SendBurst) -> Any:
        outcome = burst(state, command)
        if outcome.__class__ is Refused:
            return outcome
        event = outcome[0][-1]
        assert isinstance(event, BurstSent)
        if len(event.texts) == 1:
            return outcome
        kept = event._replace(texts=event.texts[:-1], tags=event.tags and event.tags[:-1])
        return (*outcome[0][:-1], kept), outcome[1]

    patch.setitem(DECIDE, SendBurst, some)


@planted
def never_tells_what_was_held_back(patch: Patch) -> None:
    patch.setattr(Presence, "_second_over", _nothing)


@planted
def uses_an_id_again(patch: Patch) -> None:
    sent = EVOLVE[MessageSent]

    def stays(state: Any, event: MessageSent) -> None:
        sent(state, event)
        if event.id % 5 == 0:
            state.last_message_id = event.id - 1

    patch.setitem(EVOLVE, MessageSent, stays)


@planted
def lets_events_pass_a_backlog(patch: Patch) -> None:
    send = Release.send

    def passes(release: Any, receiver: Any, records: Any) -> None:
        if receiver.cork is not None:
            release._send(receiver, records)
        else:
            send(release, receiver, records)

    patch.setattr(Release, "send", passes)


@planted
def runs_timers_too_late(patch: Patch) -> None:
    call_later = Reactor.call_later
    patch.setattr(Reactor, "call_later", lambda reactor, delay_s, call: call_later(reactor, delay_s * 40 + 100, call))


@planted
def forgets_lines_that_wait(patch: Patch) -> None:
    patch.setattr(Pacing, "_run_again", lambda pacing: pacing._again.clear())
