"""What users and owners of rooms can do against what disturbs them, and policies."""

import sqlite3
from contextlib import closing

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD
from tests.inside import InThread


def test_a_room_is_handed_over_and_all_members_hear_it(server: InThread) -> None:
    ann, ben, cat = server.friends("ann", "ben", "cat")
    ann.says("CREATEROOM|ann|#tea", "OK|CREATEROOM|#tea|public")
    for client in (ben, cat):
        client.says(f"JOIN|{client.name}|#tea")
    ann.says("MODERATOR|ann|#tea|ben|on", "OK|MODERATOR|#tea|ben|moderator")
    ben.event("JOINED|#tea|cat")
    ben.event("ROLE|#tea|ben|moderator")
    assert ["ben", "online", "moderator"] in cat.rows("SHOWMEMBERS|cat|#tea")
    ben.says("KICK|ben|#tea|cat", "OK|KICK|#tea|cat")
    ben.refused("KICK|ben|#tea|ann", "NOT_ALLOWED")
    ben.refused("HANDOVER|ben|#tea|ben", "NOT_ALLOWED")
    ann.says("HANDOVER|ann|#tea|ben", "OK|HANDOVER|#tea|ben")
    ben.event("ROLE|#tea|ann|member")
    ben.event("ROLE|#tea|ben|owner")
    server.restart()
    assert [row[::2] for row in server.login("ann").rows("SHOWMEMBERS|ann|#tea")] == [
        ["ann", "member"],
        ["ben", "owner"],
    ]


def test_a_report_is_kept_with_the_message_until_its_author_is_gone(server: InThread) -> None:
    ann, ben = server.friends("ann", "ben")
    (ok,) = ann.says("SENDMESSAGE|ann|ben|buy | now", "OK|SENDMESSAGE|…")
    message = ok.split("|")[2]
    ben.event("MESSAGE|…")
    ben.says(f"REPORT|ben|{message}|spam | again", f"OK|REPORT|{message}")
    ann.refused(f"REPORT|ann|{message}|spam", "SELF")
    server.user("eve").refused(f"REPORT|eve|{message}|spam", "NO_SUCH_MESSAGE")
    ann.no_event()
    with closing(sqlite3.connect(server.store_path)) as file:
        query = (
            "SELECT a.name, b.name, text, why FROM reports JOIN users a ON a.id = author JOIN users b ON b.id = party"
        )
        assert file.execute(query).fetchall() == [("ann", "ben", "buy | now", "spam | again")]
        ann.says(f"DELETEACCOUNT|ann|{PASSWORD}", "OK|DELETEACCOUNT|ann")
        assert [row[2:] for row in file.execute(query)] == [("", "spam | again")]


def test_where_all_may_write_to_each_other(start_server: StartServer) -> None:
    server = start_server(direct_messages="everyone")
    ann, ben = server.user("ann"), server.user("ben")
    ann.refused("SENDMESSAGE|ann|ben|", "BAD_TEXT")
    ann.says("SENDMESSAGE|ann|ben|hello", "OK|SENDMESSAGE|…")
    ben.event("MESSAGE|…|ann|ben|hello")
    ben.says("BLOCK|ben|ann", "OK|BLOCK|ann")
    ann.refused("SENDMESSAGE|ann|ben|hello", "NOT_FRIENDS")
    ann.refused("SENDMESSAGE|ann|ben|", "NOT_FRIENDS")


@pytest.mark.parametrize("policy", ["closed", "invite"])
def test_where_not_everybody_may_sign_up(start_server: StartServer, policy: str) -> None:
    client = start_server(signup=policy).connect()
    client.refused(f"SIGNUP|ann|{PASSWORD}", "NOT_ALLOWED")
    client.refused(f"REDEEM|ann|{PASSWORD}|no-such-code", "NOT_ALLOWED")


def test_names_stand_in_the_views_of_the_file(server: InThread) -> None:
    ann, _ = server.friends("ann", "ben")
    ann.says("CREATEROOM|ann|#tea", "OK|CREATEROOM|#tea|public")
    ann.says("SENDMESSAGE|ann|ben|hello", "OK|SENDMESSAGE|…")
    (ok,) = ann.says("SENDMESSAGE|ann|#tea|hi all", "OK|SENDMESSAGE|…")
    time = ok.split("|")[3]
    with closing(sqlite3.connect(server.store_path)) as file:
        rows = file.execute('SELECT "from", "to", text FROM v_messages ORDER BY id').fetchall()
        assert rows == [("ann", "ben", "hello"), ("ann", "#tea", "hi all")]
        assert file.execute("SELECT max(time) FROM v_messages").fetchone() == (time,)
        assert file.execute("SELECT room, user, role FROM v_members").fetchall() == [("#tea", "ann", "owner")]
        assert {tuple(sorted(row)) for row in file.execute("SELECT user, friend FROM v_friends")} == {("ann", "ben")}
