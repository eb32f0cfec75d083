"""Tags: echoed on every answer, and what makes a send idempotent (PROTOCOL.md, "Client to server")."""

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, Running, shown

TAG = "#aZ-09_.x"


def test_a_tag_comes_back_on_ok_err_and_item(server: Running) -> None:
    alice, _ = server.friends("alice", "bob")
    alice.says(f"ping{TAG}|x", f"OK|PING{TAG}|x")
    alice.says(f"SHOWFRIENDS{TAG}|alice", f"ITEM|SHOWFRIENDS{TAG}|bob|online|", f"OK|SHOWFRIENDS{TAG}|1")
    alice.says(f"HELP{TAG}|quit", f"ITEM|HELP{TAG}|QUIT|…", f"OK|HELP{TAG}|1")
    for line, code in (
        ("ADDFRIEND{}|alice|alice", "SELF"),
        ("ADDFRIEND{}|alice", "BAD_ARGUMENTS"),
        ("ADDFRIEND{}|bob|alice", "NOT_YOU"),
        ("DANCE{}|alice", "UNKNOWN_COMMAND"),
    ):
        verb = line.partition("{")[0]
        alice.send(line.format(TAG))
        alice.expect(f"ERR|{verb}{TAG}|{code}|…")
    alice.says(f"LOGOUT{TAG}", f"OK|LOGOUT{TAG}|alice")
    alice.send(f"SHOWFRIENDS{TAG}|alice")
    alice.expect(f"ERR|SHOWFRIENDS{TAG}|NOT_LOGGED_IN|…")


def test_a_tag_comes_back_on_what_a_worker_answers(server: Running) -> None:
    client = server.connect()
    client.says(f"SIGNUP#a|alice|{PASSWORD}", "OK|SIGNUP#a|alice")
    client.send("LOGIN#b|alice|wrong horse")
    client.expect("ERR|LOGIN#b|BAD_LOGIN|…")
    client.says(f"LOGIN#c|alice|{PASSWORD}", "OK|LOGIN#c|alice|…")
    client.says(f"SETPASSWORD#d|alice|{PASSWORD}|battery staple", "OK|SETPASSWORD#d|alice")
    client.send("DELETEACCOUNT#e|alice|battery staple")
    client.expect("OK|DELETEACCOUNT#e|alice", "BYE|DELETED|…")


@pytest.mark.parametrize("tag", ["", "x" * 33, "a b", "ä", "a#b", "a/b", "a\t"], ids=shown)
def test_a_malformed_tag_is_no_frame(server: Running, tag: str) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.send(f"SENDMESSAGE#{tag}|alice|bob|hi")
    alice.expect("ERR|?|BAD_FRAME|…")
    bob.no_event()


def test_events_carry_no_tag(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.says("SENDMESSAGE#t1|alice|bob|hi", "OK|SENDMESSAGE#t1|…")
    bob.event("MESSAGE|…|alice|bob|hi")


def test_the_same_tag_again_gets_the_first_answer_and_sends_nothing(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    first = alice.says("SENDMESSAGE#t1|alice|bob|hi")
    bob.event("MESSAGE|…|hi")
    assert alice.says("SENDMESSAGE#t1|alice|bob|hi") == first
    assert alice.says("sendmessage#t1|ALICE|bob|something else") == first
    bob.no_event()
    assert len(alice.rows("HISTORY|alice|bob")) == 1
    alice.says("SENDMESSAGE#t2|alice|bob|hi")
    bob.event("MESSAGE|…|hi")


def test_within_one_turn_too(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.send(*["SENDMESSAGE#t1|alice|bob|hi"] * 10)
    answers = {alice.answer()[0] for _ in range(10)}
    assert len(answers) == 1
    bob.event("MESSAGE|…|hi")
    bob.no_event()


def test_from_another_session_and_another_connection(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    first = alice.says("SENDMESSAGE#t1|alice|bob|hi")
    assert server.login("alice").says("SENDMESSAGE#t1|alice|bob|hi") == first
    alice.close()
    later = server.connect("alice")
    later.says(f"RESUME|alice|{alice.token}")
    assert later.says("SENDMESSAGE#t1|alice|bob|hi") == first
    bob.event("MESSAGE|…|hi")
    assert len(bob.rows("HISTORY|bob|alice")) == 1


def test_the_letter_case_of_a_tag_counts(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    assert alice.says("SENDMESSAGE#t|alice|bob|hi") != alice.says("SENDMESSAGE#T|alice|bob|hi")
    assert len(bob.rows("HISTORY|bob|alice")) == 2


def test_a_tag_is_one_of_its_user(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    first = alice.says("SENDMESSAGE#t|alice|bob|hi")
    assert bob.says("SENDMESSAGE#t|bob|alice|hi") != first
    assert len(bob.rows("HISTORY|bob|alice")) == 2


def test_the_tag_of_a_refused_send_is_free_again(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.refused("SENDMESSAGE#t|alice|bob| ", "BAD_TEXT")
    alice.refused("SENDMESSAGE#t|alice|nobody|hi", "NO_SUCH_USER")
    alice.says("SENDMESSAGE#t|alice|bob|hi")
    bob.event("MESSAGE|…|hi")


def test_the_tag_of_another_verb_says_nothing_about_a_send(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.says("PING#t|x")
    alice.says("SETSTATUS#t|alice|away|")
    bob.event("STATUS|alice|away|")
    alice.says("SENDMESSAGE#t|alice|bob|hi", "OK|SENDMESSAGE#t|…")
    alice.says("PING#t|y", "OK|PING#t|y")
    alice.refused("SENDMESSAGE#t|alice|bob", "BAD_ARGUMENTS")
    bob.event("MESSAGE|…|hi")
    bob.no_event()


@pytest.mark.parametrize("kill", [False, True], ids=["restarted", "killed"])
def test_after_a_restart_and_a_crash(start_server: StartServer, kill: bool) -> None:
    server = start_server()
    alice, _ = server.friends("alice", "bob")
    first = [alice.says(f"SENDMESSAGE#t{at}|alice|bob|{at}") for at in range(20)]
    server.restart(kill=kill)
    alice = server.login("alice")
    assert [alice.says(f"SENDMESSAGE#t{at}|alice|bob|{at}") for at in range(20)] == first
    assert len(alice.rows("HISTORY|alice|bob")) == 20


@pytest.mark.parametrize("form", ["x7.{}", "t{}", "{}.1"])
def test_tags_that_come_again_among_others_sent_ahead(server: Running, form: str) -> None:
    alice, _ = server.friends("alice", "bob")
    alice.says("CREATEROOM|alice|#tea")
    tags = [form.format(at) for at in range(12)]
    said = [*tags[:4], tags[2], *tags[4:8], tags[0], tags[7], *tags[6:12]]
    alice.send(*(f"SENDMESSAGE#{tag}|alice|{'bob' if at % 3 else '#tea'}|{tag}" for at, tag in enumerate(said)))
    answers: dict[str, set[str]] = {}
    for tag in said:
        frame = alice.answer()[0]
        assert frame.startswith(f"OK|SENDMESSAGE#{tag}|")
        answers.setdefault(tag, set()).add(frame)
    assert all(len(each) == 1 for each in answers.values())
    heard = [*alice.rows("HISTORY|alice|bob"), *alice.rows("HISTORY|alice|#tea")]
    assert sorted(row[-1] for row in heard) == sorted(tags)


def test_a_burst_with_tags_that_was_sent_before_a_crash_is_answered_as_it_was(start_server: StartServer) -> None:
    server = start_server()
    alice, _ = server.friends("alice", "bob")
    lines = [f"SENDMESSAGE#x.{at}|alice|bob|{at}" for at in range(700)]
    alice.send(*lines)
    first = [alice.answer()[0] for _ in lines]
    server.restart(kill=True)
    alice = server.login("alice")
    new = [f"SENDMESSAGE#x.{at}|alice|bob|{at}" for at in range(700, 720)]
    alice.send(*lines[690:], *new, *lines[:5])
    again = [alice.answer()[0] for _ in range(35)]
    assert (again[:10], again[30:]) == (first[690:], first[:5])
    assert len(alice.rows("SYNC|alice|0|500")) == 500
    assert len({frame.split("|")[2] for frame in first + again}) == 720
