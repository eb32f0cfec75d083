"""What an operator does in a year, a function each: done to a server under load, with what has to be true of it."""

import signal
import socket
import sqlite3
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.year.crowd import Broken, Writer
from tests.year.life import Life

OLD = "said two years ago"
OLD_MS = 730 * 86_400_000
OUTAGE_S = 0.3


@dataclass(slots=True)
class Year:
    """What the tasks work with."""

    life: Life
    crowd: list[Writer]
    lost: list[range] = field(default_factory=list)  # ids of what was said between a backup and its restore
    numbers: "count[int]" = field(default_factory=count)

    @property
    def victim(self) -> Writer:
        """Whom something is done to; another one each time."""
        return self.crowd[next(self.numbers) % len(self.crowd)]


def upgrade(year: Year) -> None:
    """upgrades the server"""
    before = year.life.process
    _, said = year.life.admin("upgrade")
    if "takes over now" not in said:
        raise Broken(said)
    year.life.taken_over(before)


def upgrade_by_signal(year: Year) -> None:
    """upgrades it by SIGUSR2"""
    before = year.life.process
    year.life.send(signal.SIGUSR2)
    year.life.taken_over(before)


def upgrade_to_nothing(year: Year) -> None:
    """upgrades to a program that does not start"""
    wrong = year.life.folder / "wrong.py"
    wrong.write_text("raise SystemExit(1)\n")
    year.life.admin("upgrade", str(wrong), status=1)
    if year.life.number != year.life.process.number:
        raise Broken("another process answers")


def renew(year: Year) -> None:
    """renews the certificate"""
    since = len(year.life.log.read_text())
    year.life.renew_certificate()
    year.life.send(signal.SIGHUP)
    year.life.logged("reload: ", since)
    if _shown(year.life) != ssl.PEM_cert_to_DER_cert(year.life.certificate.read_text()):
        raise Broken("the certificate of before is shown")


def _shown(life: Life) -> bytes | None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", life.ports["tls"])) as plain,
        context.wrap_socket(plain) as shown,
    ):
        return shown.getpeercert(binary_form=True)


def reload_broken(year: Year) -> None:
    """reloads broken files"""
    life = year.life
    for broken in ("port = [", "nonsense = 1\n", "port = 99999\n"):
        life.config.write_text(broken)
        life.admin("reload", status=2)
    life.configure(message_chars_max="many")
    life.admin("reload", status=2)  # a text in the place of a number
    life.configure()
    life.certificate.rename(f"{life.certificate}.away")
    life.admin("reload", status=2)
    Path(f"{life.certificate}.away").rename(life.certificate)
    life.admin("reload")


def rotate(year: Year) -> None:
    """rotates the log, and closes the terminal"""
    log = year.life.log
    with log.with_suffix(".log.1").open("a") as rotated:
        rotated.write(log.read_text())
    log.write_text("")
    for number in (signal.SIGHUP, signal.SIGHUP, signal.SIGUSR1, signal.SIGWINCH, signal.SIGPIPE):
        year.life.send(number)
    year.life.admin("settings", "show", "port")


def ban(year: Year) -> None:
    """bans a network, and lets it in again"""
    year.life.is_down.set()  # a banned address is turned away where it knocks
    year.life.admin("ban", "127.0.0.1", "--for", "1h", "--reason", "a test")
    time.sleep(OUTAGE_S)
    year.life.admin("unban", "127.0.0.1")
    year.life.is_down.clear()


def suspend(year: Year) -> None:
    """suspends a user, and lets the user in again"""
    user = year.victim.user
    year.life.admin("user", "suspend", user, "--for", "7d", "--reason", "a test")
    time.sleep(OUTAGE_S)
    year.life.admin("user", "reinstate", user)


def kick_and_mute(year: Year) -> None:
    """kicks a user, and mutes another"""
    year.life.admin("kick", year.victim.user)
    user = year.victim.user
    year.life.admin("mute", user)
    time.sleep(OUTAGE_S)
    year.life.admin("unmute", user)


def back_up(year: Year) -> None:
    """makes a backup, and looks at it"""
    copy = _back_up(year)
    year.life.run("check", "--store", str(copy))


def _back_up(year: Year) -> Path:
    folder = year.life.folder / "backups"
    folder.mkdir(exist_ok=True)
    year.life.admin("backup", f"{folder}/", "--keep", "3")
    return max(folder.glob("*.db*"), key=lambda path: path.stat().st_mtime_ns)


def restore(year: Year) -> None:
    """loses the file, and restores a backup"""
    life, copy = year.life, _back_up(year)
    time.sleep(OUTAGE_S)  # what is said now is lost, as clients are told by the epoch
    life.end()
    with life.store.open("r+b") as file:
        file.truncate(20_000)
    time.sleep(OUTAGE_S)  # for the last answers to be read
    said = max(stamp[0] for writer in year.crowd for stamp in list(writer.book.answered.values()))
    life.run("restore", str(copy), "--store", str(life.store))
    life.start()
    year.lost.append(range(_last_id(copy) + 1, said + 1))  # ids never go back: what comes has higher ones


def _last_id(store: Path) -> int:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as file:
        found: int = file.execute("SELECT ifnull(max(id), 0) FROM messages").fetchone()[0]
        return found


def fill_the_disk(year: Year) -> None:
    """fills the disk, and makes room"""
    with year.life.disk.failing_writes():
        time.sleep(OUTAGE_S)
        year.life.admin("announce", "no room", status=1)
        year.life.send(signal.SIGHUP)


def purge(year: Year) -> None:
    """lets old messages go"""
    life = year.life
    life.admin("settings", "set", "history_days", "365")
    life.admin("purge", "--yes")
    ends = time.monotonic() + 30
    with closing(sqlite3.connect(f"file:{life.store}?mode=ro", uri=True)) as file:
        while file.execute("SELECT count(*) FROM messages WHERE text = ?", (OLD,)).fetchone() != (0,):
            if time.monotonic() > ends:
                raise Broken("messages of two years ago are there still")
            time.sleep(OUTAGE_S)


def kill(year: Year) -> None:
    """loses the server to kill -9"""
    year.life.end(signal.SIGKILL)
    year.life.start()


def restart(year: Year) -> None:
    """restarts the machine"""
    year.life.is_down.set()
    before = year.life.process
    year.life.admin("drain", "--yes")
    before.wait()
    year.life.start()


def look(year: Year) -> None:
    """looks at all figures"""
    for words in ("who", "stats", "stats --tables", "audit", "user list", "reports", "bans", "check", "bot list"):
        year.life.admin(*words.split())


TASKS: tuple[Callable[[Year], None], ...] = (
    *(upgrade, renew, ban, fill_the_disk, kill, back_up, suspend, upgrade_by_signal, reload_broken, rotate, purge),
    *(restore, kick_and_mute, upgrade_to_nothing, restart, look),
)
"""All of them; a docstring says what the operator does. They go round, each round in another order."""
