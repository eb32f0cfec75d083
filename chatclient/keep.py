"""What outlives a run: the token of a login and the last message seen, one small file an account.

The files are the user's alone (mode 0600, in the XDG state folder). Passwords are never kept.
"""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from chatserver.protocol.names import name_key

OTHERS = 0o077
"""The permission bits of everybody but the owner."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How to come back to an account. `last_id`: the last message seen, 0 if none is known."""

    server: str
    user: str
    token: str
    last_id: int = 0


def state_folder(environment: dict[str, str] | None = None) -> Path:
    """Where the files are: `$XDG_STATE_HOME/chatclient`, else `~/.local/state/chatclient`."""
    environment = dict(os.environ) if environment is None else environment
    base = environment.get("XDG_STATE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".local" / "state") / "chatclient"


def load(folder: Path, server: str, user: str | None = None) -> Kept | None:
    """The account kept for this server; without a user, the one last used. None if there is none."""
    found = []
    for path in folder.glob("*.json"):
        kept = _read(path)
        if kept and kept.server == server and (user is None or name_key(kept.user) == name_key(user)):
            found.append((path.stat().st_mtime_ns, kept))
    return max(found, key=lambda pair: pair[0])[1] if found else None


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
    """Remove what is kept of an account."""
    _path(folder, server, user).unlink(missing_ok=True)


def _path(folder: Path, server: str, user: str) -> Path:
    # A name in other scripts, percent-encoded, would be longer than a file name may be.
    return folder / f"{sha256(f'{server}|{name_key(user)}'.encode()).hexdigest()[:32]}.json"


def _read(path: Path) -> Kept | None:
    """What a file holds; None if it is damaged, or others could have read or written it."""
    try:
        if path.stat().st_mode & OTHERS:
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
        kept = Kept(data["server"], data["user"], data["token"], data["last_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    texts = (kept.server, kept.user, kept.token)
    return kept if all(isinstance(text, str) for text in texts) and isinstance(kept.last_id, int) else None
