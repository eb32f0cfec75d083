"""SIGNUP, LOGIN, RESUME, LOGOUT, SETPASSWORD, DELETEACCOUNT (PROTOCOL.md, "Account and session")."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, Running, befriend, shown

# SIGNUP


def test_signup_does_not_log_in(server: Running) -> None:
    client = server.connect()
    client.says("SIGNUP|alice|correct horse", "OK|SIGNUP|alice")
    client.refused("SHOWFRIENDS|alice", "NOT_LOGGED_IN")


def test_a_name_is_answered_in_its_composed_form(server: Running) -> None:
    client = server.connect()
    client.says("SIGNUP|Zoe\u0308|correct horse", "OK|SIGNUP|Zoë")
    client.says("LOGIN|ZOË|correct horse", "OK|LOGIN|Zoë|…")


@pytest.mark.parametrize("name", ["", "a" * 33, "_a", "a b", "#a", "a\u200bb", "½", "\U0001f600"], ids=shown)
def test_signup_with_no_name(server: Running, name: str) -> None:
    server.connect().refused(f"SIGNUP|{name}|correct horse", "BAD_NAME")


@pytest.mark.parametrize("password", ["", "seven77", "x" * 257, "e\u0308" * 7], ids=["empty", "7", "257", "7 in NFC"])
def test_signup_with_no_password(server: Running, password: str) -> None:
    client = server.connect()
    assert "8" in client.refused(f"SIGNUP|alice|{password}", "BAD_PASSWORD")
    client.says("SIGNUP|alice|eight888", "OK|SIGNUP|alice")


@pytest.mark.parametrize("password", ["eight888", "x" * 256, " " * 8, "ë" * 256, "#pass word"], ids=shown)
def test_passwords_that_are_taken(server: Running, password: str) -> None:
    client = server.connect()
    client.says(f"SIGNUP|alice|{password}", "OK|SIGNUP|alice")
    client.says(f"LOGIN|alice|{password}", "OK|LOGIN|alice|…")


def test_a_password_is_not_trimmed_and_compared_in_nfc(server: Running) -> None:
    client = server.connect()
    client.says("SIGNUP|alice| pass wörd ", "OK|SIGNUP|alice")
    client.refused("LOGIN|alice|pass wörd", "BAD_LOGIN")
    client.refused("LOGIN|alice| Pass wörd ", "BAD_LOGIN")
    client.says("LOGIN|alice| pass wo\u0308rd ", "OK|LOGIN|alice|…")


@pytest.mark.parametrize(
    ("first", "second"), [("Alice", "aLICE"), ("straße", "STRASSE"), ("bob", "ｂｏｂ"), ("Zoë", "zoe\u0308")]
)
def test_a_taken_name_in_any_form(server: Running, first: str, second: str) -> None:
    client = server.connect()
    client.says(f"SIGNUP|{first}|correct horse", f"OK|SIGNUP|{first}")
    client.refused(f"SIGNUP|{second}|another horse", "NAME_TAKEN")
    client.says(f"LOGIN|{second}|correct horse", f"OK|LOGIN|{first}|…")


def test_one_name_asked_for_by_many_at_once_goes_to_one(server: Running) -> None:
    clients = [server.connect() for _ in range(8)]
    for client in clients:
        client.send("SIGNUP|alice|correct horse")
    answers = [client.answer()[-1] for client in clients]
    assert sorted(answer.split("|")[0] for answer in answers) == ["ERR"] * 7 + ["OK"]
    assert all("|NAME_TAKEN|" in answer for answer in answers if answer.startswith("ERR"))


def test_the_least_length_of_a_password_is_a_setting_that_the_refusal_names(start_server: StartServer) -> None:
    server = start_server(password_chars_min=12)
    client = server.connect()
    assert "12" in client.refused("SIGNUP|alice|eleven chars"[:-1], "BAD_PASSWORD")
    client.says("SIGNUP|alice|twelve chars", "OK|SIGNUP|alice")


# LOGIN


def test_login_needs_the_right_name_and_password_and_tells_not_which(server: Running) -> None:
    client = server.connect()
    client.says("SIGNUP|alice|correct horse")
    wrong = client.refused("LOGIN|alice|wrong horse", "BAD_LOGIN")
    unknown = client.refused("LOGIN|nobody|wrong horse", "BAD_LOGIN")
    assert wrong == unknown
    for line in ("LOGIN||", "LOGIN|alice|", "LOGIN||correct horse", f"LOGIN|{'x' * 4000}|correct horse"):
        client.refused(line, "BAD_LOGIN")
    client.says("LOGIN|alice|correct horse", "OK|LOGIN|alice|…")


def test_who_is_logged_in_logs_in_no_more(server: Running) -> None:
    alice = server.user("alice")
    server.user("bob")
    alice.refused(f"LOGIN|alice|{PASSWORD}", "ALREADY_LOGGED_IN")
    alice.refused("LOGIN|alice|wrong horse", "ALREADY_LOGGED_IN")
    alice.refused(f"LOGIN|bob|{PASSWORD}", "ALREADY_LOGGED_IN")
    alice.refused(f"RESUME|alice|{alice.token}", "ALREADY_LOGGED_IN")
    alice.says("SHOWFRIENDS|alice", "OK|SHOWFRIENDS|0")


def test_each_login_has_a_token_of_its_own(server: Running) -> None:
    tokens = {server.user("alice").token, *(server.login("alice").token for _ in range(4))}
    assert len(tokens) == 5
    assert all(len(token) >= 16 for token in tokens)


def test_many_logins_at_once_are_all_answered(server: Running) -> None:
    server.user("alice")
    clients = [server.connect("alice") for _ in range(40)]
    for client in clients:
        client.send(f"LOGIN|alice|{PASSWORD}", "PING|after")
    for client in clients:
        client.answers("OK|LOGIN|alice|…")
        client.answers("OK|PING|after")


# RESUME


def test_resume_with_a_token_gives_the_same_token(server: Running) -> None:
    first = server.user("Alice")
    second = server.connect()
    second.says(f"RESUME|aLICE|{first.token}", f"OK|RESUME|Alice|{first.token}")
    second.says("SHOWFRIENDS|alice", "OK|SHOWFRIENDS|0")


def test_resume_with_no_token_of_that_user(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    client = server.connect()
    for token in ("", "x", bob.token, alice.token[:-1], alice.token + "x", alice.token.swapcase()):
        client.refused(f"RESUME|alice|{token}", "BAD_LOGIN")
    client.refused(f"RESUME|nobody|{alice.token}", "BAD_LOGIN")
    client.says(f"RESUME|alice|{alice.token}", "OK|RESUME|alice|…")


# LOGOUT


def test_logout_ends_the_session_and_its_token_alone(server: Running) -> None:
    one, other = server.user("alice"), server.login("alice")
    one.says("LOGOUT", "OK|LOGOUT|alice")
    one.refused("SHOWFRIENDS|alice", "NOT_LOGGED_IN")
    one.refused("LOGOUT", "NOT_LOGGED_IN")
    one.refused(f"RESUME|alice|{one.token}", "BAD_LOGIN")
    other.says("SHOWFRIENDS|alice", "OK|SHOWFRIENDS|0")
    one.says(f"RESUME|alice|{other.token}", f"OK|RESUME|alice|{other.token}")


@pytest.mark.parametrize("line", ["LOGOUT", "LOGOUT|", "LOGOUT|alice", "logout|ALICE"])
def test_logout_with_or_without_the_name_and_the_connection_stays(server: Running, line: str) -> None:
    alice = server.user("alice")
    server.user("bob")
    alice.says(line, "OK|LOGOUT|alice")
    alice.says(f"LOGIN|bob|{PASSWORD}", "OK|LOGIN|bob|…")


def test_logout_of_another(server: Running) -> None:
    alice = server.user("alice")
    server.user("bob")
    alice.refused("LOGOUT|bob", "NOT_YOU")
    alice.says("SHOWFRIENDS|alice")


# SETPASSWORD


def test_setpassword_ends_every_other_session_and_token(server: Running) -> None:
    one, other = server.user("alice"), server.login("alice")
    gone = server.login("alice")
    gone.close()
    one.says(f"SETPASSWORD|alice|{PASSWORD}|battery staple", "OK|SETPASSWORD|alice")
    other.expect("BYE|KICKED|…")
    other.expect_end()
    one.says("SHOWFRIENDS|alice")
    client = server.connect()
    for token in (other.token, gone.token):
        client.refused(f"RESUME|alice|{token}", "BAD_LOGIN")
    client.refused(f"LOGIN|alice|{PASSWORD}", "BAD_LOGIN")
    client.says(f"RESUME|alice|{one.token}", "OK|RESUME|alice|…")
    server.login("alice", "battery staple")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("wrong horse", "battery staple", "BAD_LOGIN"),
        ("", "battery staple", "BAD_LOGIN"),
        (PASSWORD, "seven77", "BAD_PASSWORD"),
        (PASSWORD, "", "BAD_PASSWORD"),
        (PASSWORD, "x" * 257, "BAD_PASSWORD"),
        (PASSWORD, "battery|staple", "BAD_ARGUMENTS"),
    ],
)
def test_setpassword_refused_changes_nothing(server: Running, old: str, new: str, code: str) -> None:
    one, other = server.user("alice"), server.login("alice")
    one.refused(f"SETPASSWORD|alice|{old}|{new}", code)
    other.no_event()
    server.login("alice")


def test_setpassword_of_another(server: Running) -> None:
    alice = server.user("alice")
    server.user("bob")
    alice.refused(f"SETPASSWORD|bob|{PASSWORD}|battery staple", "NOT_YOU")
    server.login("bob")


# DELETEACCOUNT


def test_deleteaccount_ends_all_sessions_and_keeps_the_name(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    other = server.login("bob")
    bob.says("SENDMESSAGE|bob|alice|bye", "OK|SENDMESSAGE|…")
    other.event("MESSAGE|…|bob|alice|bye")
    alice.event("MESSAGE|…|bob|alice|bye")
    bob.says(f"DELETEACCOUNT|BOB|{PASSWORD}", "OK|DELETEACCOUNT|bob")
    bob.expect("BYE|DELETED|…")
    bob.expect_end()
    assert other.frames_to_the_end()[-1].startswith("BYE|DELETED|")
    alice.event("FRIENDREMOVED|bob")
    alice.no_event()
    assert alice.rows("SHOWFRIENDS|alice") == []
    alice.says("SYNC|alice|0", "OK|SYNC|0|0")
    alice.refused("SENDMESSAGE|alice|bob|hello?", "NO_SUCH_USER")
    alice.refused("HISTORY|alice|bob", "NO_SUCH_USER")
    client = server.connect()
    client.refused("SIGNUP|Bob|correct horse", "NAME_TAKEN")
    client.refused(f"LOGIN|bob|{PASSWORD}", "BAD_LOGIN")
    client.refused(f"RESUME|bob|{bob.token}", "BAD_LOGIN")


def test_deleteaccount_takes_back_requests_both_ways(server: Running) -> None:
    alice, bob, carol = server.user("alice"), server.user("bob"), server.user("carol")
    bob.says("ADDFRIEND|bob|alice")
    carol.says("ADDFRIEND|carol|bob")
    bob.says(f"DELETEACCOUNT|bob|{PASSWORD}", "OK|DELETEACCOUNT|bob")
    assert alice.rows("SHOWREQUESTS|alice") == []
    assert carol.rows("SHOWREQUESTS|carol") == []
    alice.refused("ACCEPTFRIEND|alice|bob", "NO_SUCH_USER")


def test_deleteaccount_needs_the_password(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    befriend(alice, bob)
    for wrong in ("wrong horse", ""):
        bob.refused(f"DELETEACCOUNT|bob|{wrong}", "BAD_LOGIN")
    bob.refused(f"DELETEACCOUNT|alice|{PASSWORD}", "NOT_YOU")
    assert bob.rows("SHOWFRIENDS|bob") == [["alice", "online", ""]]


# Hashing does not hold up the others


def test_a_password_being_hashed_keeps_nobody_waiting(start_server: StartServer) -> None:
    """The answers to many PINGs come while one password is hashed; were it hashed on the loop, one or two would."""
    server = start_server(password_hash_cost=15)
    slow, quick = server.connect(), server.connect()
    with ThreadPoolExecutor(1) as waiting:
        slow.send("SIGNUP|alice|correct horse")
        answered = waiting.submit(slow.answer)
        pings = 0
        while not answered.done():
            quick.says("PING", "OK|PING|")
            pings += 1
        assert answered.result() == ["OK|SIGNUP|alice"]
    assert pings > 5


def test_who_hangs_up_while_the_password_is_hashed_leaves_the_server_well(server: Running) -> None:
    server.user("alice")
    for _ in range(10):
        client = server.connect()
        client.send(f"LOGIN|alice|{PASSWORD}", "PING")
        client.close()
    server.connect().says("PING|well", "OK|PING|well")
    assert server.login("alice").token


def test_a_name_that_looks_like_another_is_refused_unless_a_setting_allows_it(start_server: StartServer) -> None:
    """Also after a restart, which reads the names from the file."""
    server = start_server()
    server.user("Anna")
    server.restart()
    for name in (
        "\u0410nna",
        "Ann\u0430",
        "\u0410\u0438\u0438\u0430".replace("\u0438", "n"),
        "DiceB\u043et",
        "DlCEBOT".replace("l", "\u0406"),
    ):
        text = server.connect().refused(f"SIGNUP|{name}|correct horse", "NAME_TAKEN")
        assert name in text
    server.user("Anne")
    allowing = start_server(look_alike_names="allowed")
    allowing.user("Anna")
    allowing.user("Ann\u0430")
