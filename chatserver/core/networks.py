"""Networks of addresses: the form in which they are kept, and which of them an address is in.

A network is found by numbers, which takes a dict's look-up for each length that it may have: to write all networks
around one IPv6 address as text takes 3 ms.
"""

from collections.abc import Iterator
from ipaddress import IPv6Network, ip_address, ip_network

HOST_BITS_IPV6 = 64  # an IPv6 host owns a /64: to ban less would ban nothing
BITS = {4: 32, 6: 128}

NetworkKey = tuple[int, int, int]
"""Version of IP, length of the prefix, and its bits as a number."""


def network_of(text: str) -> str | None:
    """An address or a network in the form in which networks are kept; None if it is none."""
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    if isinstance(network, IPv6Network):
        mapped = network.network_address.ipv4_mapped
        if mapped is not None and network.prefixlen >= 96:
            return str(ip_network(f"{mapped}/{network.prefixlen - 96}", strict=False))
        if network.prefixlen > HOST_BITS_IPV6:
            network = network.supernet(new_prefix=HOST_BITS_IPV6)
    return str(network)


def network_key(network: str) -> NetworkKey:
    """Where a network is found, that `network_of` has put into form."""
    found = ip_network(network)
    prefix = found.prefixlen
    return found.version, prefix, int(found.network_address) >> (BITS[found.version] - prefix)


def keys_around(address: str) -> Iterator[NetworkKey]:
    """All networks that an address is in, the smallest first; none where it came by no network."""
    version, number = _number_of(address)
    bits = BITS.get(version, -1)
    for prefix in range(HOST_BITS_IPV6 if version == 6 else bits, -1, -1):
        yield version, prefix, number >> (bits - prefix)


def is_within(address: str, network: NetworkKey) -> bool:
    """Tell whether an address is in a network."""
    version, prefix, begin = network
    found, number = _number_of(address)
    return found == version and number >> (BITS[version] - prefix) == begin


def _number_of(address: str) -> tuple[int, int]:
    """Its version of IP, and its bits as a number; version 0 where it came by no network."""
    try:
        host = ip_address(address)
    except ValueError:
        return 0, 0
    return host.version, int(host)
