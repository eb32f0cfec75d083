"""Pages of other machines of the same chat: they may chat here, and the page here may go on there."""

import pytest

from chatserver.settings import SettingError, parse
from tests.conftest import StartServer
from tests.websocket import WebClient, answer_to, fetch, handshake


def test_the_page_of_a_peer_may_chat_and_fetch_nothing(start_server: StartServer) -> None:
    peers = "https://Two.example:443/, http://10.0.0.3:5001,http://[::2]:80"
    server = start_server(web_peers=peers)
    for origin in ("https://two.example", "http://10.0.0.3:5001", "http://[::2]"):
        WebClient(server.web_address, Origin=origin).close()
        assert fetch(server.web_address, Origin=origin)[0] == 403
    for origin in ("http://two.example", "https://two.example:444", "http://10.0.0.3", "https://a.two.example", "null"):
        asked, _ = handshake(server.web_address, Origin=origin)
        assert answer_to(server.web_address, asked)[0] == 403
    assert fetch(server.web_address, Host="two.example")[0] == 403  # it is no name of this machine


def test_the_page_is_told_of_its_peers_and_may_connect_to_them_alone(start_server: StartServer) -> None:
    server = start_server(web_peers="https://two.example, http://10.0.0.3:5001")
    _, headers, body = fetch(server.web_address)
    assert b'<meta name="peers" content="https://two.example http://10.0.0.3:5001">' in body
    policy = headers["content-security-policy"].split("; ")
    assert "connect-src 'self' wss://two.example ws://10.0.0.3:5001" in policy
    _, headers, body = fetch(start_server().web_address)
    assert b'<meta name="peers" content="">' in body
    assert "connect-src 'self'" in headers["content-security-policy"].split("; ")


@pytest.mark.parametrize(
    "peer", ["two.example", "https://two/page", 'http://two"', "ws://two", "http://two;x", "http://ü"]
)
def test_what_is_no_address_of_a_page_is_no_peer(peer: str) -> None:
    with pytest.raises(SettingError, match=r"web_peers cannot have .*: a page's address is http:// or https://"):
        parse("web_peers", peer)
