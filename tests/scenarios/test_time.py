"""What a day or a month changes: tags are forgotten, tokens end. The server's wall clock is moved for it."""

from tests.inside import InThread


def test_a_tag_is_remembered_for_a_day(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    first = alice.says("SENDMESSAGE#t|alice|bob|hi")
    server.move_clock(hours=23.9)
    assert alice.says("SENDMESSAGE#t|alice|bob|hi") == first
    server.move_clock(hours=0.2)
    second = alice.says("SENDMESSAGE#t|alice|bob|hi")
    assert second != first
    assert alice.says("SENDMESSAGE#t|alice|bob|hi") == second
    assert len(bob.rows("SYNC|bob|0")) == 2


def test_a_day_counts_from_the_send_also_over_a_restart(server: InThread) -> None:
    alice, _ = server.friends("alice", "bob")
    old = alice.says("SENDMESSAGE#old|alice|bob|hi")
    server.move_clock(hours=20)
    new = alice.says("SENDMESSAGE#new|alice|bob|hi")
    server.move_clock(hours=3.9)
    server.restart()
    alice = server.login("alice")
    assert alice.says("SENDMESSAGE#old|alice|bob|hi") == old
    server.move_clock(hours=1)
    server.restart()
    alice = server.login("alice")
    assert alice.says("SENDMESSAGE#new|alice|bob|hi") == new
    assert alice.says("SENDMESSAGE#old|alice|bob|hi") != old


def test_a_token_lives_a_month_from_its_last_use(server: InThread) -> None:
    alice = server.user("alice")
    alice.close()
    for _ in range(3):
        server.move_clock(hours=29 * 24)
        client = server.connect()
        client.says(f"RESUME|alice|{alice.token}", "OK|RESUME|alice|…")
        client.send("QUIT")
        client.until("BYE|QUIT|…")
    server.move_clock(hours=31 * 24)
    server.connect().refused(f"RESUME|alice|{alice.token}", "BAD_LOGIN")


def test_a_token_in_use_for_months_is_in_use(server: InThread) -> None:
    alice = server.user("alice")
    server.move_clock(hours=60 * 24)
    alice.send("QUIT")
    alice.until("BYE|QUIT|…")
    server.connect().says(f"RESUME|alice|{alice.token}", "OK|RESUME|alice|…")


def test_a_token_that_is_over_stays_over_after_a_restart(server: InThread) -> None:
    alice = server.user("alice")
    server.restart()
    server.move_clock(hours=31 * 24)
    server.restart()
    server.connect().refused(f"RESUME|alice|{alice.token}", "BAD_LOGIN")


def test_a_wall_clock_that_goes_back_does_not_disorder_ids(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    answers = []
    for at in range(6):
        server.move_clock(hours=-5 if at % 2 else 3)
        answers.append(alice.says(f"SENDMESSAGE#t{at}|alice|bob|{at}"))
    assert [row[4] for row in bob.rows("SYNC|bob|0")] == ["0", "1", "2", "3", "4", "5"]
    assert [row[4] for row in bob.rows("HISTORY|bob|alice")] == ["0", "1", "2", "3", "4", "5"]
    server.restart()
    alice = server.login("alice")
    assert [alice.says(f"SENDMESSAGE#t{at}|alice|bob|{at}") for at in range(6)] == answers
