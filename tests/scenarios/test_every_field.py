"""Every verb with each of its fields empty, too long, missing or one too many, and in every wrong state.

These are made from the table of verbs, so that a new verb is tested as soon as it
has a row. Whatever is refused: the connection goes on, and nothing has changed.
"""

import pytest

from chatserver.protocol.verbs import VERBS, Verb
from tests.harness import PASSWORD, Running, shown
from tests.wire import Client

GOOD = {
    "username": "alice",
    "password": PASSWORD,
    "old password": PASSWORD,
    "new password": "battery staple",
    "token": "no token at all",
    "friendname": "bob",
    "to": "bob",
    "with": "bob",
    "text": "a text",
    "online, away, busy or invisible": "away",
    "limit 1-500": "5",
    "before id": "7",
    "after id": "0",
    "id": "1",
    "words": "a text",
    "verb": "PING",
    "name": "bob",
    "#room": "#den",
    "public or private": "private",
    "emoji": ":-)",
    "on or off": "off",
    "command": "help",
}
"""A value for each kind of field of the table, fit for alice who is bob's friend."""

LONG = "x" * 7900
AFTER_LOGIN = [verb for verb in VERBS.values() if not verb.before_login]
WITH_FIELDS = [verb for verb in VERBS.values() if verb.fields]
STRANGERS = ("SIGNUP", "REDEEM", "LOGIN", "RESUME")
"""For who is not logged in, though others may say them too."""
WITH_REQUIRED = [verb for verb in WITH_FIELDS if verb.required]
WITH_OPTIONAL = [verb for verb in WITH_FIELDS if verb.required < len(verb.fields)]


def good(verb: Verb) -> list[str]:
    """Arguments that are well formed, one for every field, optional ones included."""
    return [GOOD.get(field, "a text") for field in verb.fields]


def line(verb: Verb, arguments: list[str]) -> str:
    return "|".join((verb.name, *arguments))


def everything(client: Client, name: str) -> list[list[list[str]]]:
    """What a user can see of the chat."""
    return [
        client.rows(f"{words}")
        for words in (f"SHOWFRIENDS|{name}", f"SHOWREQUESTS|{name}", f"SYNC|{name}|0", f"HISTORY|{name}|bob")
    ]


def answered(client: Client, typed: str) -> list[str]:
    """The one answer to a line, whose frames all carry the verb."""
    client.send(typed)
    frames = client.answer()
    verb = typed.partition("|")[0]
    assert frames[-1].startswith((f"OK|{verb}", f"ERR|{verb}|")), frames
    return frames


@pytest.mark.parametrize("verb", AFTER_LOGIN, ids=lambda verb: verb.name)
def test_before_login_it_is_refused_however_it_is_written(server: Running, verb: Verb) -> None:
    server.user("alice").says("LOGOUT")
    client = server.connect()
    for arguments in ([], [""], good(verb), [*good(verb), "more"]):
        client.refused(line(verb, arguments), "NOT_LOGGED_IN")


@pytest.mark.parametrize("verb", [verb for verb in WITH_FIELDS if verb.name != "PING"], ids=lambda verb: verb.name)
def test_a_field_missing_or_one_too_many(server: Running, verb: Verb) -> None:
    client = server.connect() if verb.name in STRANGERS else server.friends("alice", "bob")[0]
    for count in range(verb.required):
        text = client.refused(line(verb, good(verb)[:count]), "BAD_ARGUMENTS")
        assert verb.usage in text
    if not verb.free_text:
        assert verb.usage in client.refused(line(verb, [*good(verb), ""]), "BAD_ARGUMENTS")
        client.refused(line(verb, [*good(verb), "more"]), "BAD_ARGUMENTS")
    client.no_event()


@pytest.mark.parametrize("verb", WITH_REQUIRED, ids=lambda verb: verb.name)
def test_a_required_field_empty_or_too_long_is_refused_and_changes_nothing(server: Running, verb: Verb) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.says("SENDMESSAGE|alice|bob|the one message")
    bob.event("MESSAGE|…")
    before = everything(alice, "alice")
    client = server.connect() if verb.name in STRANGERS else alice
    for at in range(verb.required):
        for value in ("", LONG):
            arguments = good(verb)
            arguments[at] = value
            frames = answered(client, line(verb, arguments))
            assert frames[-1].startswith("ERR|"), (arguments[at][:20], frames)
    assert everything(alice, "alice") == before
    bob.no_event()


@pytest.mark.parametrize("verb", WITH_OPTIONAL, ids=lambda verb: verb.name)
def test_an_optional_field_empty_is_taken_and_too_long_is_refused(server: Running, verb: Verb) -> None:
    alice, _ = server.friends("alice", "bob")
    for at in range(verb.required, len(verb.fields)):
        arguments = good(verb)
        arguments[at] = LONG
        assert answered(alice, line(verb, arguments))[-1].startswith("ERR|")
        arguments[at] = ""
        assert answered(alice, line(verb, arguments))[-1].startswith("OK|")
        if verb.name == "LOGOUT":
            alice.says(f"LOGIN|alice|{PASSWORD}")


@pytest.mark.parametrize("verb", WITH_FIELDS, ids=lambda verb: verb.name)
@pytest.mark.parametrize("bad", [b"\xff", b"\x1b", "\u2028".encode(), b"\xe2\x80"], ids=shown)
def test_bytes_that_no_field_holds(server: Running, verb: Verb, bad: bytes) -> None:
    client = server.connect()
    typed = line(verb, good(verb)).encode()
    for at in range(len(verb.name) + 1, len(typed), 7):
        client.send_bytes(typed[:at] + bad + typed[at:] + b"\n")
        client.expect("ERR|?|BAD_FRAME|…")
    client.no_event()


@pytest.mark.parametrize("verb", WITH_FIELDS, ids=lambda verb: verb.name)
def test_a_command_cut_by_a_close_is_not_run(server: Running, verb: Verb) -> None:
    alice, bob = server.friends("alice", "bob")
    session = server.login("alice")
    session.send_bytes(line(verb, good(verb)).encode())
    session.end_sending()
    session.expect_end()
    bob.no_event()
    alice.says("SHOWFRIENDS|alice", "ITEM|SHOWFRIENDS|bob|online|", "OK|SHOWFRIENDS|1")
    alice.says("SYNC|alice|0", "OK|SYNC|0|0")


@pytest.mark.parametrize("verb", [verb for verb in AFTER_LOGIN if verb.required], ids=lambda verb: verb.name)
def test_in_the_name_of_another(server: Running, verb: Verb) -> None:
    alice, bob = server.friends("alice", "bob")
    for name in ("bob", "nobody", "", "alice ", "аlice"):
        alice.refused(line(verb, [name, *good(verb)[1:]]), "NOT_YOU")
    bob.no_event()


def test_a_typed_name_in_any_form_is_the_user(server: Running) -> None:
    zoe, bob = server.user("Zoë"), server.user("bob")
    zoe.says("ADDFRIEND|ZOË|BOB", "OK|ADDFRIEND|bob|requested")
    bob.says("ACCEPTFRIEND|Bob|zoe\u0308", "OK|ACCEPTFRIEND|Zoë")
    zoe.says("SENDMESSAGE|zoe\u0308|ｂｏｂ|hi", "OK|SENDMESSAGE|…")
    bob.event("FRIENDREQUEST|Zoë")
    bob.event("MESSAGE|…|Zoë|bob|hi")
