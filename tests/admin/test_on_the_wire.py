"""ADMIN: what accounts that the setting names may do, and nobody else."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.settings import LIVE_ON_THE_WIRE
from tests.harness import PASSWORD
from tests.inside import InThread
from tests.wire import Client


@pytest.fixture
def server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[InThread]:
    caplog.set_level(logging.INFO)
    inside = InThread(tmp_path / "chat.db", {})
    try:
        yield inside
    finally:
        inside.close()
    assert not [record for record in caplog.get_records("call") if record.exc_info], caplog.text


@pytest.fixture
def ann(server: InThread) -> Client:
    """She administers the server."""
    client = server.user("ann")
    server.user("zoe").close()
    server.appoint("zoe, ANN, Mia")
    return client


def admin(ann: Client, command: str) -> list[list[str]]:
    """The rows of a command that is done, and its sentence as the last."""
    ann.send(f"ADMIN|ann|{command}")
    *rows, end = (frame.split("|", 3) for frame in ann.answer())
    assert end[0] == "OK", end
    return [*("|".join(row[2:]).split("|") for row in rows), [end[3]]]


def test_nobody_else_may_and_nothing_happens(server: InThread, ann: Client, caplog: pytest.LogCaptureFixture) -> None:
    ben = server.user("ben")
    for command in ("who", "kick ann", "help", "", "user delete ann --yes"):
        if command:
            ben.refused(f"ADMIN|ben|{command}", "NOT_ALLOWED")
    assert caplog.text.count("may not administer") == 1, "a line of the log for each of a client's lines"
    ann.says("PING")
    ben.refused("ADMIN|ann|who", "NOT_YOU")
    server.connect().refused("ADMIN|ann|who", "NOT_LOGGED_IN")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("nonsense", "BAD_COMMAND"),
        ("user show nobody", "NO_SUCH_USER"),
        ("mute ben --for soon", "BAD_COMMAND"),
        ("mute HelpBot", "NOT_ALLOWED"),
        ("unmute ben", "NOT_ALLOWED"),
        ("user delete ben", "NOT_CONFIRMED"),
        ("room close #tea", "NOT_CONFIRMED"),
        ("room show #tea", "NO_SUCH_ROOM"),
        ("ban example.com", "BAD_COMMAND"),
        ("unban 10.0.0.1", "NOT_ALLOWED"),
        ("user create ann", "NAME_TAKEN"),
        ("user create _", "BAD_NAME"),
        ("user rename ben bob", "NOT_ALLOWED"),
        ("announce ' '", "BAD_TEXT"),
        ("announce end 7", "NOT_ALLOWED"),
        ("announce end x", "BAD_COMMAND"),
        ("invite create --uses 0", "BAD_COMMAND"),
        ("invite create --until 2020-01-01", "BAD_COMMAND"),
        ("announce tea --until 2020-01-01", "BAD_COMMAND"),
        (f"kick ben --reason {'x' * 201}", "TOO_LONG"),
        (f"ban 192.0.2.7 --reason {'x' * 201}", "TOO_LONG"),
        ("invite revoke abc", "NOT_ALLOWED"),
        ("report close 1", "NOT_ALLOWED"),
        ("settings set nonsense 1", "BAD_COMMAND"),
        ("settings set signup maybe", "BAD_COMMAND"),
        ("settings set port 1", "NOT_ALLOWED"),
        ("settings show nonsense", "BAD_COMMAND"),
        ("bot enable ben", "NO_SUCH_USER"),
        ("bot disable ben", "NOT_ALLOWED"),
        ("settings set admins ann,ben", "NOT_ALLOWED"),
        ("settings set history_days 1", "NOT_ALLOWED"),
        ("settings set log_level debug", "NOT_ALLOWED"),
        ("settings set password_chars_min 1", "NOT_ALLOWED"),
        ("settings set ended_rooms_max 0", "NOT_ALLOWED"),
        ("settings set send_bytes_total_max 100000", "NOT_ALLOWED"),
        ("user passwd zoe", "NOT_ALLOWED"),
        ("user passwd ANN", "NOT_ALLOWED"),
        ("user delete Zoe --yes", "NOT_ALLOWED"),
        ("user delete ann --yes", "NOT_ALLOWED"),
        ("user suspend zoe --for 1h", "NOT_ALLOWED"),
        ("user reinstate zoe", "NOT_ALLOWED"),
        ("sessions end zoe", "NOT_ALLOWED"),
        ("kick zoe", "NOT_ALLOWED"),
        ("mute zoe", "NOT_ALLOWED"),
        ("unmute ann", "NOT_ALLOWED"),
        ("user create mia", "NOT_ALLOWED"),
        ("backup /tmp/anywhere", "NOT_ALLOWED"),
        ("drain --yes", "NOT_ALLOWED"),
        ("audit --limit many", "BAD_COMMAND"),
    ],
)
def test_what_is_refused_changes_nothing(server: InThread, ann: Client, command: str, code: str) -> None:
    ben = server.user("ben")
    ann.refused(f"ADMIN|ann|{command}", code)
    assert admin(ann, "audit") == [["0 deeds"]]
    ben.says("PING")
    ben.no_event()


def test_what_is_for_the_owner_alone_is_refused_with_the_command_that_does_it(server: InThread, ann: Client) -> None:
    line = ann.refused("ADMIN|ann|settings set admins 'ann, eve'", "NOT_ALLOWED")
    assert line.endswith("for the machine's owner: python3 -m chatserver admin settings set admins 'ann, eve'")
    assert "admin user passwd zoe" in ann.refused("ADMIN|ann|user passwd zoe", "NOT_ALLOWED")
    assert "admin drain --yes" in ann.refused("ADMIN|ann|drain --yes", "NOT_ALLOWED")
    server.login("zoe").says("PING")


def test_no_ban_from_the_chat_shows_another_administrator_out(server: InThread, ann: Client) -> None:
    zoe = server.connect("zoe", source="127.0.0.9")
    zoe.says(f"LOGIN|zoe|{PASSWORD}", "OK|LOGIN|zoe|…")
    for network in ("127.0.0.9", "127.0.0.0/24", "0.0.0.0/0"):
        ann.refused(f"ADMIN|ann|ban {network}", "NOT_ALLOWED")
    zoe.says("PING")
    admin(ann, "ban 127.0.0.8")


def test_nobody_signs_up_as_an_administrator(server: InThread, ann: Client) -> None:
    code = admin(ann, "invite create")[0][0]
    for name in ("mia", "MIA", "m\u0456a"):
        server.connect().refused(f"SIGNUP|{name}|{PASSWORD}", "NAME_TAKEN")
        server.connect().refused(f"REDEEM|{name}|{PASSWORD}|{code}", "NAME_TAKEN")
    server.connect().says(f"SIGNUP|mina|{PASSWORD}", "OK|SIGNUP|mina")


@pytest.mark.parametrize("name", sorted(LIVE_ON_THE_WIRE))
def test_how_people_deal_with_each_other_may_change_from_the_chat(server: InThread, ann: Client, name: str) -> None:
    value = admin(ann, f"settings show {name}")[0][1]
    assert admin(ann, f"settings set {name} {value}")[-1][0].startswith(f"{name} is {value} until")


def test_who_is_here(server: InThread, ann: Client) -> None:
    server.connect()
    rows = admin(ann, "who")
    assert [row[:3] for row in rows[:-1]] == [["ann", "127.0.0.1", "pipe"], ["-", "127.0.0.1", "pipe"]]
    assert rows[-1] == ["2 connections"]


def test_a_spammer_is_muted_shown_out_and_kept_out(server: InThread, ann: Client) -> None:
    ben, cat = server.friends("ben", "cat")
    admin(ann, "mute ben --for 1h --reason spam")
    assert "(spam)" in ben.refused("SENDMESSAGE|ben|cat|buy", "MUTED")
    admin(ann, "unmute ben")
    ben.says("SENDMESSAGE|ben|cat|sorry", "OK|SENDMESSAGE|…")
    cat.event("MESSAGE|…")
    admin(ann, "kick ben --reason 'calm down'")
    ben.expect("BYE|REMOVED|…calm…")
    cat.event("STATUS|ben|offline|")
    ben = server.login("ben")
    cat.event("STATUS|ben|online|")
    admin(ann, "user suspend ben --for 1d")
    ben.expect("BYE|SUSPENDED|…")
    cat.event("STATUS|ben|offline|")
    server.connect("ben").refused(f"LOGIN|ben|{PASSWORD}", "SUSPENDED")
    server.connect("ben").refused(f"RESUME|ben|{ben.token}", "SUSPENDED")
    server.connect("ben").refused("LOGIN|ben|not the password", "BAD_LOGIN")
    cat.says("SENDMESSAGE|cat|ben|are you there?", "OK|SENDMESSAGE|…")  # it waits
    admin(ann, "user reinstate ben")
    server.login("ben").event("MISSED|…are you there?")


def test_a_forgotten_password_is_replaced_before_the_login(server: InThread, ann: Client) -> None:
    ben = server.user("ben")
    (row, _) = admin(ann, "user passwd ben")
    password = row[1]
    ben.expect("BYE|REMOVED|…")
    client = server.connect("ben")
    client.refused(f"LOGIN|ben|{PASSWORD}", "BAD_LOGIN")
    client.refused(f"RESUME|ben|{ben.token}", "BAD_LOGIN")
    assert "SETPASSWORD|ben|" in client.refused(f"LOGIN|ben|{password}", "PASSWORD_EXPIRED")
    client.refused(f"SETPASSWORD|ben|{PASSWORD}|battery staple", "BAD_LOGIN")
    client.says(f"SETPASSWORD|ben|{password}|battery staple", "OK|SETPASSWORD|ben")
    client.says("LOGIN|ben|battery staple", "OK|LOGIN|ben|…")


def test_an_account_is_made_where_nobody_may_sign_up(server: InThread, ann: Client) -> None:
    admin(ann, "settings set signup closed")
    server.connect().refused(f"SIGNUP|ben|{PASSWORD}", "NOT_ALLOWED")
    (row, _) = admin(ann, "user create ben")
    client = server.connect("ben")
    client.says(f"SETPASSWORD|ben|{row[1]}|{PASSWORD}", "OK|SETPASSWORD|ben")
    client.says(f"LOGIN|ben|{PASSWORD}", "OK|LOGIN|ben|…")


def test_who_is_invited_makes_one_account(server: InThread, ann: Client) -> None:
    admin(ann, "settings set signup invite")
    code = admin(ann, "invite create")[0][0]
    client = server.connect()
    client.says(f"REDEEM|ben|{PASSWORD}|{code}", "OK|REDEEM|ben")
    client.refused(f"REDEEM|cat|{PASSWORD}|{code}", "NOT_ALLOWED")
    assert admin(ann, "invite list") == [["0 codes"]]


def test_an_address_is_banned_and_who_is_in_from_there_goes(server: InThread, ann: Client) -> None:
    guest = server.connect(source="127.0.0.9")
    admin(ann, "ban 127.0.0.9 --for 1h --reason scan")
    guest.expect("BYE|BANNED|…(scan)…")
    late = server.connect(source="127.0.0.9", hello=False)
    late.expect("BYE|BANNED|…(scan)…")
    late.expect_end()
    server.move_clock(hours=2)
    server.connect(source="127.0.0.9").says("PING")
    server.move_clock(hours=-2)
    admin(ann, "unban 127.0.0.9")
    server.connect(source="127.0.0.9").says("PING")


def test_a_notice_is_told_now_and_at_logins_until_it_ends(server: InThread, ann: Client) -> None:
    ben = server.user("ben")
    admin(ann, "announce tea at five --for 1h")
    for client in (ann, ben, server.login("ben")):
        client.event("NOTICE|tea at five")
    admin(ann, "announce only now")
    ben.event("NOTICE|only now")
    late = server.login("ben")
    late.event("NOTICE|tea at five")
    late.no_event()
    admin(ann, "announce end 1")
    server.login("ben").no_event()


def test_rooms_are_handed_over_and_closed(server: InThread, ann: Client) -> None:
    ben, cat = server.friends("ben", "cat")
    ben.says("CREATEROOM|ben|#tea|private", "OK|…")
    ben.says("INVITE|ben|#tea|cat", "OK|…")
    cat.event("INVITED|…")
    cat.says("JOIN|cat|#tea", "OK|…")
    ben.event("JOINED|#tea|cat")
    assert admin(ann, "room list")[0][0] == "#tea"
    admin(ann, "room handover #tea cat")
    for client in (ben, cat):
        client.event("ROLE|#tea|ben|member")
        client.event("ROLE|#tea|cat|owner")
    admin(ann, "room close #tea --yes")
    for client in (ben, cat):
        client.event("LEFT|#tea|…")
    ben.refused("SENDMESSAGE|ben|#tea|hello?", "NO_SUCH_ROOM")


def test_a_report_is_read_and_closed(server: InThread, ann: Client) -> None:
    ben, cat = server.friends("ben", "cat")
    (ok,) = ben.says("SENDMESSAGE|ben|cat|buy | now", "OK|SENDMESSAGE|…")
    cat.event("MESSAGE|…")
    message = ok.split("|")[2]
    cat.says(f"REPORT|cat|{message}|spam | again", "OK|…")
    row = admin(ann, "reports")[0]
    assert row[2:8] == ["cat", message, "ben", "cat", "-", "spam / again"]
    assert "|".join(row[8:]) == "buy | now"
    admin(ann, "report close 1")
    assert admin(ann, "reports") == [["0 reports"]]
    assert len(admin(ann, "reports --all")) == 2


def test_a_bot_is_switched_off_and_on(server: InThread, ann: Client) -> None:
    admin(ann, "bot disable DiceBot")
    server.restart()
    ann = server.login("ann")
    ann.says("SENDMESSAGE|ann|DiceBot|roll", "OK|…")
    assert "switched off" in ann.event("MESSAGE|…|DiceBot|ann|…")
    assert ["DiceBot", "no"] in [row[:2] for row in admin(ann, "bot list")]
    admin(ann, "bot enable DiceBot")
    ann.says("SENDMESSAGE|ann|DiceBot|roll", "OK|…")
    assert "switched off" not in ann.event("MESSAGE|…|DiceBot|ann|…")


def test_an_account_is_deleted_with_its_sessions(server: InThread, ann: Client) -> None:
    ben = server.user("ben")
    admin(ann, "user delete ben --yes")
    ben.expect("BYE|DELETED|…")
    server.connect().refused(f"SIGNUP|ben|{PASSWORD}", "NAME_TAKEN")


def test_tokens_end_with_the_sessions(server: InThread, ann: Client) -> None:
    ben = server.user("ben")
    assert admin(ann, "sessions ben")[0][2:] == ["1", "127.0.0.1"]
    admin(ann, "sessions end ben")
    ben.expect("BYE|REMOVED|…")
    server.connect().refused(f"RESUME|ben|{ben.token}", "BAD_LOGIN")


def test_one_session_ends_and_the_others_go_on(server: InThread, ann: Client) -> None:
    ben, again = server.user("ben"), server.login("ben")
    first, second = (row[0] for row in admin(ann, "sessions ben")[:2])
    assert first != second
    ann.refused("ADMIN|ann|sessions end ben 1", "NOT_ALLOWED")
    admin(ann, f"sessions end ben {second}")
    again.expect("BYE|REMOVED|…")
    server.connect().refused(f"RESUME|ben|{again.token}", "BAD_LOGIN")
    ben.says("PING")
    assert [row[0] for row in admin(ann, "sessions ben")[:-1]] == [first]
    ben.close()
    server.connect("ben").says(f"RESUME|ben|{ben.token}", "OK|RESUME|…")


def test_an_administrator_may_end_their_own_session(server: InThread, ann: Client) -> None:
    ann.send("ADMIN|ann|kick ann", "PING|behind")
    ann.expect("OK|ADMIN|0|…", "BYE|REMOVED|…")
    ann.expect_end()


def test_who_did_what_is_kept_and_nothing_secret_is_logged(
    server: InThread, ann: Client, caplog: pytest.LogCaptureFixture
) -> None:
    server.user("ben")
    password = admin(ann, "user passwd ben")[0][1]
    admin(ann, "announce the secret tea")
    ann.event("NOTICE|the secret tea")
    assert [row[2:] for row in admin(ann, "audit")[:-1]] == [
        ["ann", "announce the secret tea"],
        ["ann", "user passwd ben"],
    ]
    with closing(sqlite3.connect(server.store_path)) as file:
        assert [row[0] for row in file.execute("SELECT deed FROM v_audit ORDER BY id")][1:] == [
            "announce the secret tea"
        ]
    assert "admin ann: user passwd" in caplog.text
    assert password not in caplog.text
    assert PASSWORD not in caplog.text
    assert "secret" not in caplog.text
