"""What counts as one address."""

import pytest

from chatserver.net.addresses import address_group


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"),
        ("::ffff:192.0.2.1%lo", "192.0.2.1"),
        ("::1", "::"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::"),
        ("2001:DB8:1:2::", "2001:db8:1:2::"),
        ("2001:db8:1:3::", "2001:db8:1:3::"),
        ("2001:db8:8001:8002:8003::", "2001:db8:8001:8002::"),
        ("fe80::1%eth0", "fe80::"),
        ("fe80::2%3", "fe80::"),
        ("::fffe:192.0.2.1", "::"),
    ],
)
def test_one_house_is_one_address(host: str, group: str) -> None:
    assert address_group(host) == group


@pytest.mark.parametrize("host", ["", "localhost", "192.0.2", "%eth0"])
def test_what_is_no_address_is_an_error(host: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        address_group(host)
