"""From where a request comes, for whatever has to count by it."""

import ipaddress


def place_of(address: str) -> str:
    """One place for each line to the internet: one of IPv6 has 2^64 addresses."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found.packed, 64), strict=False))
