"""What outlives a run, in one file an account: the token, the last message seen, settings, drafts, lines typed.

The files are the user's alone (mode 0600, in the XDG state folder). Passwords are never kept.
"""

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from chatserver.protocol.names import name_key

OTHERS = 0o077
"""The permission bits of everybody but the owner."""


@dataclass(slots=True)
class Settings:
    """What a user has chosen for this client."""

    ABOUT: ClassVar[dict[str, str]] = {
        "reading": "what you have seen is marked as read",
        "bell": "it rings when somebody speaks to you",
        "typing": "others see that you are typing",
        "numbers": "messages show their numbers",
        "stream": "everything in one stream, no windows",
        "memory": "drafts, lines typed and the open window are kept for the next start",
    }

    reading: bool = True
    bell: bool = True
    typing: bool = False
    numbers: bool = False
    stream: bool = False
    memory: bool = True


@dataclass(slots=True)
class Memory:
    """How things stood. Whatever is of another kind in the file is left out."""

    settings: Settings = field(default_factory=Settings)
    place: str = ""
    places: list[str] = field(default_factory=list)  # in the order of their windows
    drafts: dict[str, str] = field(default_factory=dict)  # by place
    muted: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # that count as a mention
    history: list[str] = field(default_factory=list)  # lines typed
    status: list[str] = field(default_factory=list)  # how one is, and what was said of it

    @classmethod
    def from_json(cls, data: object) -> "Memory":
        """What a file holds; what does not fit is as if it were not there."""
        memory = cls()
        found = data if isinstance(data, dict) else {}
        settings = found.get("settings")
        for name, value in settings.items() if isinstance(settings, dict) else ():
            if name in Settings.ABOUT and isinstance(value, bool):
                setattr(memory.settings, name, value)
        for name in ("places", "muted", "words", "history", "status"):
            listed = found.get(name)
            texts = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
            setattr(memory, name, texts)
        drafts, place = found.get("drafts"), found.get("place")
        if isinstance(drafts, dict):
            memory.drafts = {name: text for name, text in drafts.items() if isinstance(text, str)}
        memory.place = place if isinstance(place, str) else ""
        return memory


@dataclass(frozen=True, slots=True)
class Kept:
    """How to come back to an account. `last_id`: the last message seen, 0 if none is known."""

    server: str
    user: str
    token: str = field(repr=False)
    last_id: int = 0
    memory: Memory = field(default_factory=Memory)


def state_folder(environment: dict[str, str] | None = None) -> Path:
    """Where the files are: `$XDG_STATE_HOME/chatclient`, else `~/.local/state/chatclient`."""
    environment = dict(os.environ) if environment is None else environment
    base = environment.get("XDG_STATE_HOME", "")
    try:
        return (Path(base) if os.path.isabs(base) else Path.home() / ".local" / "state") / "chatclient"
    except RuntimeError:  # a user without a home, as in some containers: nothing can be kept
        return Path(os.devnull, "chatclient")


def load(folder: Path, server: str, user: str | None = None) -> Kept | None:
    """The account kept for this server; without a user, the one last used. None if there is none."""
    found = [kept for path in folder.glob("*.json") if (kept := _read(path)) and kept[1].server == server]
    wanted = [kept for kept in found if user is None or name_key(kept[1].user) == name_key(user)]
    return max(wanted, key=lambda kept: kept[0])[1] if wanted else None


def save(folder: Path, kept: Kept) -> None:
    """Keep an account, in place of what was kept for it. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder)  # mode 0600 from its first moment
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(kept), file, ensure_ascii=False)
        os.replace(temporary, _path(folder, kept.server, kept.user))
    except OSError:
        os.unlink(temporary)
        raise


def forget(folder: Path, server: str, user: str) -> None:
    """Remove what is kept of an account. Raises OSError."""
    with suppress(FileNotFoundError, NotADirectoryError):
        _path(folder, server, user).unlink()


def _path(folder: Path, server: str, user: str) -> Path:
    # A name in other scripts, percent-encoded, would be longer than a file name may be.
    return folder / f"{sha256(f'{server}|{name_key(user)}'.encode()).hexdigest()[:32]}.json"


def _read(path: Path) -> tuple[int, Kept] | None:
    """When a file was written, and what it holds; None if it is damaged, or others could have read or written it."""
    try:
        about = path.stat()
        if about.st_mode & OTHERS:
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
        memory = Memory.from_json(data.get("memory"))
        kept = Kept(data["server"], data["user"], data["token"], data["last_id"], memory)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    texts = (kept.server, kept.user, kept.token)
    sound = all(isinstance(text, str) for text in texts) and isinstance(kept.last_id, int)
    return (about.st_mtime_ns, kept) if sound else None
