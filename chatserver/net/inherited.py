"""Sockets that are open already when the program starts: handed on by systemd, or by the server that ran before.

The environment names them as sd_listen_fds(3) says: so many descriptors from the third on (`LISTEN_FDS`), their names
between colons (`LISTEN_FDNAMES`), and for which process they are (`LISTEN_PID`; left out, for whoever reads it).
"""

import os
import socket
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from contextlib import ExitStack

FIRST = 3
UPGRADE = "upgrade"  # no door: the line to the server that ran before
_UNNAMED = ("", "unknown")
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID")


class InheritedError(Exception):
    """What was handed on cannot be used; the text is a sentence that says what to do."""


def take_inherited(environment: MutableMapping[str, str], known: Sequence[str]) -> dict[str, socket.socket]:
    """The sockets by name, and nothing of them left in the environment: programs that are started are to have none.

    `known` are the names there may be; a socket alone and without a name has the first. Raises InheritedError.
    """
    process, count = environment.get("LISTEN_PID", ""), environment.get("LISTEN_FDS", "")
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    for variable in _VARIABLES:
        environment.pop(variable, None)
    if not count.isdecimal() or process not in ("", str(os.getpid())):
        return {}
    if int(count) == 1 and names[0] in _UNNAMED:
        names = [known[0]]
    _check_names(names, int(count), known)
    return {name: _adopt(FIRST + at, name) for at, name in enumerate(names[: int(count)])}


def _check_names(names: Sequence[str], count: int, known: Collection[str]) -> None:
    if count and len(names) != count:
        raise InheritedError(f"LISTEN_FDS is {count}, but LISTEN_FDNAMES names {len(names)}: name each socket")
    for at, name in enumerate(names[:count]):
        if name not in known and name != UPGRADE:
            raise InheritedError(
                f"a socket was handed on as '{name}': FileDescriptorName= of its unit is one of {', '.join(known)}"
            )
        if name in names[:at]:
            raise InheritedError(f"two sockets were handed on as {name}: one unit has one ListenStream=")


def _adopt(descriptor: int, name: str) -> socket.socket:
    try:
        adopted = socket.socket(fileno=descriptor)
    except OSError as error:
        raise InheritedError(
            f"descriptor {descriptor}, handed on as {name}, is no socket ({error.strerror})"
        ) from error
    adopted.set_inheritable(False)
    if name != UPGRADE and not _is_listening(adopted):
        raise InheritedError(f"the socket handed on as {name} does not listen for TCP: ListenStream= is to be a port")
    return adopted


def _is_listening(adopted: socket.socket) -> bool:
    if adopted.family not in (socket.AF_INET, socket.AF_INET6) or adopted.type != socket.SOCK_STREAM:
        return False
    return bool(adopted.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def start_with(words: Sequence[str], environment: Mapping[str, str], handed_on: Mapping[str, socket.socket]) -> int:
    """Start a program that finds these sockets in the way above; its process. Raises OSError.

    `LISTEN_PID` is left out: a process has no number before it is there. Nothing of Python runs between fork and exec,
    which threads could have stopped half-way. Descriptors are moved out of each other's way first.
    """
    import fcntl

    given = {name: value for name, value in environment.items() if name not in (*_VARIABLES, "WATCHDOG_PID")}
    given |= {"LISTEN_FDS": str(len(handed_on)), "LISTEN_FDNAMES": ":".join(handed_on)}
    actions = []
    with ExitStack() as moved:
        for at, each in enumerate(handed_on.values()):
            descriptor = fcntl.fcntl(each.fileno(), fcntl.F_DUPFD_CLOEXEC, FIRST + len(handed_on))
            moved.callback(os.close, descriptor)
            actions.append((os.POSIX_SPAWN_DUP2, descriptor, FIRST + at))
        return os.posix_spawn(words[0], list(words), given, file_actions=actions)
