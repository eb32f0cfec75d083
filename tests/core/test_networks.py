"""The form of networks, and who is in one."""

import pytest

from chatserver.core.networks import is_within, keys_around, network_key, network_of


@pytest.mark.parametrize(
    ("typed", "network"),
    [
        ("10.0.0.7", "10.0.0.7/32"),
        ("10.0.0.7/8", "10.0.0.0/8"),
        ("::ffff:10.0.0.7", "10.0.0.7/32"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::/32", "2001:db8::/32"),
        (" 0.0.0.0/0 ", "0.0.0.0/0"),
        ("10.0.0.7/33", None),
        ("example.com", None),
        ("", None),
    ],
)
def test_an_address_or_a_network_as_it_is_kept(typed: str, network: str | None) -> None:
    assert network_of(typed) == network


@pytest.mark.parametrize(
    ("address", "network", "is_in"),
    [
        ("10.0.0.7", "10.0.0.0/8", True),
        ("11.0.0.7", "10.0.0.0/8", False),
        ("2001:db8::", "2001:db8::/64", True),
        ("10.0.0.7", "2001:db8::/64", False),
        ("", "10.0.0.0/8", False),
        ("2001:db8::", "::/0", True),
        ("10.0.0.7", "0.0.0.0/0", True),
        ("10.0.0.7", "10.0.0.7/32", True),
    ],
)
def test_one_address_in_one_network(address: str, network: str, is_in: bool) -> None:
    assert is_within(address, network_key(network)) is is_in


def test_an_address_is_in_a_network_of_each_length() -> None:
    """Of IPv6 down to what one host owns."""
    assert [prefix for _, prefix, _ in keys_around("10.0.0.7")] == list(range(32, -1, -1))
    assert [prefix for _, prefix, _ in keys_around("2001:db8::")] == list(range(64, -1, -1))
    assert list(keys_around("somewhere")) == []
