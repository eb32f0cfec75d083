"""A batch that cannot be stored is undone whole: every kind of side effect that a turn has goes back with it.

Everything is the server's own, in a simulated world whose disk is full when the test says so; a commit may also be
held in flight while the next batch gathers.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bots import Bot, State
from chatserver.admin.desk import Actor
from chatserver.protocol.verbs import VERBS
from tests.model.world import PASSWORD, Session, World
from tests.turn.fingerprint import fingerprint

NEW = "another one"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()
    assert not made.defects


def fail(world: World, *said: tuple[Session, str]) -> None:
    """What these say in one turn cannot be stored; then the disk can be written again."""
    world.disk.is_full = True
    for session, text in said:
        session.line.incoming += f"{text}\n".encode()
    world.settle()
    world.disk.is_full = False
    world.pass_time(2)


def heads(session: Session, fields: int = 3) -> list[str]:
    return ["|".join(frame.split("|")[:fields]) for frame in session.frames()]


def missed(world: World, name: str) -> list[int]:
    return [int(frame.split("|")[2]) for frame in world.login(name) if "|MISSED|" in frame]


# What was handed over.


def test_a_sync_that_was_never_sent_delivers_nothing(world: World) -> None:
    """Ids that a failed batch has given out are given out again: whoever counted them as read would miss messages."""
    ann, ben, cat = world.user("ann"), world.user("ben"), world.user("cat")
    world.befriend(ann, ben, cat)
    world.say(ann, "SENDMESSAGE|ann|ben|first")
    world.pass_time(2)
    for session in (ann, ben, cat):
        session.frames()
    fail(
        world,
        (ann, "SENDMESSAGE|ann|cat|lost 1\nSENDMESSAGE|ann|cat|lost 2\nSENDMESSAGE|ann|cat|3"),
        (ben, "SYNC|ben|0"),
    )
    assert heads(ann) == ["ERR|SENDMESSAGE|UNAVAILABLE"] * 3
    assert cat.frames() == []
    assert [frame.split("|")[:3] for frame in ben.frames()] == [["ITEM", "SYNC", "1"], ["OK", "SYNC", "1"]]
    world.say(ben, "PING|well?")
    world.hang_up(ben)
    world.pass_time(2)
    ann.frames()
    for at in range(3):
        world.say(ann, f"SENDMESSAGE|ann|ben|waiting {at}")
    ids = [int(frame.split("|")[2]) for frame in ann.frames()]
    assert missed(world, "ben") == ids


def test_what_was_unsent_before_a_login_is_not_the_new_users(world: World) -> None:
    fay, vic = world.user("fay"), world.user("vic")
    world.befriend(fay, vic)
    world.hang_up(vic)
    for at in range(20):
        world.say(fay, f"SENDMESSAGE|fay|vic|waiting {at}")
    vic = world.connect("vic")
    vic.line.room = 0
    world.say(vic, f"PING|hello\nLOGIN|vic|{PASSWORD}")
    vic.line.room = len("OK|PING|hello\n")
    world.settle()
    assert vic.frames() == ["OK|PING|hello"]
    world.cut(vic)
    world.pass_time(2)
    assert len(missed(world, "vic")) == 20


def test_rows_of_a_sync_count_one_by_one_as_they_leave(world: World) -> None:
    fay, vic = world.user("fay"), world.user("vic")
    world.befriend(fay, vic)
    world.hang_up(vic)
    world.pass_time(2)
    for at in range(1200):
        world.say(fay, f"SENDMESSAGE|fay|vic|waiting {at}")
    vic = world.connect("vic")
    vic.line.room = 0
    world.say(vic, f"LOGIN|vic|{PASSWORD}\nSYNC|vic|1000|500")
    vic.line.room = 400
    world.settle()
    whole = vic.line.outgoing.decode().split("\n")[:-1]
    got = {int(frame.split("|")[2]) for frame in whole if "|MISSED|" in frame}
    assert 0 < len(got) < 20
    world.cut(vic)
    world.pass_time(2)
    for _ in range(3):
        got |= set(missed(world, "vic"))
        world.pass_time(2)
    assert len(got) == 1200


def test_what_was_unsent_at_a_logout_is_not_the_next_users(world: World) -> None:
    fay, vic, uma = world.user("fay"), world.user("vic"), world.user("uma")
    world.befriend(fay, vic, uma)
    world.hang_up(vic)
    for at in range(20):
        world.say(fay, f"SENDMESSAGE|fay|vic|waiting {at}")
    uma.frames()
    uma.line.room = 0
    world.say(fay, "SENDMESSAGE|fay|uma|one for uma")
    world.say(uma, f"LOGOUT\nLOGIN|vic|{PASSWORD}")
    uma.line.room = 80
    world.settle()
    assert [frame[:14] for frame in uma.frames()][:1] == ["EVENT|MESSAGE|"]
    world.cut(uma)
    world.pass_time(2)
    assert len(missed(world, "vic")) == 20
    assert len(missed(world, "uma")) == 0  # it left whole, while uma was logged in


# Sessions and waits.


def test_a_session_that_was_not_kicked_after_all_gets_its_answers(world: World) -> None:
    ann, again = world.user("ann"), world.connect("ann")
    world.say(again, f"LOGIN|ann|{PASSWORD}")
    again.frames()
    fail(
        world,
        (ann, f"SETPASSWORD|ann|{PASSWORD}|{NEW}"),
        (again, f"SETPASSWORD|ann|{PASSWORD}|a third one\nPING|behind"),
    )
    assert heads(ann) == ["ERR|SETPASSWORD|UNAVAILABLE"]
    assert heads(again) == ["ERR|SETPASSWORD|UNAVAILABLE", "OK|PING|behind"]
    world.say(again, "PING|later")
    assert heads(again) == ["OK|PING|later"]
    friend = world.user("ben")
    world.say(friend, "ADDFRIEND|ben|ann")
    assert heads(again) == heads(ann) == ["EVENT|FRIENDREQUEST|ben"]  # both hear again
    world.say(ann, f"SETPASSWORD|ann|{PASSWORD}|{NEW}")
    assert heads(again) == ["BYE|KICKED|Your password was changed in another session: log in with the new one"]


@pytest.mark.parametrize(
    ("before", "lines", "answers"),
    [
        (
            False,
            f"LOGIN|ann|{PASSWORD}\nSETPASSWORD|ann|{PASSWORD}|{NEW}\nPING|1",
            ["ERR|LOGIN|UNAVAILABLE", "ERR|SETPASSWORD|UNAVAILABLE", "OK|PING|1"],
        ),
        (
            True,
            f"LOGOUT\nLOGIN|ann|{PASSWORD}\nPING|1",
            ["ERR|LOGOUT|UNAVAILABLE", "ERR|LOGIN|UNAVAILABLE", "OK|PING|1"],
        ),
        (
            True,
            f"LOGOUT\nSIGNUP|eve|{PASSWORD}\nPING|1",
            ["ERR|LOGOUT|UNAVAILABLE", "ERR|SIGNUP|UNAVAILABLE", "OK|PING|1"],
        ),
        (
            True,
            f"SETPASSWORD|ann|{PASSWORD}|{NEW}\nLOGOUT\nPING|1",
            ["ERR|SETPASSWORD|UNAVAILABLE", "ERR|LOGOUT|UNAVAILABLE", "OK|PING|1"],
        ),
        (
            True,
            "LOGOUT\nADDFRIEND|ann|dan\nPING|1",
            ["ERR|LOGOUT|UNAVAILABLE", "ERR|ADDFRIEND|UNAVAILABLE", "OK|PING|1"],
        ),
    ],
    ids=["login", "logout and login", "logout and sign-up", "password and logout", "a refusal behind it"],
)
def test_every_line_has_one_answer_and_the_client_goes_on(
    world: World, before: bool, lines: str, answers: list[str]
) -> None:
    ann = world.user("ann")
    if not before:
        world.say(ann, "LOGOUT")
    ann.frames()
    fail(world, (ann, lines))
    assert heads(ann) == answers
    world.say(ann, "PING|2")
    world.pass_time(3600)
    assert "OK|PING|2" in heads(ann)


def test_nothing_stands_behind_a_good_bye(world: World) -> None:
    ann, again = world.user("ann"), world.connect("ann")
    world.say(again, f"LOGIN|ann|{PASSWORD}")
    again.frames()
    ann.line.incoming += f"SETPASSWORD|ann|{PASSWORD}|{NEW}\n".encode()
    again.line.incoming += b"SETPASSWORD|ann|not my password|a third one\nPING|behind\n"
    world.settle()
    assert heads(ann, 2) == ["OK|SETPASSWORD"]
    assert heads(again, 2)[-1] == "BYE|KICKED"


def test_a_deleted_account_that_is_not_deleted_goes_on(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    world.say(ben, "SENDMESSAGE|ben|ann|hi")
    ann.frames(), ben.frames()
    fail(world, (ann, f"DELETEACCOUNT|ann|{PASSWORD}\nSENDMESSAGE|ann|ben|ho"))
    assert heads(ann) == ["ERR|DELETEACCOUNT|UNAVAILABLE", "ERR|SENDMESSAGE|UNAVAILABLE"]
    assert ben.frames() == []
    world.say(ann, "HISTORY|ann|ben\nSENDMESSAGE|ann|ben|ho")
    assert heads(ann, 2) == ["ITEM|HISTORY", "OK|HISTORY", "OK|SENDMESSAGE"]
    assert heads(ben, 2) == ["EVENT|MESSAGE"]


def test_what_is_said_while_a_good_bye_waits_for_the_disk_is_kept_should_it_fail(world: World) -> None:
    ann, again = world.user("ann"), world.connect("ann")
    world.say(again, f"LOGIN|ann|{PASSWORD}")
    again.frames()
    world.flusher.hold()
    world.disk.is_full = True
    world.say(ann, f"DELETEACCOUNT|ann|{PASSWORD}")
    for session in (ann, again):
        world.say(session, "PING|1\nPING|2")
    world.flusher.let_go()
    world.settle()
    assert heads(ann) == ["ERR|DELETEACCOUNT|UNAVAILABLE", "OK|PING|1", "OK|PING|2"]
    assert heads(again) == ["OK|PING|1", "OK|PING|2"]
    world.disk.is_full = False
    world.pass_time(2)


# Several batches.


def test_all_that_is_not_stored_fails_together(world: World) -> None:
    """One batch is in flight, the next has gathered: the second was decided on what the first did."""
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    world.flusher.hold()
    world.disk.is_full = True
    world.say(ann, "SENDMESSAGE|ann|ben|in flight")
    world.disk.is_full = False
    world.say(ann, "SENDMESSAGE|ann|ben|gathers\nLOGOUT")
    world.say(ben, "SETSTATUS|ben|busy|writing\nPING|1")
    assert ann.frames() == ben.frames() == []
    world.flusher.let_go()
    world.settle()
    assert heads(ann) == ["ERR|SENDMESSAGE|UNAVAILABLE", "ERR|SENDMESSAGE|UNAVAILABLE", "ERR|LOGOUT|UNAVAILABLE"]
    assert heads(ben) == ["ERR|SETSTATUS|UNAVAILABLE", "OK|PING|1"]
    world.pass_time(2)
    world.say(ann, "SENDMESSAGE|ann|ben|again")
    assert heads(ann, 2) == ["OK|SENDMESSAGE"]
    assert heads(ben, 3) == ["EVENT|MESSAGE|1"]


def test_what_is_stored_stays_when_the_next_fails(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    world.flusher.hold()
    world.say(ann, "SENDMESSAGE|ann|ben|stored")
    world.say(ann, "SENDMESSAGE|ann|ben|not stored")
    world.disk.is_full = True  # for the second: the first is done already, and only not told
    world.flusher.let_go()
    world.settle()
    assert heads(ann) == ["OK|SENDMESSAGE|1", "ERR|SENDMESSAGE|UNAVAILABLE"]
    assert heads(ben) == ["EVENT|MESSAGE|1"]
    world.disk.is_full = False
    world.pass_time(2)
    world.say(ben, "HISTORY|ben|ann")
    assert heads(ben) == ["ITEM|HISTORY|1", "OK|HISTORY|1"]


# Every kind there is.

LINES = {
    "SIGNUP": f"SIGNUP|eve|{PASSWORD}",
    "REDEEM": f"REDEEM|eve|{PASSWORD}|code",
    "LOGIN": f"LOGOUT|ann\nLOGIN|ann|{PASSWORD}",
    "RESUME": "LOGOUT|ann\nRESUME|ben|{token}",
    "LOGOUT": "LOGOUT|ann",
    "SETPASSWORD": f"SETPASSWORD|ann|{PASSWORD}|{NEW}",
    "DELETEACCOUNT": f"DELETEACCOUNT|ann|{PASSWORD}",
    "SETSTATUS": "SETSTATUS|ann|busy|writing",
    "PING": "PING|1",
    "HELP": "HELP|PING",
    "QUIT": "",  # it stands whatever becomes of the turn
    "ADDFRIEND": "ADDFRIEND|ann|dan",
    "ACCEPTFRIEND": "ACCEPTFRIEND|ann|fay",
    "REJECTFRIEND": "REJECTFRIEND|ann|fay",
    "DELETEFRIEND": "DELETEFRIEND|ann|ben",
    "SHOWFRIENDS": "SHOWFRIENDS|ann",
    "SHOWREQUESTS": "SHOWREQUESTS|ann",
    "SHOWBOTS": "SHOWBOTS|ann",
    "BLOCK": "BLOCK|ann|ben",
    "UNBLOCK": "UNBLOCK|ann|gus",
    "SHOWBLOCKS": "SHOWBLOCKS|ann",
    "SENDMESSAGE": "SENDMESSAGE#t|ann|ben|1\nSENDMESSAGE|ann|#den|2\nSENDMESSAGE|ann|#den|3\nSENDMESSAGE|ann|EchoBot|4",
    "HISTORY": "HISTORY|ann|ben",
    "EDITMESSAGE": "EDITMESSAGE|ann|1|new",
    "DELETEMESSAGE": "DELETEMESSAGE|ann|1",
    "REACT": "REACT|ann|1|x",
    "SYNC": "SYNC|ann|0",
    "MARKREAD": "MARKREAD|ann|ben|9",
    "SHOWUNREAD": "SHOWUNREAD|ann",
    "SHOWCONVERSATIONS": "SHOWCONVERSATIONS|ann",
    "TYPING": "",  # nothing of it is stored: it stands
    "SEARCH": "SEARCH|ann|hi",
    "EXPLAIN": "EXPLAIN|ann|1",
    "EXPORT": "EXPORT|ann",
    "CREATEROOM": "CREATEROOM|ann|#new",
    "JOIN": "JOIN|ann|#open",
    "LEAVE": "LEAVE|ann|#den",
    "INVITE": "INVITE|ann|#den|gus",
    "KICK": "KICK|ann|#den|ben",
    "SETTOPIC": "SETTOPIC|ann|#den|roses",
    "HANDOVER": "HANDOVER|ann|#den|ben",
    "MODERATOR": "MODERATOR|ann|#den|ben",
    "REPORT": "REPORT|ann|2|why not",
    "ADMIN": "ADMIN|ann|mute ben --for 1h\nADMIN|ann|kick ben --yes",
    "SHOWROOMS": "SHOWROOMS|ann",
    "SHOWMEMBERS": "SHOWMEMBERS|ann|#den",
}
"""Something to say with each verb that changes something, if the verb does."""


def echo(words: str, state: State) -> tuple[str, State]:
    """Say it again, and remember that it was said."""
    return words, {**state, "said": int(state.get("said", 0)) + 1}


@pytest.fixture
def full_world(tmp_path: Path) -> Iterator[World]:
    """One in which each of `LINES` can be said."""
    bot = Bot("EchoBot", help="repeats")
    bot.on("<words>", help="again")(echo)
    made = World(tmp_path, bots=[bot], presence_ms=1000)
    yield made
    made.close()
    assert not made.defects


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("batches", [1, 2])
def test_nothing_anywhere_remembers_what_did_not_hold(full_world: World, verb: str, batches: int) -> None:
    world = full_world
    ann, ben, dan, fay, gus = (world.user(name) for name in ("ann", "ben", "dan", "fay", "gus"))
    world.appoint("ann")
    world.befriend(ann, ben)
    world.say(fay, "ADDFRIEND|fay|ann\nCREATEROOM|fay|#open")
    world.say(ann, "CREATEROOM|ann|#den\nINVITE|ann|#den|ben\nBLOCK|ann|gus\nSENDMESSAGE|ann|ben|hi")
    world.say(ben, "JOIN|ben|#den\nSENDMESSAGE|ben|ann|ho\nSENDMESSAGE|ben|EchoBot|hi")
    world.say(ann, "SYNC|ann|0")  # what it hands over is handed over, whatever becomes of the turn
    token = ben.token
    world.pass_time(5)
    for session in (ann, ben, dan, fay, gus):
        session.frames()
    before = fingerprint(world.server, world.now_ms)
    assert len(before) > 300
    lines = LINES[verb].format(token=token).split("\n")
    if batches == 2:  # something is in flight, and what this says gathers behind it
        world.flusher.hold()
        world.disk.is_full = True
        world.say(ben, "SETSTATUS|ben|away|in flight")
    world.disk.is_full = True
    ann.line.incoming += "".join(f"{line}\n" for line in lines if line).encode()
    world.settle()
    world.flusher.let_go()
    world.settle()
    world.disk.is_full = False
    world.pass_time(5)
    world.say(ann, "PING|the end")
    assert ann.frames()[-1] == "OK|PING|the end"
    world.pass_time(5)
    after = fingerprint(world.server, world.now_ms)
    differences = {path: (before.get(path), after.get(path)) for path in before.keys() | after.keys()}
    assert {path: pair for path, pair in differences.items() if pair[0] != pair[1]} == {}


# What the machine's owner asks for.

OWNERS = (
    "settings set message_chars_max 7",
    "settings set admins ben",
    "settings set log_level error",
    "settings set history_days 1",
    "reload",
    "purge --yes",
    "room retention #den 7",
    "drain --yes",
    "bot enable EchoBot",
    "bot disable EchoBot",
    "bot reload",
    "ban 127.0.0.1",
    "kick ann",
    "mute ann",
    "user suspend ann",
    "user passwd ann",
    "user create eve",
    "user delete ann --yes",
    "sessions end ann",
    "room close #den --yes",
    "announce tea",
    "invite create",
)


@pytest.fixture
def owned_world(tmp_path: Path) -> Iterator[World]:
    """One with a configuration file that has changed, a folder with another bot, old messages, and a bot that fails."""
    bot = Bot("EchoBot", help="repeats")
    bot.on("<words>", help="again")(echo)
    made = World(tmp_path, bots=[bot], history_days=30)
    desk = made.server.administration.desk
    desk.read_again = lambda: replace(desk.settings, signup="closed", log_level="warning")
    desk.load_bots = lambda: [bot, Bot("NewBot", help="is new")]
    level = logging.getLogger().level
    logging.getLogger().setLevel(desk.settings.log_level.upper())
    yield made
    logging.getLogger().setLevel(level)
    made.close()


@pytest.mark.parametrize("words", OWNERS)
def test_a_command_of_administration_that_cannot_be_stored_leaves_nothing(owned_world: World, words: str) -> None:
    world = owned_world
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    world.say(ann, "CREATEROOM|ann|#den")
    desk, answers = world.server.administration.desk, list[str]()
    (running,) = desk.bots._bots
    running.faults.known = replace(running.faults.known, is_off=True)
    world.pass_time(5)
    before = fingerprint(world.server, world.now_ms), logging.getLogger().level, desk.store.retention._asked

    def ask() -> None:
        actor = Actor("machine", is_machine=True)
        desk_answer = world.server.administration.from_machine
        desk_answer(actor, words.split(), lambda outcome: answers.append(getattr(outcome, "code", "OK")))

    world.disk.is_full = True
    world.server.reactor.post(ask)
    world.settle()
    assert answers == ["UNAVAILABLE"]
    world.server.reactor.post(ask)  # and now it is known
    world.settle()
    assert answers == ["UNAVAILABLE"] * 2
    world.disk.is_full = False
    world.pass_time(5)
    after = fingerprint(world.server, world.now_ms), logging.getLogger().level, desk.store.retention._asked
    assert {path for path in before[0].keys() | after[0].keys() if before[0].get(path) != after[0].get(path)} == set()
    assert before[1:] == after[1:]
    world.say(ann, "PING|the end")
    assert ann.frames()[-1] == "OK|PING|the end"
    world.server.reactor.post(ask)
    world.settle()
    assert answers[-1] == "OK"
