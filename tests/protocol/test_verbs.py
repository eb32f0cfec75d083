"""The table of verbs, the head of a line, and how its fields are cut."""

import pytest

from chatserver.protocol.verbs import VERBS, Verb, nearest, nearest_verb, parse_head, parse_number, split_arguments


def test_a_verb_in_any_letter_case_is_echoed_in_upper_case() -> None:
    for typed in ("SENDMESSAGE", "sendmessage", "SendMessage"):
        head = parse_head(typed)
        assert head.verb is VERBS["SENDMESSAGE"]
        assert (head.echo, head.tag, head.bad_tag) == ("SENDMESSAGE", "", False)


def test_a_tag_comes_back_in_its_own_letter_case() -> None:
    head = parse_head("ping#aZ09_.-")
    assert head.verb is VERBS["PING"]
    assert (head.echo, head.tag) == ("PING#aZ09_.-", "aZ09_.-")


@pytest.mark.parametrize("tag", ["", "x" * 33, "a b", "é", "a#b", "a/b", "#", "a\t"], ids=ascii)
def test_a_malformed_tag(tag: str) -> None:
    head = parse_head(f"PING#{tag}")
    assert head.bad_tag
    assert head.verb is None
    assert head.echo == "?"


@pytest.mark.parametrize("tag", ["a", "x" * 32, "0", "-", ".", "_"])
def test_a_tag(tag: str) -> None:
    assert parse_head(f"PING#{tag}").echo == f"PING#{tag}"


@pytest.mark.parametrize(
    ("typed", "echo"),
    [
        ("dance", "DANCE"),
        ("x" * 32, "X" * 32),
        ("x" * 33, "?"),
        ("PING ", "?"),
        (" PING", "?"),
        ("PING2", "?"),
        ("", "?"),
        ("été", "?"),
        ("ſignup", "?"),  # its upper case is SIGNUP: only ASCII letters make a verb
        ("dance#t1", "DANCE#t1"),
        ("d4nce#t1", "?#t1"),
    ],
)
def test_an_unknown_verb(typed: str, echo: str) -> None:
    head = parse_head(typed)
    assert head.verb is None
    assert not head.bad_tag
    assert head.echo == echo


def test_free_text_is_the_rest_of_the_line() -> None:
    assert split_arguments(VERBS["SENDMESSAGE"], "alice|bob|a|b||") == ["alice", "bob", "a|b||"]
    assert split_arguments(VERBS["SETSTATUS"], "alice|away|a|b") == ["alice", "away", "a|b"]
    assert split_arguments(VERBS["PING"], "|a|b") == ["|a|b"]
    assert split_arguments(VERBS["SENDMESSAGE"], "alice|bob|  ") == ["alice", "bob", "  "]


def test_elsewhere_a_field_too_many_or_too_few_is_no_command() -> None:
    assert split_arguments(VERBS["LOGIN"], "alice|secret|x") is None
    assert split_arguments(VERBS["LOGIN"], "alice|secret|") is None
    assert split_arguments(VERBS["LOGIN"], "alice") is None
    assert split_arguments(VERBS["LOGIN"], None) is None
    assert split_arguments(VERBS["SENDMESSAGE"], "alice|bob") is None


def test_what_is_left_out_comes_back_empty() -> None:
    assert split_arguments(VERBS["HISTORY"], "alice|bob") == ["alice", "bob", "", "", ""]
    assert split_arguments(VERBS["HISTORY"], "alice|bob||7") == ["alice", "bob", "", "7", ""]
    assert split_arguments(VERBS["LOGOUT"], None) == [""]
    assert split_arguments(VERBS["LOGOUT"], "") == [""]
    assert split_arguments(VERBS["PING"], None) == [""]


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
def test_every_row_of_the_table(verb: Verb) -> None:
    assert verb.name == verb.name.upper()
    assert 0 <= verb.required <= len(verb.fields)
    assert verb.usage.startswith(verb.name)
    assert "|" not in verb.help
    assert verb.help
    before_login = {"SIGNUP", "REDEEM", "LOGIN", "RESUME", "SETPASSWORD", "PING", "HELP", "QUIT"}
    assert verb.before_login == (verb.name in before_login)
    if not verb.before_login:
        assert verb.fields[0] == "username"


def test_free_text_is_the_last_field_of_these_verbs_alone() -> None:
    free = {name for name, verb in VERBS.items() if verb.free_text}
    assert (
        free
        == {*("PING", "SETSTATUS", "SENDMESSAGE", "EDITMESSAGE", "SEARCH", "SETTOPIC", "REPORT", "ADMIN")}
        & VERBS.keys()
    )


def test_usage_shows_what_may_be_left_out() -> None:
    assert VERBS["HISTORY"].usage == "HISTORY|username|with|[limit 1-500]|[before id]|[after id]"
    assert VERBS["QUIT"].usage == "QUIT"


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("LOGN", "LOGIN"),
        ("sendmsg", "SENDMESSAGE"),
        ("FRIENDS", "SHOWFRIENDS"),
        ("JION", "JOIN"),
        ("REMOVEFRIEND", "DELETEFRIEND"),
        ("removemessage", "DELETEMESSAGE"),
        ("unfriend", "DELETEFRIEND"),
        ("LISTROOMS", "SHOWROOMS"),
        ("register", "SIGNUP"),
        ("PART", "LEAVE"),
        ("exit", "QUIT"),
    ],
)
def test_the_verb_that_an_unknown_one_was_meant_to_be(word: str, found: str) -> None:
    assert nearest_verb(word) == found


@pytest.mark.parametrize("word", ["", "?", "x" * 8000, "é"], ids=len)
def test_some_verb_is_named_for_any_word(word: str) -> None:
    assert nearest_verb(word) in VERBS


@pytest.mark.parametrize(
    ("word", "found"), [("LOGN", "LOGIN"), ("SENDMESAGE", "SENDMESSAGE"), ("SHOWFRIEND", "SHOWFRIENDS"), ("XYZ", None)]
)
def test_the_nearest_verb(word: str, found: str | None) -> None:
    assert nearest(word, list(VERBS)) == found


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("007", 7), ("500", 500), ("000000000000000500", 500)])
def test_numbers(text: str, number: int) -> None:
    assert parse_number(text, 1, 500) == number


@pytest.mark.parametrize(
    "text", ["", "0", "501", "-1", "+1", " 1", "1 ", "1.0", "1e2", "1_0", "0x1", "٣", "²", "0000000000000000500"]
)
def test_what_is_no_number_or_out_of_range(text: str) -> None:
    assert parse_number(text, 1, 500) is None
