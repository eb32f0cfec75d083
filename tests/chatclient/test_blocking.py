"""The blocking client, the carrier and the link, against a scripted peer."""

import ssl

import pytest

from bench.ports import free_port
from chatclient import Client, ClientError, ConnectionFailedError, RefusedError
from chatclient.core import events as ev
from chatclient.core.client import ClientCore, Phase
from chatclient.core.outcomes import CaughtUp, LoggedIn, Sent
from chatclient.net.carrier import (
    ANSWER_S_MAX,
    GREETING_S_MAX,
    IDLE_S,
    RETRY_S_MAX,
    UNAVAILABLE_S_MAX,
    Backoff,
    Carrier,
    Offline,
    wait,
)
from chatclient.net.link import Link, LinkFailed, Target, look_up, parse_target, target_of
from tests.chatclient.fake import FakeServer, Peer

TIME = "2026-11-24T12:00:00.000Z"


def test_a_message_is_sent_and_an_event_heard() -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        peer.say(f"OK|{peer.expect('SENDMESSAGE', 'alice', 'bob', 'hi | there')}|1|{TIME}")
        peer.say(f"EVENT|MESSAGE|2|{TIME}|bob|alice|hello")
        peer.hear_end()

    with FakeServer(script) as server, Client("127.0.0.1", server.port) as client:
        assert client.login("alice", "password") == "token-of-alice"
        sent = client.send("bob", "hi | there")
        assert (sent.id, sent.to, sent.text) == (1, "bob", "hi | there")
        assert client.next_event(5) == ev.Message(2, TIME, "bob", "alice", "hello")
        assert client.next_event(0) is None


def test_what_came_before_an_answer_is_kept_for_events() -> None:
    def script(peer: Peer) -> None:
        peer.log_in("alice", f"EVENT|MISSED|1|{TIME}|bob|alice|missed")
        peer.expect("SHOWFRIENDS")
        peer.say("EVENT|STATUS|bob|away|")
        peer.close()

    with FakeServer(script) as server, Client("127.0.0.1", server.port, reconnect=False) as client:
        client.login("alice", "password")
        with pytest.raises(ConnectionFailedError):
            client.call("SHOWFRIENDS")
        kinds = [type(client.next_event(5)) for _ in range(3)]
        assert kinds == [ev.Message, ev.StatusChanged, Offline]


def test_a_refusal_is_an_exception_with_its_code() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.say(f"ERR|{peer.expect('SIGNUP', 'alice', 'short')}|BAD_PASSWORD|Take at least 8 characters")
        peer.say(f"ERR|{peer.expect('LOGIN', 'alice', 'wrong')}|BAD_LOGIN|The name or the password is wrong")
        peer.hear_end()

    with FakeServer(script) as server, Client("127.0.0.1", server.port) as client:
        with pytest.raises(RefusedError, match="at least 8") as refused:
            client.signup("alice", "short")
        assert refused.value.code == "BAD_PASSWORD"
        with pytest.raises(RefusedError, match="BAD_LOGIN"):
            client.login("alice", "wrong")
        with pytest.raises(ClientError, match="log in first"):
            client.send("bob", "hi")


def test_a_message_whose_answer_was_lost_is_sent_again_under_its_tag() -> None:
    heard = []

    def lose(peer: Peer) -> None:
        peer.log_in()
        heard.append(peer.hear())

    def answer(peer: Peer) -> None:
        peer.greet()
        peer.accept_login()
        heard.append(peer.hear())
        peer.say(f"OK|{heard[-1].split('|')[0]}|1|{TIME}")
        peer.hear_end()

    with FakeServer(lose, answer) as server, Client("127.0.0.1", server.port) as client:
        client.login("alice", "password")
        assert client.send("bob", "hi").id == 1
    assert heard[0] == heard[1]


def test_a_change_whose_answer_was_lost_is_reported() -> None:
    def lose(peer: Peer) -> None:
        peer.log_in()
        peer.expect("ADDFRIEND")

    with FakeServer(lose) as server, Client("127.0.0.1", server.port) as client:
        client.login("alice", "password")
        with pytest.raises(ConnectionFailedError, match="may have taken effect"):
            client.call("ADDFRIEND", "bob")


def test_a_login_that_holds_no_more_ends_the_waiting() -> None:
    def lose(peer: Peer) -> None:
        peer.log_in()
        peer.expect("SENDMESSAGE")

    def refuse(peer: Peer) -> None:
        peer.greet()
        peer.say(f"ERR|{peer.expect('RESUME')}|BAD_LOGIN|No such token")
        peer.say(f"ERR|{peer.expect('LOGIN')}|BAD_LOGIN|The password was changed")
        peer.hear_end()

    with FakeServer(lose, refuse) as server, Client("127.0.0.1", server.port) as client:
        client.login("alice", "password")
        with pytest.raises(ConnectionFailedError, match="The password was changed"):
            client.send("bob", "hi")


def test_a_bye_explains_the_end_of_the_connection() -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        peer.say("BYE|KICKED|Your password was changed")

    with FakeServer(script) as server, Client("127.0.0.1", server.port, reconnect=False) as client:
        client.login("alice", "password")
        happened = [client.next_event(5), client.next_event(5)]
        assert happened == [ev.Bye("KICKED", "Your password was changed"), happened[1]]
        assert isinstance(happened[1], Offline)
        assert happened[1].reason == "Your password was changed"


def test_a_refused_port_is_said_in_a_sentence() -> None:
    with FakeServer() as server:
        port = server.port
    with pytest.raises(ConnectionFailedError, match=f"No server listens on 127.0.0.1:{port}"):
        Client("127.0.0.1", port)


def test_a_wrong_host_is_said_in_a_sentence() -> None:
    with pytest.raises(ConnectionFailedError, match="There is no host"):
        Client("no host at all", 5000)


def test_a_stranger_is_said_in_a_sentence() -> None:
    def script(peer: Peer) -> None:
        peer.say("SSH-2.0-OpenSSH_9.6")
        assert peer.hear() == ""

    with (
        FakeServer(script) as server,
        pytest.raises(ConnectionFailedError, match="no chat server: its first line is “SSH"),
    ):
        Client("127.0.0.1", server.port)


def test_tls_to_a_plain_port_is_said_in_a_sentence() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.hear_end()

    context = ssl.create_default_context()
    with FakeServer(script) as server, pytest.raises(ConnectionFailedError, match="does not speak TLS"):
        Client("127.0.0.1", server.port, tls=context)


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Carried:
    """A carrier with a clock to turn and no chance in its back-off."""

    def __init__(self, *ports: int) -> None:
        self.clock = Clock()
        target = target_of(",".join(f"127.0.0.1:{port}" for port in ports))
        self.core = ClientCore("t")
        self.carrier = Carrier(
            self.core, target, look_up(target), clock=self.clock, backoff=Backoff(chance=lambda: 1.0)
        )
        self.happened: list[object] = list(self.carrier.dial())

    def until(self, kind: type) -> object:
        """Turn until something of this kind has happened."""
        while not (found := [event for event in self.happened if isinstance(event, kind)]):
            wait(self.carrier)
            self.happened += self.carrier.turn()
        del self.happened[: self.happened.index(found[0]) + 1]
        return found[0]


def test_a_server_that_says_nothing_is_given_up() -> None:
    with FakeServer(Peer.hear_end) as server:
        carried = Carried(server.port)
        while carried.core.phase is Phase.OFFLINE:
            wait(carried.carrier)
            carried.carrier.turn()
        carried.clock.now += GREETING_S_MAX
        offline = carried.until(Offline)
        assert isinstance(offline, Offline)
        assert "did not greet within 10 s" in offline.reason


def test_a_server_that_stops_answering_is_left_and_tried_again() -> None:
    def hang(peer: Peer) -> None:
        peer.log_in()
        peer.hear_end()

    def again(peer: Peer) -> None:
        peer.greet()
        peer.accept_login()
        peer.say(f"OK|{peer.expect('SYNC')}|0|0")
        peer.say(f"OK|{peer.expect('SHOWFRIENDS')}|0")
        peer.hear_end()

    with FakeServer(hang, again) as server:
        carried = Carried(server.port)
        carried.core.login("alice", "password")
        carried.until(CaughtUp)
        carried.clock.now += IDLE_S - 1
        tag = carried.core.command("SHOWFRIENDS")
        assert carried.carrier.wake() == []
        assert carried.carrier.wait_s() == ANSWER_S_MAX
        carried.clock.now += ANSWER_S_MAX
        offline = carried.until(Offline)
        assert isinstance(offline, Offline)
        assert "has not answered for 30 s" in offline.reason
        assert offline.retry_s == pytest.approx(carried.carrier.wait_s())
        carried.clock.now += 1
        logged_in = carried.until(LoggedIn)
        assert isinstance(logged_in, LoggedIn)
        assert logged_in.again
        assert carried.until(ev.Ok) == ev.Ok("SHOWFRIENDS", tag, ("0",))
        carried.carrier.close()


def test_a_quiet_connection_is_asked_whether_it_is_still_there() -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        peer.say(f"OK|{peer.expect('PING')}|", "EVENT|NOTICE|it was asked")
        peer.hear_end()

    with FakeServer(script) as server:
        carried = Carried(server.port)
        carried.core.login("alice", "password")
        carried.until(CaughtUp)
        carried.clock.now += IDLE_S
        assert carried.until(ev.Notice) == ev.Notice("it was asked")
        carried.carrier.close()


def test_the_waits_between_tries_double_up_to_a_limit() -> None:
    backoff = Backoff(chance=lambda: 1.0)
    waits = [backoff.next_s() for _ in range(10)]
    assert waits == sorted(waits)
    assert waits[1] == 2 * waits[0]
    assert waits[-1] == RETRY_S_MAX
    backoff.reset()
    assert backoff.next_s() == waits[0]


@pytest.mark.parametrize(("code", "most_s"), [("UNAVAILABLE", UNAVAILABLE_S_MAX), ("THROTTLED", RETRY_S_MAX)])
def test_a_server_that_cannot_store_anything_is_asked_again_soon(code: str, most_s: float) -> None:
    def refuse(peer: Peer) -> None:
        peer.greet()
        peer.say(f"ERR|{peer.hear().split('|')[0]}|{code}|later")
        peer.hear_end()

    def log_in_once(peer: Peer) -> None:
        peer.log_in()

    with FakeServer(log_in_once, *[refuse] * 10) as server:
        carried = Carried(server.port)
        carried.core.login("alice", "password")
        carried.until(CaughtUp)
        carried.until(Offline)
        waits: list[float | None] = []
        for _ in range(10):
            carried.clock.now += RETRY_S_MAX
            offline = carried.until(Offline)
            assert isinstance(offline, Offline)
            waits.append(offline.retry_s)
        assert waits[-1] == most_s
        carried.carrier.close()


def test_a_second_address_is_tried_when_the_first_refuses() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.hear_end()

    with FakeServer() as gone:
        refused = look_up(Target("127.0.0.1", gone.port))
    with FakeServer(script) as server:
        link = Link(Target("127.0.0.1", server.port), [*refused, *look_up(Target("127.0.0.1", server.port))])
        data: bytes | None = b""
        while not data:
            data = link.turn()
        assert data.startswith(b"HELLO|")
        link.close()


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("example.org", "example.org", 5000),
        ("example.org:7000", "example.org", 7000),
        (":7000", "localhost", 7000),
        ("[::1]:7000", "::1", 7000),
        ("[::1]", "::1", 5000),
        ("::1", "::1", 5000),
    ],
)
def test_where_the_server_is(text: str, host: str, port: int) -> None:
    assert parse_target(text) == (host, port)


@pytest.mark.parametrize("text", ["host:", "host:0", "host:70000", "host:http", "host:٣"])
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(ValueError, match="is no port"):
        parse_target(text)


def test_a_host_that_is_not_there() -> None:
    with pytest.raises(LinkFailed, match="There is no host"):
        look_up(Target("x" * 300, 1))


def test_messages_posted_ahead_are_answered_each() -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        for number in range(50):
            peer.say(f"OK|{peer.expect('SENDMESSAGE', 'alice', 'bob', f'message {number}')}|{number + 1}|{TIME}")
        peer.hear_end()

    with FakeServer(script) as server, Client("127.0.0.1", server.port) as client:
        client.login("alice", "password")
        tags = [client.post("bob", f"message {number}") for number in range(50)]
        answers = [client.result(tag) for tag in tags]
        assert [answer.id for answer in answers if isinstance(answer, Sent)] == list(range(1, 51))


def test_several_places_are_read_and_shown() -> None:
    target = target_of("one, two:6000,[::1]:7")
    assert target.places == (("one", 5000), ("two", 6000), ("::1", 7))
    assert str(target) == "one:5000,two:6000,[::1]:7"


@pytest.mark.parametrize("text", ["one,two:x", "one:70000,two"])
def test_a_place_among_several_that_makes_no_sense_is_told(text: str) -> None:
    with pytest.raises(ConnectionFailedError, match="is no port"):
        Client(text)


def test_of_several_hosts_one_that_nobody_knows_is_passed_over() -> None:
    assert {host for _, _, host in look_up(target_of(f"{'x' * 300}:1,127.0.0.1:2"))} == {"127.0.0.1"}


def test_a_client_goes_to_the_machine_that_lets_people_in() -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        peer.hear_end()

    with FakeServer(script) as server, Client(f"127.0.0.1:{free_port()},127.0.0.1:{server.port}") as client:
        assert client.login("alice", "password") == "token-of-alice"


def test_a_machine_that_does_not_greet_is_not_the_first_to_be_tried_again() -> None:
    def greets(peer: Peer) -> None:
        peer.greet()
        peer.accept_login()

    with FakeServer(Peer.hear_end) as silent, FakeServer(greets) as server:
        carried = Carried(silent.port, server.port)
        carried.core.login("alice", "password")
        while carried.core.phase is Phase.OFFLINE:
            wait(carried.carrier)
            carried.carrier.turn()
        carried.clock.now += GREETING_S_MAX
        carried.until(Offline)
        carried.clock.now += RETRY_S_MAX
        carried.until(LoggedIn)
        carried.carrier.close()
