"""Waiting with a ticket: only that one ends it, and only from a call of its own."""

from collections.abc import Callable

import pytest

from chatserver.sessions.client import Client
from chatserver.sessions.waits import Waits
from chatserver.turn.batch import Batch
from tests.sessions.clients import logged_in


class World:
    """A host that notes what is done, and calls that wait for the next turn."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.soon: list[Callable[[], None]] = []
        self.waits = Waits(self, self.soon.append)
        self.client = logged_in()

    def attempt(self, client: Client, echo: str, action: Callable[[], None]) -> None:
        assert client is self.client
        assert client.reads
        self.done.append(f"attempt {echo}")
        action()

    def run_lines(self, client: Client) -> None:
        assert client is self.client
        self.done.append("lines")

    def turn(self) -> None:
        soon, self.soon[:] = list(self.soon), []
        for call in soon:
            call()


@pytest.fixture
def world() -> World:
    return World()


def test_who_waits_reads_nothing_until_it_is_over(world: World) -> None:
    ticket = world.waits.begin(world.client, "LOGIN")
    assert not world.client.reads
    assert (ticket.client, ticket.echo) == (world.client, "LOGIN")
    world.waits.end(ticket, lambda: world.done.append("action"))
    assert not world.client.reads  # not from within a line
    assert world.done == []
    world.turn()
    assert world.done == ["attempt LOGIN", "action", "lines"]
    assert world.client.reads
    assert world.client.ticket is None


def test_nobody_waits_twice(world: World) -> None:
    world.waits.begin(world.client)
    with pytest.raises(AssertionError, match="no line"):
        world.waits.begin(world.client)


def test_a_ticket_that_was_taken_away_ends_nothing(world: World) -> None:
    old = world.waits.begin(world.client, "LOGIN")
    world.client.wait(None)
    world.waits.end(old, lambda: world.done.append("action"))
    world.turn()
    assert world.done == []
    new = world.waits.begin(world.client, "LOGIN")
    world.waits.end(old, lambda: world.done.append("old"))
    world.turn()
    assert world.done == []
    assert world.client.ticket is new


def test_one_whose_client_has_gone_ends_nothing(world: World) -> None:
    ticket = world.waits.begin(world.client)
    world.waits.end(ticket, lambda: world.done.append("action"))
    world.client.close()
    world.turn()
    assert world.done == []


def test_a_ticket_ends_once(world: World) -> None:
    ticket = world.waits.begin(world.client)
    for _ in range(2):
        world.waits.end(ticket, lambda: world.done.append("action"))
    world.turn()
    assert world.done.count("action") == 1


def test_what_is_done_may_begin_the_next_wait(world: World) -> None:
    ticket = world.waits.begin(world.client, "1")
    world.waits.end(ticket, lambda: setattr(world, "next", world.waits.begin(world.client, "2")))
    world.turn()
    assert not world.client.reads
    assert world.client.ticket is not None
    assert world.client.ticket.echo == "2"


def test_a_batch_lets_its_client_go_on_when_it_is_over(world: World) -> None:
    batch = Batch(1, 0)
    world.waits.for_batch(world.client, batch)
    world.turn()
    assert not world.client.reads
    batch.end()
    assert not world.client.reads
    world.turn()
    assert world.client.reads
    assert world.done == ["attempt ", "lines"]
