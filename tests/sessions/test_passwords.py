"""Hashes of passwords: what they say of themselves, which password fits, and which are to be made anew."""

import hashlib
from base64 import b64decode, b64encode

import pytest

from chatserver.sessions.passwords import DIGEST_BYTES, SALT_BYTES, decoy, fits, hash_password, is_current

SALT = bytes(range(SALT_BYTES))
COST = 1
RFC_SALT = b64encode(b"NaCl").decode()
RFC_DIGEST = bytes.fromhex("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162")
"""RFC 7914, section 12: the first 32 bytes, which do not depend on how many are asked for."""


@pytest.fixture(scope="module")
def stored() -> str:
    return hash_password("correct horse", COST, SALT)


def test_a_hash_says_how_it_was_made(stored: str) -> None:
    kind, cost, block_size, parallel, salt, digest = stored.split("$")
    assert (kind, cost, block_size, parallel) == ("scrypt", "1", "8", "5")
    assert b64decode(salt) == SALT
    assert b64decode(digest) == hashlib.scrypt(b"correct horse", salt=SALT, n=2, r=8, p=5, dklen=32)


def test_the_password_fits_and_no_other(stored: str) -> None:
    assert fits("correct horse", stored)
    for other in ("", "correct hors", "correct horse ", "Correct horse", "horse correct"):
        assert not fits(other, stored)


def test_a_password_that_is_written_in_two_ways_is_one() -> None:
    composed, decomposed = "caf\u00e9 au lait", "cafe\u0301 au lait"
    assert fits(decomposed, hash_password(composed, COST, SALT))
    assert fits(composed, hash_password(decomposed, COST, SALT))
    assert not fits("cafe au lait", hash_password(composed, COST, SALT))


def test_the_same_password_has_another_hash_with_another_salt(stored: str) -> None:
    other = hash_password("correct horse", COST, SALT[::-1])
    assert other.split("$")[5] != stored.split("$")[5]
    assert fits("correct horse", other)


def test_a_hash_is_checked_with_its_own_parameters() -> None:
    stored = f"scrypt$10$8$16${RFC_SALT}${b64encode(RFC_DIGEST).decode()}"
    assert fits("password", stored)
    assert not fits("password", stored.replace("$16$", "$15$"))
    assert not fits("password", stored.replace("$8$", "$4$"))
    assert not fits("password", stored.replace("$10$", "$9$"))


@pytest.mark.parametrize(("cost", "block_size", "parallel"), [(1, 1, 1), (1, 8, 64), (14, 8, 5)])
def test_there_is_memory_enough_for_whatever_the_parameters_are(cost: int, block_size: int, parallel: int) -> None:
    stored = decoy(cost, SALT, bytes(DIGEST_BYTES)).replace("$8$5$", f"${block_size}${parallel}$")
    assert not fits("correct horse", stored)


def test_a_hash_is_current_until_the_parameters_change(stored: str) -> None:
    assert is_current(stored, COST)
    assert not is_current(stored, COST + 1)
    assert not is_current(stored, 14)
    assert not is_current(stored.replace("scrypt$1$", "scrypt$14$"), COST)
    assert not is_current(stored.replace("$8$5$", "$8$50$"), COST)
    assert not is_current(stored.replace("$8$5$", "$4$5$"), COST)
    assert not is_current("", COST)


def test_a_decoy_is_like_a_hash_and_fits_nothing(stored: str) -> None:
    made = decoy(COST, SALT, bytes(DIGEST_BYTES))
    assert is_current(made, COST)
    assert len(made) == len(stored)
    assert b64decode(made.split("$")[5]) == bytes(DIGEST_BYTES)
    assert not fits("correct horse", made)
    assert not fits("", made)
