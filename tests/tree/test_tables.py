"""Every type has its row: a table that forgot one would fail at run time, for one user, on one day."""

from typing import get_args

from chatserver.core import audience, commands, decide, events, evolve, facts
from chatserver.fronts.pipe import builders
from chatserver.protocol.verbs import VERBS
from chatserver.queries import answers, long_answers, look_ups, requests
from chatserver.sessions.phases import Phase
from chatserver.store.message_rows import STORED
from chatserver.store.statements import STATEMENTS

EVENTS = set(get_args(events.Event))
COMMANDS = set(get_args(commands.Command))


def test_every_command_is_decided() -> None:
    assert decide.TABLE.keys() == COMMANDS


def test_every_event_changes_state() -> None:
    assert evolve.TABLE.keys() == EVENTS


def test_every_event_is_stored_or_named_as_passing() -> None:
    assert STATEMENTS.keys() | STORED | events.PASSING == EVENTS
    assert not STATEMENTS.keys() & (events.PASSING | STORED)


def test_only_events_are_delivered() -> None:
    assert audience.TABLE.keys() <= EVENTS


def test_every_event_says_what_it_changes() -> None:
    assert facts.TABLE.keys() == EVENTS


def test_every_query_is_answered() -> None:
    assert answers.TABLE.keys() == set(get_args(requests.Query))
    assert long_answers.TABLE.keys() == set(get_args(requests.LongQuery))
    assert look_ups.TABLE.keys() == set(get_args(requests.LookUp))


def test_every_verb_has_a_row_where_it_may_be_used() -> None:
    assert builders.TABLE.keys() == set(Phase)
    assert builders.TABLE[Phase.LOGGED_IN].keys() == VERBS.keys()
    assert builders.TABLE[Phase.BEFORE_LOGIN].keys() == {name for name, verb in VERBS.items() if verb.before_login}
    assert not builders.TABLE[Phase.CLOSED]
    assert not builders.TABLE[Phase.CLOSING]


def test_every_class_of_the_modules_is_in_their_union() -> None:
    """A command or event that was written but not added to the union would be seen by none of the tests above."""
    for module, union in ((commands, COMMANDS), (events, EVENTS)):
        classes = [each for each in vars(module).values() if isinstance(each, type)]
        own = [each for each in classes if each.__module__ == module.__name__]
        parts = " ".join(str(kind) for each in own for kind in each.__annotations__.values())
        assert {each for each in own if each.__qualname__ not in parts} == union
