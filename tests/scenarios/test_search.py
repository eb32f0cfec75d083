"""SEARCH on the wire; what the index finds is tested beside it (tests/store/test_search.py)."""

from unicodedata import normalize

import pytest

from tests.harness import PASSWORD, Running
from tests.inside import InThread
from tests.scenarios.test_read_marks import room_of, write
from tests.wire import Client


def found(client: Client, words: str) -> list[str]:
    """The texts that a search shows."""
    return [row[4] for row in client.rows(f"SEARCH|{client.name}|{words}")]


def test_a_row_is_the_message(server: Running) -> None:
    alice, bob = server.friends("Alice", "bob")
    (frame,) = alice.says("SENDMESSAGE|alice|bob|Mind the gap | please")
    _, _, number, when = frame.split("|")
    row = f"{number}|{when}|Alice|bob|Mind the gap | please"
    for client, name in ((alice, "alice"), (bob, "bob")):
        client.says(f"SEARCH|{name}|GAP mind", f"ITEM|SEARCH|{row}", "OK|SEARCH|1")


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        ("tea", ["tea and Cake", "STEAM"]),
        ("cake tea", ["tea and Cake"]),
        ("  cake   TEA ", ["tea and Cake"]),
        ("k d", ["tea and Cake"]),
        ("straße", ["STRASSE"]),
        ("京都", ["東京都の天気"]),
        ("天", ["東京都の天気"]),
        ("의 날", ["오늘의날씨"]),
        ("날씨", ["오늘의날씨"]),
        ("😀", ["so 😀!"]),
        ("50%", ["50% \"off\" * (or) 'so' NEAR AND x-y"]),
        ('"off"', ["50% \"off\" * (or) 'so' NEAR AND x-y"]),
        ("*", ["50% \"off\" * (or) 'so' NEAR AND x-y"]),
        ("x-y and near 'so' (or)", ["50% \"off\" * (or) 'so' NEAR AND x-y"]),
        ("or | and", []),
        ("tea*", []),
        ('"tea and"', []),
        ("no such words", []),
        ("grams:tea", []),
    ],
)
def test_every_word_anywhere_in_any_letter_case_and_no_syntax(server: InThread, words: str, texts: list[str]) -> None:
    alice, _ = server.friends("alice", "bob")
    sent = ["tea and Cake", "STEAM", "STRASSE", "東京都の天気", "오늘의날씨", "so 😀!"]
    sent.append("50% \"off\" * (or) 'so' NEAR AND x-y")
    write(alice, "bob", *sent)
    assert found(alice, words) == texts
    server.keep_house()
    assert found(alice, words) == texts


FORMS = [
    "un caf\u00e9 noir",
    "UN CAFE\u0301",
    "안녕",
    normalize("NFD", "안녕"),
    "ｆｕｌｌ １２",
    "İstanbul",
    "naïve",
    "co\u00adoperate",
]


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        ("caf\u00e9", FORMS[:2]),
        ("cafe\u0301 UN", FORMS[:2]),
        ("cafe", FORMS[:2]),
        ("안녕", FORMS[2:4]),
        (normalize("NFD", "안녕"), FORMS[2:4]),
        ("full", FORMS[4:5]),
        ("12", FORMS[4:5]),
        ("istanbul", FORMS[5:6]),
        ("İSTANBUL", FORMS[5:6]),
        ("naive", FORMS[6:7]),
        ("nàïve", FORMS[6:7]),
        ("cooperate", FORMS[7:8]),
        ("\u0301 naive", FORMS[6:7]),
    ],
)
def test_whichever_way_a_letter_was_typed_it_is_found(server: InThread, words: str, texts: list[str]) -> None:
    alice, _ = server.friends("alice", "bob")
    write(alice, "bob", *FORMS)
    assert found(alice, words) == texts
    server.keep_house()
    assert found(alice, words) == texts


def test_what_has_the_accents_that_were_typed_comes_before_newer_messages_without(server: InThread) -> None:
    alice, _ = server.friends("alice", "bob")
    write(alice, "bob", "the résumé", *(f"resume {at}" for at in range(60)))
    for _ in range(2):
        assert found(alice, "résumé") == ["the résumé", *(f"resume {at}" for at in range(11, 60))]
        assert found(alice, "resume") == [f"resume {at}" for at in range(10, 60)]
        server.keep_house()


def test_the_newest_fifty_oldest_first(server: InThread) -> None:
    alice, _ = server.friends("alice", "bob")
    alice.send(*(f"SENDMESSAGE|alice|bob|number {at}" for at in range(300)))
    for _ in range(300):
        alice.answers("OK|SENDMESSAGE|…")
    newest = [f"number {at}" for at in range(250, 300)]
    assert found(alice, "number") == newest
    server.keep_house()
    write(alice, "bob", "another number", "a word")
    assert found(alice, "number") == [*newest[1:], "another number"]


def test_only_one_s_own_conversations(server: InThread) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    dora = server.user("dora")
    room_of("#garden", alice, bob)
    write(alice, "bob", "treasure to bob")
    write(carol, "bob", "treasure from carol")
    write(alice, "#garden", "treasure in the garden")
    for _ in range(2):
        assert found(alice, "treasure") == ["treasure to bob", "treasure in the garden"]
        assert found(bob, "treasure") == ["treasure to bob", "treasure from carol", "treasure in the garden"]
        assert found(carol, "treasure") == ["treasure from carol"]
        assert found(dora, "treasure") == []
        server.keep_house()
    dora.says("JOIN|dora|#garden")
    assert found(dora, "treasure") == ["treasure in the garden"]  # members see all of a room's
    alice.says("LEAVE|alice|#garden")
    assert found(alice, "treasure") == ["treasure to bob"]


def test_what_was_deleted_is_not_found(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    write(alice, "bob", "treasure of alice")
    write(bob, "alice", "treasure of bob")
    server.keep_house()
    alice.says(f"DELETEACCOUNT|alice|{PASSWORD}")
    assert found(bob, "treasure") == ["treasure of bob"]
    server.keep_house()
    assert found(bob, "treasure") == ["treasure of bob"]


def test_an_edited_message_is_found_by_its_new_words_and_a_deleted_one_by_none(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    edited, deleted = write(alice, "bob", "treasure one", "treasure two")
    server.keep_house()
    alice.says(f"EDITMESSAGE|alice|{edited}|a chest")
    alice.says(f"DELETEMESSAGE|alice|{deleted}")
    for _ in range(2):
        assert found(bob, "treasure") == []
        assert found(bob, "chest") == ["a chest"]
        server.keep_house()


def test_what_search_refuses(server: Running) -> None:
    alice = server.user("alice")
    server.user("bob")
    for words in ("", " ", "\t \u3000", "\u0301"):
        alice.refused(f"SEARCH|alice|{words}", "BAD_TEXT")
    alice.refused(f"SEARCH|alice|{'x' * 1001}", "BAD_TEXT")
    assert found(alice, "x" * 1000) == []
    alice.refused("SEARCH|bob|x", "NOT_YOU")
    alice.refused("SEARCH|alice", "BAD_ARGUMENTS")


def test_answers_keep_their_order_around_a_long_search(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    texts = 12_000
    for start in range(0, texts, 1000):
        alice.send(*(f"SENDMESSAGE|alice|bob|{at} words" for at in range(start, start + 1000)))
        for _ in range(1000):
            alice.answers("OK|SENDMESSAGE|…")
    bob.send("SEARCH#s|bob|q", "PING|behind", "SEARCH|bob|zz zz", "SHOWUNREAD|bob", "PING|end")
    bob.answers("OK|SEARCH#s|0")
    bob.answers("OK|PING|behind")
    bob.answers("OK|SEARCH|0")
    bob.answers("ITEM|SHOWUNREAD|alice|12000|…", "OK|SHOWUNREAD|1")
    bob.answers("OK|PING|end")


def test_a_client_that_goes_in_the_middle_of_a_search(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    write(alice, "bob", *(f"{at} words" for at in range(100)))
    phone = server.login("bob")
    phone.send(*["SEARCH|bob|zz"] * 200)
    phone.close()
    last = server.login("bob")
    last.send(*["SEARCH|bob|zz"] * 200)
    last.end_sending()
    assert last.frames_to_the_end()[-1] == "OK|SEARCH|0"
    bob.says("PING")
