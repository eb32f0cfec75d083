"""Passwords to hashes and back to yes or no. Slow on purpose: the calls belong in the worker pool.

A hash carries its parameters: `scrypt$14$8$5$salt$digest` (log2 of N, r, p; RFC 7914), salt and
digest in base64. It knows no accounts.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode

from chatserver.protocol.normal import normal

BLOCK_SIZE = 8  # r
PARALLEL = 5  # p
SALT_BYTES = 16
DIGEST_BYTES = 32


def hash_password(password: str, cost: int, salt: bytes) -> str:
    """Hash a password with scrypt; `cost` is log2 of N, and doubles time and memory with each step."""
    digest = _scrypt(password, cost, BLOCK_SIZE, PARALLEL, salt)
    return _write(cost, salt, digest)


def fits(password: str, stored: str) -> bool:
    """Tell whether a password is the one that was hashed, in a time that does not depend on the answer."""
    _, cost, block_size, parallel, salt, digest = stored.split("$")
    found = _scrypt(password, int(cost), int(block_size), int(parallel), b64decode(salt))
    return hmac.compare_digest(found, b64decode(digest))


def is_current(stored: str, cost: int) -> bool:
    """Tell whether a hash was made with today's parameters."""
    return stored.startswith(f"scrypt${cost}${BLOCK_SIZE}${PARALLEL}$")


def decoy(cost: int, salt: bytes, digest: bytes) -> str:
    """A hash that no password has, to check against where there is no user: the work is the same."""
    return _write(cost, salt, digest)


def _scrypt(password: str, cost: int, block_size: int, parallel: int, salt: bytes) -> bytes:
    n = 1 << cost
    memory = 128 * block_size * (n + parallel + 4)  # what OpenSSL counts, with room to spare
    return hashlib.scrypt(
        normal("NFC", password).encode(), salt=salt, n=n, r=block_size, p=parallel, maxmem=memory, dklen=DIGEST_BYTES
    )


def _write(cost: int, salt: bytes, digest: bytes) -> str:
    return f"scrypt${cost}${BLOCK_SIZE}${PARALLEL}${b64encode(salt).decode()}${b64encode(digest).decode()}"
