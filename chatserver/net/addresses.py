"""What counts as one address where limits are an address's."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address


@lru_cache(maxsize=4096)
def address_group(host: str) -> str:
    """What counts as one address: an IPv4 address, however written, or the /64 that an IPv6 host owns."""
    address = plain_address(host)
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Address(int(address) >> 64 << 64))


def plain_address(host: str) -> IPv4Address | IPv6Address:
    """The address that a host is, an IPv4 one also where IPv6 wraps it. Raises ValueError."""
    address = ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
