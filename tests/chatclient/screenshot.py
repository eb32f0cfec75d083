"""Makes `chatclient/screenshot.svg`: a session with the real server, as a real terminal shows it.

python3 -m tests.chatclient.screenshot chatclient/screenshot.svg
"""

import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

import pyte

from chatclient.textwidth import width
from tests.chatclient.anchored import AnchoredServer
from tests.chatclient.tty import Terminal
from tests.harness import PASSWORD

COLUMNS, ROWS = 84, 24
CELL_X, CELL_Y, MARGIN = 8.43, 19, 16
GREY = (38, 5, 245)
PAPER, INK = "#16181d", "#d8dce3"
COLOURS = {"green": "#7fc77f", "brown": "#e0b45c", "red": "#f07070", "default": INK}


class DimScreen(pyte.Screen):
    """A screen that shows dim text in grey: pyte itself knows no dim."""

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        shown = [code for given in attributes for code in (GREY if attributes == (2,) else (given,))]
        super().select_graphic_rendition(*shown)


def session(folder: Path) -> pyte.Screen:
    """Talk for a while; return what stands on alice's screen."""
    server = AnchoredServer(folder / "chat.db")
    password_file = folder / "password"
    password_file.write_text(PASSWORD)
    password_file.chmod(0o600)
    arguments = (f"localhost:{server.port}", "--user=alice", f"--password-file={password_file}")
    try:
        server.make_friends("alice", "bob", "carol")
        server.user("Zoë").close()
        with (
            server.client("bob") as bob,
            server.client("carol") as carol,
            server.client("Zoë") as zoe,
            Terminal(*arguments, environment={"XDG_STATE_HOME": str(folder)}, columns=COLUMNS, rows=ROWS) as tty,
        ):
            tty.show_on(DimScreen(COLUMNS, ROWS))
            tty.wait("● online")
            bob.send("alice", "the tram is late again, I'll be there at half past")
            tty.wait("half past")
            tty.type("/to bob\rno hurry, I have a coffee ☕\r")
            tty.wait("→ bob: no hurry")
            carol.send("alice", "東京から帰りました! I brought you something")
            tty.wait("brought you")
            zoe.call("ADDFRIEND", "alice")
            tty.wait("Zoë asks")
            tty.type("/accept Zoë\r")
            tty.wait("Zoë is your friend now")
            tty.type("/msg DiceBot roll 2d6\r")
            tty.wait("DiceBot: ")
            tty.type("/friends\r")
            tty.wait("  Zoë  online")
            server.terminate()
            server.wait()
            tty.wait("○ offline")
            tty.type("do you want one too?\r")
            server.restart()
            tty.wait("→ bob: do you want")
            bob.send("alice", "yes please, and whatever that smells like over the phone; I have not had any breakfast")
            tty.wait("breakfast")
            tty.type("/ed\t")
            tty.type("\x15typed while others talk")
            carol.send("alice", "see you tonight?")
            tty.wait("tonight?", "typed while others talk", "unread: ")
            return tty.screen
    finally:
        server.close()


def svg(screen: pyte.Screen) -> str:
    """The screen as a drawing."""
    wide, high = COLUMNS * CELL_X + 2 * MARGIN, ROWS * CELL_Y + 2 * MARGIN
    rows = "\n".join(text for row in range(ROWS) for text in _row(screen, row))
    at_x, at_y = MARGIN + screen.cursor.x * CELL_X, MARGIN + screen.cursor.y * CELL_Y + 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high}" viewBox="0 0 {wide:.0f} {high}">\n'
        f"<title>The terminal client</title>\n"
        f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>\n'
        f'<rect x="{at_x:.1f}" y="{at_y}" width="{CELL_X}" height="{CELL_Y - 2}" fill="#8a8f99"/>\n'
        f'<g font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="14" fill="{INK}">\n'
        f"{rows}\n</g>\n</svg>\n"
    )


def _row(screen: pyte.Screen, row: int) -> Iterator[str]:
    cells = [screen.buffer[row][column] for column in range(COLUMNS)]
    column = 0
    for (colour, bold), run in groupby(cells, key=lambda cell: (cell.fg, cell.bold)):
        text = "".join(cell.data for cell in run)
        if text.strip():
            x, y = MARGIN + column * CELL_X, MARGIN + row * CELL_Y + 14
            fill = COLOURS.get(colour, f"#{colour}")
            weight = ' font-weight="bold"' if bold else ""
            room = f'textLength="{width(text.rstrip()) * CELL_X:.1f}"'
            yield (
                f'<text x="{x:.1f}" y="{y}" fill="{fill}"{weight} {room} xml:space="preserve">'
                f"{escape(text.rstrip())}</text>"
            )
        column += width(text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        Path(sys.argv[1]).write_text(svg(session(Path(temporary))), encoding="utf-8")
