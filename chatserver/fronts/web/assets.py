"""The page's files, in memory, as a browser is given them. It knows no socket and no request.

All but the page itself stand below the hash of all of them, so that a browser may keep them for good: a new version
of the page names other addresses, and never meets half of the old one. The page names its files by relative
addresses (`./app.js`), which get the hash here.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from chatserver.fronts.web.bundle import bundled

PAGE = "index.html"
TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
}
"""Files of other kinds, and what begins with a dot, are not the browser's."""
_REFERENCE = re.compile(r'\b(src|href)="\./([^"]+)"')
_NO_PEERS = '<meta name="peers" content="">'
_KEPT = "public, max-age=31536000, immutable"
_ASKED = "no-cache"  # kept, but asked for each time: the ETag makes that a few bytes


class Body(NamedTuple):
    """A file's bytes as they are sent."""

    data: bytes
    tag: str  # the ETag
    encoding: str  # the Content-Encoding, or nothing


class Asset:
    """One file, also compressed where that is smaller: made here, a request would keep everybody waiting."""

    __slots__ = ("_plain", "_zipped", "caching", "kind")

    def __init__(self, data: bytes, kind: str, caching: str) -> None:
        self.kind = kind
        self.caching = caching
        self._plain = Body(data, f'"{_hash_of(data)}"', "")
        zipped = gzip.compress(data, mtime=0)
        gains = len(zipped) < len(data)
        self._zipped = Body(zipped, f'{self._plain.tag[:-1]}-gzip"', "gzip") if gains else self._plain

    def body(self, *, gzipped: bool) -> Body:
        """What to send, compressed if that is understood and gains something."""
        return self._zipped if gzipped else self._plain


@cache
def load(peers: tuple[str, ...] = ()) -> dict[str, Asset]:
    """The page's files by path. They are read from the package, which may be a single file."""
    return build(_read(files(__package__) / "page"), peers)


def build(contents: Mapping[str, bytes], peers: Sequence[str] = ()) -> dict[str, Asset]:
    """The paths that files are served under. The page is told of its `peers`."""
    if PAGE in contents:
        contents = bundled(contents, PAGE)
    whole = hashlib.sha256()
    for name, data in sorted(contents.items()):
        whole.update(f"{name}\0{len(data)}\0".encode() + data)
    folder = whole.hexdigest()[:16]
    assets = {
        f"/{folder}/{name}": Asset(data, _type_of(name), _KEPT) for name, data in contents.items() if name != PAGE
    }
    if PAGE in contents:
        assets["/"] = Asset(_page(contents, folder, peers), _type_of(PAGE), _ASKED)
    return assets


def _read(folder: Traversable, above: str = "") -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for entry in folder.iterdir():
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir():
            found |= _read(entry, f"{above}{entry.name}/")
        elif entry.name.rpartition(".")[2] in TYPES:
            found[above + entry.name] = entry.read_bytes()
    return found


def _page(contents: Mapping[str, bytes], folder: str, peers: Sequence[str]) -> bytes:
    """The page with its files' addresses, and those of its peers."""

    def placed(found: re.Match[str]) -> str:
        is_own = found[2] in contents
        return f'{found[1]}="./{folder}/{found[2]}"' if is_own else found[0]

    page = _REFERENCE.sub(placed, contents[PAGE].decode())
    return page.replace(_NO_PEERS, _NO_PEERS.replace('""', f'"{" ".join(peers)}"')).encode()


def _type_of(name: str) -> str:
    return TYPES[name.rpartition(".")[2]]


def _hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
