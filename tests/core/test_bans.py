"""Which networks may not connect."""

import pytest

from chatserver.core import bans
from chatserver.core.commands import Ban, Sweep, Unban
from chatserver.core.events import AddressBanned, BanEnded
from tests.core.given import NOW_MS, given, refused, when

LATER_MS = NOW_MS + 1000


def ban(network: str) -> Ban:
    return Ban(network, LATER_MS, "scan", NOW_MS)


@pytest.mark.parametrize("network", ["10.0.0.7/32", "10.0.0.0/24", "0.0.0.0/0"])
def test_who_is_in_a_banned_network_is_kept_out_until_it_ends(network: str) -> None:
    state = given()
    assert when(state, ban(network)).events == [AddressBanned(network, LATER_MS, "scan", NOW_MS)]
    assert "(scan)" in (bans.banned(state, "10.0.0.7", NOW_MS) or "")
    assert bans.banned(state, "10.0.0.7", LATER_MS) is None
    assert bans.banned(state, "2001:db8::", NOW_MS) is None
    assert bans.banned(state, "", NOW_MS) is None
    assert (bans.banned(state, "10.0.1.7", NOW_MS) is not None) == (network == "0.0.0.0/0")


def test_an_ipv6_host_is_kept_out_with_its_network() -> None:
    state = given(ban("2001:db8::/64"))
    assert bans.banned(state, "2001:db8::", NOW_MS)
    assert bans.banned(state, "2001:db8:0:1::", NOW_MS) is None


def test_a_ban_ends_when_somebody_says_so_or_by_the_clock() -> None:
    state = given(ban("10.0.0.0/8"), ban("11.0.0.0/8"))
    assert when(state, Unban("10.0.0.0/8")).events == [BanEnded("10.0.0.0/8")]
    refused(state, Unban("10.0.0.0/8"), "NOT_ALLOWED")
    assert when(state, Sweep(LATER_MS)).events == [BanEnded("11.0.0.0/8")]
    refused(state, Ban("10.0.0.0/8", NOW_MS, "", NOW_MS), "BAD_COMMAND")
    refused(state, Ban("10.0.0.0/8", LATER_MS, "x" * 201, NOW_MS), "TOO_LONG")


def test_a_ban_that_was_ended_is_gone_and_another_of_the_network_holds() -> None:
    state = given(ban("10.0.0.0/8"), ban("10.0.0.7/32"), Unban("10.0.0.7/32"))
    assert bans.banned(state, "10.0.0.7", NOW_MS)
    when(state, Unban("10.0.0.0/8"))
    assert bans.banned(state, "10.0.0.7", NOW_MS) is None
    assert not state.bans
    assert not state.banned_networks


@pytest.mark.parametrize("address", ["10.0.0.7", "2001:db8::"])
def test_who_connects_costs_no_network_to_be_written_out(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty-three or sixty-five of them took up to 3 ms of everybody's time with a single ban."""
    state = given(ban("192.0.2.0/24"))

    def written(*args: object, **more: object) -> None:
        raise AssertionError("a network was made of text")

    monkeypatch.setattr("chatserver.core.networks.ip_network", written)
    assert bans.banned(state, address, NOW_MS) is None


def test_there_is_an_end_to_bans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans, "BANS_MAX", 1)
    state = given(ban("10.0.0.0/8"))
    refused(state, ban("11.0.0.0/8"), "NOT_ALLOWED")
    when(state, ban("10.0.0.0/8"))  # once more is no other
