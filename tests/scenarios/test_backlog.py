"""The backlog: what a session is told after its login, in which order, and what counts as delivered."""

from tests.conftest import StartServer
from tests.harness import PASSWORD, Running
from tests.wire import Client


def leave(client: Client) -> None:
    """Log out for good, and wait until the server knows."""
    client.send("QUIT")
    client.until("BYE|QUIT|…")
    client.expect_end()


def write(client: Client, to: str, *texts: str) -> None:
    client.send(*(f"SENDMESSAGE|{client.name}|{to}|{text}" for text in texts))
    for _ in texts:
        client.answers("OK|SENDMESSAGE|…")


def texts_of(frames: list[str]) -> list[str]:
    return [frame.split("|", 6)[6] for frame in frames]


def back(server: Running, name: str) -> tuple[Client, list[str]]:
    """Log in again; the new session and what came before the answer to the next command."""
    client = server.login(name)
    client.send("PING|all?")
    return client, client.until("OK|PING|all?")[:-1]


def test_what_was_missed_comes_oldest_first_between_login_and_the_next_answer(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    write(alice, "bob", "one", "two|2", "three")
    carol, dora = server.user("carol"), server.user("Dora")
    dora.says("ADDFRIEND|Dora|bob")
    carol.says("ADDFRIEND|carol|bob")
    client = server.connect()
    client.send(f"LOGIN|bob|{PASSWORD}", "PING|next")
    client.expect(
        "OK|LOGIN|bob|…",
        "EVENT|FRIENDREQUEST|…",
        "EVENT|FRIENDREQUEST|…",
        "EVENT|MISSED|…|alice|bob|one",
        "EVENT|MISSED|…|alice|bob|two|2",
        "EVENT|MISSED|…|alice|bob|three",
        "OK|PING|next",
    )


def test_pending_requests_come_at_every_login_until_answered(server: Running) -> None:
    server.user("bob").says("ADDFRIEND|bob|" + server.user("alice").name)
    for _ in range(2):
        alice, frames = back(server, "alice")
        assert frames == ["EVENT|FRIENDREQUEST|bob"]
    alice.says("REJECTFRIEND|alice|bob")
    assert back(server, "alice")[1] == []


def test_missed_tells_what_the_event_would_have(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    (answer,) = alice.says("SENDMESSAGE|alice|bob|hi")
    _, _, number, time = answer.split("|")
    assert back(server, "bob")[1] == [f"EVENT|MISSED|{number}|{time}|alice|bob|hi"]


def test_resume_brings_the_backlog_too(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    write(alice, "bob", "hi")
    client = server.connect()
    client.says(f"RESUME|bob|{bob.token}", "OK|RESUME|bob|…")
    client.event("MISSED|…|hi")
    client.no_event()


def test_what_was_delivered_to_one_session_is_not_missed_by_another(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    write(alice, "bob", "live")
    bob.event("MESSAGE|…|live")
    assert back(server, "bob")[1] == []
    for session in (bob, server.login("bob")):
        leave(session)
    assert back(server, "bob")[1] == []


def test_what_was_replayed_is_not_replayed_again(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    write(alice, "bob", "one")
    bob, frames = back(server, "bob")
    assert texts_of(frames) == ["one"]
    leave(bob)
    write(alice, "bob", "two")
    assert texts_of(back(server, "bob")[1]) == ["two"]


def test_ones_own_messages_are_never_missed(server: Running) -> None:
    alice, _ = server.friends("alice", "bob")
    write(alice, "bob", "hi")
    leave(alice)
    assert back(server, "alice")[1] == []


def test_missed_by_each_recipient(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    leave(bob)
    leave(carol)
    write(alice, "bob", "to bob")
    write(alice, "carol", "to carol")
    assert texts_of(back(server, "carol")[1]) == ["to carol"]
    assert texts_of([frame for frame in back(server, "bob")[1] if "|MISSED|" in frame]) == ["to bob"]


def test_a_message_from_before_a_friendship_ended_is_still_brought(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    write(alice, "bob", "last words")
    alice.says("DELETEFRIEND|alice|bob")
    assert texts_of(back(server, "bob")[1]) == ["last words"]


def test_the_oldest_thousand_first_and_the_rest_by_sync(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    write(alice, "bob", *map(str, range(1100)))
    bob, frames = back(server, "bob")
    assert texts_of(frames) == [str(at) for at in range(1000)]
    last = frames[-1].split("|")[2]
    assert [row[4] for row in bob.rows(f"SYNC|bob|{last}")] == [str(at) for at in range(1000, 1100)]
    leave(bob)
    assert back(server, "bob")[1] == []


def test_the_rest_stays_undelivered_until_a_sync_passes_it(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    write(alice, "bob", *map(str, range(1010)))
    bob, frames = back(server, "bob")
    assert len(frames) == 1000
    write(alice, "bob", "live")
    bob.event("MESSAGE|…|live")
    leave(bob)
    assert texts_of(back(server, "bob")[1]) == [str(at) for at in range(1000, 1010)]


def test_a_sync_delivers_what_it_passes_and_nothing_before_it(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    write(alice, "bob", *map(str, range(1010)))
    bob, frames = back(server, "bob")
    last = int(frames[-1].split("|")[2])
    assert [row[4] for row in bob.rows(f"SYNC|bob|{last + 3}|4")] == ["1003", "1004", "1005", "1006"]
    bob.says("SYNC|bob|999999999999", "OK|SYNC|0|0")
    leave(bob)
    assert texts_of(back(server, "bob")[1]) == ["1000", "1001", "1002", "1007", "1008", "1009"]


def test_what_was_not_handed_to_the_socket_is_missed(start_server: StartServer) -> None:
    server = start_server(send_bytes_max=1 << 30)
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    slow = server.connect("bob", receive_bytes=4096)
    slow.says(f"LOGIN|bob|{PASSWORD}")
    alice.event("STATUS|bob|offline|")
    alice.event("STATUS|bob|online|")
    for at in range(0, 4000, 50):
        write(alice, "bob", *(f"{number} {'x' * 3800}" for number in range(at, at + 50)))
    for at in range(10):
        slow.event(f"MESSAGE|…|{at} x…")
    slow.close()
    alice.event("STATUS|bob|offline|")
    missed = [int(text.split()[0]) for text in texts_of(back(server, "bob")[1])]
    assert missed
    assert missed[0] >= 10
    assert missed == list(range(missed[0], min(missed[0] + 1000, 4000)))


def test_the_backlog_and_what_was_delivered_outlive_a_restart(start_server: StartServer) -> None:
    server = start_server()
    alice, bob, carol = server.friends("alice", "bob", "carol")
    write(alice, "bob", "live")
    bob.event("MESSAGE|…|live")
    leave(bob)
    write(alice, "bob", "missed")
    server.user("dora").says("ADDFRIEND|dora|bob")
    server.restart()
    _, frames = back(server, "bob")
    assert frames[0] == "EVENT|FRIENDREQUEST|dora"
    assert texts_of(frames[1:]) == ["missed"]
    carol.close()


def test_after_a_crash_a_message_may_come_twice_but_never_not_at_all(start_server: StartServer) -> None:
    server = start_server()
    alice, bob = server.friends("alice", "bob")
    write(alice, "bob", "live")
    bob.event("MESSAGE|…|live")
    leave(bob)
    write(alice, "bob", "one", "two")
    server.restart(kill=True)
    assert texts_of(back(server, "bob")[1])[-2:] == ["one", "two"]
    server.restart(kill=True)
    assert back(server, "bob")[0].rows("SYNC|bob|0")[-1][4] == "two"


def test_a_live_message_never_comes_before_the_backlog(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    write(alice, "bob", *map(str, range(300)))
    client = server.connect()
    client.send(f"LOGIN|bob|{PASSWORD}")
    write(alice, "bob", *(str(at) for at in range(300, 400)))
    frames = client.until("…|399")[1:]
    assert texts_of(frames) == [str(at) for at in range(400)]
    kinds = [frame.split("|")[1] for frame in frames]
    assert kinds == sorted(kinds, key=["MISSED", "MESSAGE"].index)
