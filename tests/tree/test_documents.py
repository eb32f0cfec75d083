"""What the documents show is what the server does: the table of verbs, transcripts, what code and links refer to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chatserver.protocol.verbs import VERBS
from tests.harness import ROOT, Running
from tests.wire import Client, matches

PACKAGES = ("chatserver", "chatclient", "bots", "bench", "tests")
TRANSCRIPT = re.compile(r"^```transcript\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CITED = re.compile(r'([A-Z]+\.md), (".+?"(?:(?:,| and) ".+?")*)')
"""A document and sections of it, as comments cite them: PROTOCOL.md, "Frames" and "Names"."""
FRAMES = {"HELLO", "OK", "ERR", "ITEM", "EVENT", "BYE", "VERB"}
"""What the server says: these stand in tables too, and are no verbs."""


def verbs_of_the_document() -> dict[str, list[str]]:
    """Each verb that a row of PROTOCOL.md's tables shows in its first cell, with the most arguments shown there."""
    found: dict[str, list[str]] = {}
    for row in (ROOT / "PROTOCOL.md").read_text().splitlines():
        if row.startswith("| `"):
            first_cell = re.split(r"(?<!\\)\|", row)[1]
            for usage in re.findall(r"`([A-Z]+(?:\\\|[^`]*)?)`", first_cell):
                verb, *arguments = usage.split("\\|")
                found.setdefault(verb, arguments)
                if len(arguments) > len(found[verb]):
                    found[verb] = arguments
    return {verb: arguments for verb, arguments in found.items() if verb not in FRAMES}


def test_the_document_and_the_table_have_the_same_verbs() -> None:
    assert set(verbs_of_the_document()) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_document_and_the_table_have_the_same_fields(verb: str) -> None:
    assert len(verbs_of_the_document()[verb]) == len(VERBS[verb].fields)


def citations() -> Iterator[tuple[str, str]]:
    """Each document and section that the code refers to."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for document, sections in CITED.findall(path.read_text()):
                for section in re.findall('"(.+?)"', sections):
                    yield document, section


@pytest.mark.parametrize(("document", "section"), sorted(set(citations())))
def test_a_section_that_the_code_cites_is_there(document: str, section: str) -> None:
    assert re.search(f"^#+ {re.escape(section)}$", (ROOT / document).read_text(), re.MULTILINE)


@pytest.mark.parametrize("document", sorted(ROOT.glob("*.md")), ids=lambda path: path.name)
def test_a_link_leads_to_something(document: Path) -> None:
    """To a file of the tree, and to a heading of it."""
    for target in re.findall(r"\]\((?!https?:)(.+?)\)", document.read_text()):
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}, target


@dataclass
class Player:
    """Replays a transcript: `A>` is typed by A, `A<` received by A; a new letter is a new connection."""

    server: Running
    clients: dict[str, Client] = field(default_factory=dict)

    def play(self, transcript: str) -> int:
        """Check every line; how many there were."""
        lines = transcript.splitlines()
        for line in lines:
            found = re.fullmatch(r"(\w)([<>]) (.*)", line)
            assert found, f"not a line of a transcript: {line!r}"
            who, direction, text = found.groups()
            if who not in self.clients:
                self.clients[who] = self.server.connect(who, hello=False)
            if direction == ">":
                self.clients[who].send(text)
            else:
                frame = self.clients[who].frame()
                assert matches(text, frame), f"{who} should see {text!r}, and sees {frame!r}"
        return len(lines)


@pytest.mark.parametrize("over_web", [False, True], ids=["pipe", "web"])
@pytest.mark.parametrize("document", ["README.md", "PROTOCOL.md"])
def test_the_transcripts_of_the_documents_are_true(web_server: Running, document: str, over_web: bool) -> None:
    server = web_server
    server.over_web = over_web
    transcripts = TRANSCRIPT.findall((ROOT / document).read_text())
    if document == "README.md":
        assert transcripts, "README has no transcript"
    for transcript in transcripts:
        player = Player(server)
        assert player.play(transcript) > 2
        for client in player.clients.values():
            client.no_event()
        for client in player.clients.values():  # not sooner: friends hear of it
            client.close()
