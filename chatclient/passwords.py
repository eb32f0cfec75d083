"""Where a password comes from: a prompt, a file, or the first line of standard input. Never a flag,
which every user of the machine could read in the list of processes."""

import getpass
import os
import stat

from chatclient.keep import OTHERS

BYTES_MAX = 4096


class NoPassword(Exception):
    """There is no password to be had; the text is a sentence that says what to do."""


def from_file(path: str) -> str:
    """The first line of a file, or of standard input for `-`. Raises NoPassword."""
    if path == "-":
        return _decoded(_first_line(0), "standard input")
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise NoPassword(f"The password file {path} cannot be read: {error.strerror}") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode) and mode & OTHERS:
            raise NoPassword(f"The password file {path} can be read by others: run chmod 600 {path}")
        return _decoded(_first_line(descriptor), f"The password file {path}")
    except OSError as error:
        raise NoPassword(f"The password file {path} cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)


def from_prompt(name: str) -> str:
    """Ask on the terminal. Raises NoPassword at end of input."""
    try:
        return getpass.getpass(f"Password of {name}: ")
    except EOFError:
        raise NoPassword("No password was given") from None


def _first_line(descriptor: int) -> bytes:
    """Read byte by byte: what follows the line is for whoever reads next."""
    line = bytearray()
    while len(line) < BYTES_MAX and (byte := os.read(descriptor, 1)) not in (b"", b"\n"):
        line += byte
    return bytes(line.removesuffix(b"\r"))


def _decoded(line: bytes, source: str) -> str:
    try:
        password = line.decode("utf-8-sig")  # some editors put a mark in front
    except UnicodeDecodeError:
        raise NoPassword(f"{source} is no UTF-8 text") from None
    if not password:
        raise NoPassword(f"{source} has an empty first line: the password belongs there")
    return password
