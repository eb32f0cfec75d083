"""A recorded story of a server: its clients chat, it is killed or stopped at some point, and goes on in a next life.

Each life begins with what clients do that lost their connection: they resume, send again what was not
answered, and look at their conversations. The seed fixes who does what; what the machine makes of it differs.
"""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.harness import befriend
from tests.machine.disk import DiskServer
from tests.machine.image import Image, files_of
from tests.machine.record import Entry, read_life

FRIENDS = ("ana", "ben", "cleo")
STRANGER = "dan"
ROOM = "#den"
LENGTHS = (5, 80, 3500)  # characters of texts: the long ones fill the log, so that it is moved to the tables
COMMITS_MAX = 2_000  # by then any server has moved its log
LINES_MAX = 6  # of one client in one step
ENDS = ("held", "killed", "stopped")
"""How a life ends: killed while a flush is held up; killed among answers; by SIGTERM."""


class Story:
    """One server on one store, and the record of what it did so far."""

    def __init__(self, folder: Path, seed: int, sync: str = "full") -> None:
        """Start the server, and make its users."""
        self.entries: list[Entry] = []
        self._chance = Random(seed)
        self._image = Image()  # to find what a kill has kept out of the record
        self._record = folder / "record"
        self._life = 0
        self._number = 0  # makes every text another one
        self._sent: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)  # user → to and id of each message
        self._reacted: set[tuple[str, str]] = set()
        self._unanswered: defaultdict[str, list[str]] = defaultdict(list)
        self._server = DiskServer(folder / "chat.db", {}, "--sync", sync, record=self._record)
        self._server.disk.skip_flushes()
        self._clients = {name: self._server.user(name) for name in (*FRIENDS, STRANGER)}
        self._tokens = {name: client.token for name, client in self._clients.items()}
        self._make_friends()

    def close(self) -> None:
        """End the server, and complete the record."""
        if self._life >= 0:
            self._server.close()
            self._take_record()
            self._life = -1

    def chat(self, steps: int) -> None:
        """Some clients at a time send some lines, and then read the answers."""
        for _ in range(steps):
            busy = self._chance.sample(FRIENDS, self._chance.randint(1, len(FRIENDS)))
            lines = {name: [self._line(name) for _ in range(self._chance.randint(1, LINES_MAX))] for name in busy}
            for name in busy:
                self._clients[name].send(*lines[name])
            for name in busy:
                for line in lines[name]:
                    self._answered(name, line)

    def chat_until_moved(self) -> None:
        """One message at a time, until the server has moved its log to the tables and begins the log anew."""
        before = self._server.store_path.stat().st_mtime_ns
        for _ in range(COMMITS_MAX):
            name = self._chance.choice(FRIENDS)
            line = f"SENDMESSAGE|{name}|{self._chance.choice(self._others(name))}|{self._text(1)}"
            self._clients[name].send(line)
            self._answered(name, line)
            if self._server.store_path.stat().st_mtime_ns != before:
                return

    def end_life(self, end: str) -> None:
        """End the server in one of the ways of `ENDS`; `next_life` starts it again."""
        {"held": self._kill_while_held, "killed": self._kill, "stopped": self._stop}[end]()
        self._server.close_clients()
        missed = self._take_record()
        assert end == "killed" or not missed, f"the record and the files differ in {missed} places"

    def next_life(self) -> None:
        """Start the server again; its clients come back, repeat what was not answered, and look at everything."""
        self._server.restart()
        self._life += 1
        for name in (*FRIENDS, STRANGER):
            client = self._clients[name] = self._server.connect(name)
            token = self._tokens[name]
            client.says(f"RESUME|{name}|{token}", f"OK|RESUME|{name}|{token}")
        for name, lines in self._unanswered.items():
            self._clients[name].send(*lines)
            for line in lines:
                self._answered(name, line)
        self._unanswered.clear()
        for name in FRIENDS:
            for other in self._others(name):
                self._clients[name].rows(f"HISTORY|{name}|{other}|500")

    def _make_friends(self) -> None:
        clients = [self._clients[name] for name in FRIENDS]
        for at, client in enumerate(clients):
            for other in clients[:at]:
                befriend(client, other)
        self._clients[STRANGER].says(f"ADDFRIEND|{STRANGER}|{FRIENDS[0]}")
        self._clients[FRIENDS[1]].says(f"BLOCK|{FRIENDS[1]}|{STRANGER}")
        clients[0].says(f"CREATEROOM|{FRIENDS[0]}|{ROOM}")
        for client in clients[1:]:
            client.says(f"JOIN|{client.name}|{ROOM}")

    # Ends of a life

    def _kill_while_held(self) -> None:
        self._server.disk.hold()
        self._send_unanswered(1)
        self._server.kill_while_held()

    def _kill(self) -> None:
        self._send_unanswered(LINES_MAX)
        name = self._chance.choice(FRIENDS)
        for line in self._unanswered[name][: self._chance.randrange(LINES_MAX)]:
            self._answered(name, line)
        self._server.kill()

    def _stop(self) -> None:
        self._server.terminate()
        assert self._server.wait() == 0, self._server.stderr

    def _send_unanswered(self, count: int) -> None:
        """Tagged sends, and nobody waits for their answers: they are what a client repeats after a crash."""
        for name in FRIENDS:
            lines = [self._message(name, "#" + self._text(0).strip()) for _ in range(count)]
            self._unanswered[name] += lines
            self._clients[name].send(*lines)

    def _take_record(self) -> int:
        """Add this life to the record; how many entries a kill has kept out of it."""
        entries = read_life(self._record, self._life)
        for entry in entries:
            self._image.follow(entry)
        missed = self._image.correct(self._life, files_of(self._server.store_path))
        for entry in missed:
            self._image.follow(entry)
        self.entries += entries + missed
        return len(missed)

    # What clients say

    def _line(self, name: str) -> str:
        kind = self._chance.choice(KINDS) if self._chance.random() < 0.5 else Story._plain
        return kind(self, name)

    def _plain(self, name: str) -> str:
        return self._message(name, "")

    def _tagged(self, name: str) -> str:
        return self._message(name, f"#t{self._number}")

    def _message(self, name: str, tag: str) -> str:
        to = self._chance.choice(self._others(name))
        return f"SENDMESSAGE{tag}|{name}|{to}|{self._text(self._chance.choice(LENGTHS))}"

    def _edit(self, name: str) -> str:
        return f"EDITMESSAGE|{name}|{self._own(name)[1]}|{self._text(self._chance.choice(LENGTHS))}"

    def _delete(self, name: str) -> str:
        return f"DELETEMESSAGE|{name}|{self._own(name)[1]}"

    def _react(self, name: str) -> str:
        number = self._own(name)[1]
        if (name, number) in self._reacted:  # a second time would take it back
            return self._tagged(name)
        self._reacted.add((name, number))
        return f"REACT|{name}|{number}|\N{THUMBS UP SIGN}"

    def _mark(self, name: str) -> str:
        to, number = self._sent[name][-1] if self._sent[name] else (ROOM, "0")
        return f"MARKREAD|{name}|{to}|{number}" if number != "0" else self._plain(name)

    def _status(self, name: str) -> str:
        return f"SETSTATUS|{name}|{self._chance.choice(['online', 'away', 'busy'])}|{self._text(5)}"

    def _topic(self, name: str) -> str:
        return f"SETTOPIC|{name}|{ROOM}|{self._text(5)}" if name == FRIENDS[0] else self._plain(name)

    def _history(self, name: str) -> str:
        return f"HISTORY|{name}|{self._chance.choice(self._others(name))}|10"

    def _own(self, name: str) -> tuple[str, str]:
        return self._chance.choice(self._sent[name]) if self._sent[name] else (ROOM, "1")

    def _others(self, name: str) -> list[str]:
        return [*(other for other in FRIENDS if other != name), ROOM]

    def _text(self, length: int) -> str:
        self._number += 1
        return f"{self._number} {'x' * length}"

    def _answered(self, name: str, line: str) -> None:
        """Read the answer to one line. It may be a refusal: an edit of what was deleted, say."""
        frame = self._clients[name].answer()[-1]
        if line.startswith("SENDMESSAGE"):
            assert frame.startswith("OK|"), frame
            self._sent[name].append((line.split("|", 3)[2], frame.split("|")[2]))


Kind = Callable[[Story, str], str]
KINDS: tuple[Kind, ...] = (
    Story._tagged,
    Story._tagged,
    Story._edit,
    Story._delete,
    Story._react,
    Story._mark,
    Story._status,
    Story._topic,
    Story._history,
)


def tell(folder: Path, seed: int, ends: tuple[str, ...], steps: int, sync: str = "full") -> list[Entry]:
    """A whole story, of one life more than it has ends; its record."""
    story = Story(folder, seed, sync)
    try:
        for end in ends:
            story.chat(steps)
            if end != "stopped":  # else it moves the log at its end
                story.chat_until_moved()
                story.chat(steps // 4)
            story.end_life(end)
            story.next_life()
        story.chat(steps)
    finally:
        story.close()
    return story.entries
