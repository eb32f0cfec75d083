"""Further defects to plant: of the page's door, of what administrators decide, of what leaves bit by bit."""

from dataclasses import replace
from typing import Any

from chatserver.admin import places
from chatserver.admin.result import Result
from chatserver.admin.table import TABLE as ADMIN
from chatserver.core.commands import Ban
from chatserver.core.events import AddressBanned, MessageReported, UserRemoved
from chatserver.core.evolve import TABLE as EVOLVE
from chatserver.fronts.web.link import Link
from chatserver.fronts.web.websocket import MessageReader
from chatserver.sessions.sessions import Sessions
from chatserver.store.statements import STATEMENTS
from chatserver.turn.batch import Batch
from chatserver.turn.release import Release
from tests.simulation.planted import Patch, planted

# The page's door.


@planted
def loses_the_rest_of_a_message_of_the_page(patch: Patch) -> None:
    feed = MessageReader.feed

    def forgetful(reader: Any, data: bytes) -> Any:
        items = feed(reader, data)
        reader._buffer = b""
        return items

    patch.setattr(MessageReader, "feed", forgetful)


@planted
def forgets_the_begin_of_a_message_in_fragments(patch: Patch) -> None:
    fragment = MessageReader._fragment

    def last_alone(reader: Any, payload: bytes, items: Any, *, is_last: bool) -> None:
        fragment(reader, payload if is_last else payload[:0], items, is_last=is_last)

    patch.setattr(MessageReader, "_fragment", last_alone)


@planted
def sends_the_page_lines_without_messages(patch: Patch) -> None:
    patch.setattr("chatserver.fronts.web.link.text_header", lambda size: b"")


@planted
def tells_the_page_nothing_behind_what_waits(patch: Patch) -> None:
    hand = Link._hand

    def loses(link: Any, wire: bytes, pieces: Any) -> bool:
        return bool(link._connection.unsent) or hand(link, wire, pieces)

    patch.setattr(Link, "_hand", loses)


# What administrators decide.


@planted
def lets_the_muted_write(patch: Patch) -> None:
    for module in ("messages", "changes", "rooms"):
        patch.setattr(f"chatserver.core.{module}.check_mute", lambda user, now_ms: None)


@planted
def lets_the_suspended_in(patch: Patch) -> None:
    patch.setattr("chatserver.core.accounts.check_login", lambda user, now_ms: None)


@planted
def leaves_those_who_are_shown_out(patch: Patch) -> None:
    patch.setattr(Sessions, "remove", lambda sessions, origin, happened: None)


@planted
def leaves_those_who_come_from_a_banned_network(patch: Patch) -> None:
    def ban_alone(desk: Any, asked: Any) -> Any:
        until_ms = asked.until_ms(desk.now_ms())
        desk.execute(Ban(places._network(asked), until_ms, "", desk.now_ms()))
        return Result("it is kept out")

    patch.setitem(ADMIN, "ban", replace(ADMIN["ban"], do=ban_alone))


@planted
def lets_in_who_is_banned(patch: Patch) -> None:
    patch.setattr("chatserver.core.bans.banned", lambda state, address, now_ms: None)


@planted
def forgets_to_store_bans(patch: Patch) -> None:
    patch.setitem(STATEMENTS, AddressBanned, ((), lambda event: event))


@planted
def forgets_to_store_reports(patch: Patch) -> None:
    patch.setitem(STATEMENTS, MessageReported, ((), lambda event: event))


@planted
def takes_reports_without_an_end(patch: Patch) -> None:
    reported = EVOLVE[MessageReported]

    def uncounted(state: Any, event: MessageReported) -> None:
        reported(state, event)
        state.reported[event.user] = state.reported[event.user][:1]

    patch.setitem(EVOLVE, MessageReported, uncounted)


@planted
def shows_out_before_it_is_decided(patch: Patch) -> None:
    """And does not take it back where the disk fails."""
    remove = Sessions.remove

    def at_once(sessions: Any, origin: Any, happened: UserRemoved) -> None:
        remove(sessions, origin, happened)
        sessions.answered()
        for client in list(sessions._closing):
            client.receiver.connection.close_when_sent(1.0)

    patch.setattr(Sessions, "remove", at_once)


# What leaves over several turns.


@planted
def overtakes_what_still_leaves(patch: Patch) -> None:
    patch.setattr(Batch, "holds_back", lambda batch, receiver: not batch.over and batch.leaving is None)


@planted
def forgets_what_a_turn_had_no_time_for(patch: Patch) -> None:
    send_batch = Release.send_batch

    def once(release: Any, batch: Batch, clock: Any) -> bool:
        send_batch(release, batch, clock)
        return True

    patch.setattr(Release, "send_batch", once)
