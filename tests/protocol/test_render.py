"""Answers and events as bytes."""

from chatserver.protocol import render


def test_each_kind_of_frame() -> None:
    assert render.hello("hi | there", "af.1") == b"HELLO|chatserver|1|hi | there|af.1\n"
    assert render.ok("QUIT") == b"OK|QUIT\n"
    assert render.ok("LOGIN#t1", ("Zoë", "token")) == "OK|LOGIN#t1|Zoë|token\n".encode()
    assert render.ok("PING", ("",)) == b"OK|PING|\n"
    assert render.err("?", "BAD_FRAME", "Send UTF-8") == b"ERR|?|BAD_FRAME|Send UTF-8\n"
    assert render.event("FRIENDREMOVED", "bob") == b"EVENT|FRIENDREMOVED|bob\n"
    assert render.event("STATUS", "bob", "away", "") == b"EVENT|STATUS|bob|away|\n"
    assert render.bye("QUIT", "See you") == b"BYE|QUIT|See you\n"


def test_rows_and_their_count() -> None:
    rows = [("in", "alice"), ("out", "Zoë")]
    shown = "".join(render.item_lines("SHOWREQUESTS#7", iter(rows))).encode()
    assert shown.decode().splitlines() == [
        "ITEM|SHOWREQUESTS#7|in|alice",
        "ITEM|SHOWREQUESTS#7|out|Zoë",
        "OK|SHOWREQUESTS#7|2",
    ]


def test_no_rows() -> None:
    assert render.item_lines("SHOWFRIENDS", []) == ["OK|SHOWFRIENDS|0\n"]


def test_what_stands_after_the_count() -> None:
    assert render.item_lines("SYNC", [("1",)], after=("0",)) == ["ITEM|SYNC|1\n", "OK|SYNC|1|0\n"]
