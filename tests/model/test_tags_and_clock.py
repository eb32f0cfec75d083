"""A repeated send stays one send, whatever the wall clock did meanwhile."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.model.world import PASSWORD, Session, World

DAY_H = 24


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path)) as made:
        yield made


def session(world: World, name: str, first: str) -> Session:
    made = world.connect(name)
    world.say(made, f"{first}|{name}|{PASSWORD}")
    return made


def friends(world: World) -> tuple[Session, Session]:
    ann, ben = session(world, "ann", "SIGNUP"), session(world, "ben", "SIGNUP")
    for line, each in (("LOGIN|ann|", ann), ("LOGIN|ben|", ben)):
        world.say(each, line + PASSWORD)
    world.say(ann, "ADDFRIEND|ann|ben")
    world.say(ben, "ACCEPTFRIEND|ben|ann")
    return ann, ben


def pay(world: World, ann: Session) -> str:
    ann.frames()
    world.say(ann, "SENDMESSAGE#pay|ann|ben|pay 100")
    return next(frame for frame in ann.frames() if "#pay|" in frame)


@pytest.mark.parametrize("hours", [-48, -10 * 365 * DAY_H, DAY_H + 1, 10 * 365 * DAY_H])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_was_wrong_for_a_while_hides_no_tag(world: World, hours: int, restarts: bool) -> None:
    ann, ben = friends(world)
    first = pay(world, ann)
    world.move_wall_clock(hours)
    for number in range(6):
        world.say(ben, f"SENDMESSAGE#n{number}|ben|ann|the clock is wrong")
        world.say(ann, f"SENDMESSAGE#n{number}|ann|ben|the clock is wrong")
    world.move_wall_clock(-hours)
    if restarts:
        world.pass_time(60)
        world.restart()
        ann = session(world, "ann", "LOGIN")
    assert pay(world, ann) == first


def test_a_start_with_a_clock_that_is_ahead_forgets_no_tag(world: World) -> None:
    ann, _ = friends(world)
    first = pay(world, ann)
    world.move_wall_clock(10 * 365 * DAY_H)
    world.restart()
    world.move_wall_clock(-10 * 365 * DAY_H)
    assert pay(world, session(world, "ann", "LOGIN")) == first
