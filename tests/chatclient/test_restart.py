"""How a client comes back when a new program takes the server's place: at once, and with every line once."""

import pytest

from chatclient.core.outcomes import CaughtUp, LoggedIn, Sent
from chatclient.net.carrier import RETRY_S_FIRST, Offline
from tests.chatclient.fake import FakeServer, Peer
from tests.chatclient.test_blocking import Carried

RESTART = "BYE|RESTART|The server is renewed: connect again at once, nothing is lost"


def test_it_is_back_at_once_and_says_again_what_was_not_answered() -> None:
    """The clock stands still: whatever waits for a time would wait for ever."""

    def old(peer: Peer) -> None:
        peer.log_in()
        peer.say(f"OK|{peer.expect('SENDMESSAGE', 'alice', 'bob', 'one')}|1|now")
        heads.extend(peer.expect("SENDMESSAGE", "alice", "bob", text) for text in ("two", "three"))
        peer.say(RESTART)

    def new(peer: Peer) -> None:
        peer.greet()
        peer.accept_login()
        for number, text in enumerate(("two", "three"), 2):
            heads.append(peer.expect("SENDMESSAGE", "alice", "bob", text))
            peer.say(f"OK|{heads[-1]}|{number}|now")
        peer.hear_end()

    heads: list[str] = []
    with FakeServer(old, new) as server:
        carried = Carried(server.port)
        carried.core.login("alice", "password")
        carried.until(CaughtUp)
        for text in ("one", "two", "three"):
            carried.core.command("SENDMESSAGE", "bob", text)
        carried.happened += carried.carrier.wake()
        offline = carried.until(Offline)
        assert isinstance(offline, Offline)
        assert (offline.retry_s, "renewed" in offline.reason) == (0.0, True)
        logged_in = carried.until(LoggedIn)
        assert isinstance(logged_in, LoggedIn)
        assert logged_in.again
        for _ in range(2):
            carried.until(Sent)
        carried.carrier.close()
    assert heads[:2] == heads[2:]  # under the same tags, by which the server knows them again


@pytest.mark.parametrize("reason", ["RESTART", "SHUTDOWN"])
def test_it_comes_at_once_only_once_and_only_for_a_restart(reason: str) -> None:
    """Where nobody listens after all, it does not knock without a pause."""

    def go(peer: Peer) -> None:
        peer.log_in()
        peer.say(f"BYE|{reason}|so it is")

    with FakeServer(go) as server:
        carried = Carried(server.port)
        carried.core.login("alice", "password")
        carried.until(CaughtUp)
        offline = carried.until(Offline)
    assert isinstance(offline, Offline)
    assert offline.retry_s == (0.0 if reason == "RESTART" else RETRY_S_FIRST)
    carried.clock.now += offline.retry_s
    offline = carried.until(Offline)  # the port is closed now
    assert isinstance(offline, Offline)
    assert offline.retry_s == (RETRY_S_FIRST if reason == "RESTART" else 2 * RETRY_S_FIRST)
