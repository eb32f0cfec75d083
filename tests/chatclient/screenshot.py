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

from chatclient.terminal.textwidth import width
from tests.chatclient.anchored import AnchoredServer
from tests.chatclient.tty import Terminal
from tests.harness import PASSWORD

COLUMNS, ROWS = 88, 20
CELL_X, CELL_Y, MARGIN = 8.43, 19, 16
GREY = (38, 5, 245)
PAPER, INK = "#16181d", "#d8dce3"
COLOURS = {"green": "#7fc77f", "brown": "#e0b45c", "black": PAPER, "red": "#f07070", "default": INK}


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
            bob.call("CREATEROOM", "#garden")
            bob.call("SETTOPIC", "#garden", "Saturday: planting the beds by the fence")
            carol.call("JOIN", "#garden")
            bob.send("#garden", "the forecast is dry until six, so we start at ten")
            first = carol.send("#garden", "東京から帰りました! I have seeds for all of you")
            tty.type("/join garden\r")
            tty.wait("#garden is about", "carol: ")
            bob.call("REACT", str(first.id), "🌱")
            tty.type("/react 🌱\r")
            tty.wait("🌱 bob, alice")
            tty.type("I can bring\x1b\r- two spades\x1b\r- the long hoes\r")
            tty.wait("- the long hoes")
            tty.type("/edit\r")
            tty.wait(") I can bring")
            tty.type(" and coffee ☕\r")
            tty.wait("(edited)")
            carol.call("JOIN", "#garden")
            zoe.call("JOIN", "#garden")
            tty.wait("Zoë joined #garden")
            zoe.send("#garden", "alice, is the gate code still the one on https://garden.example.org/notes?")
            tty.wait("gate code")
            tty.type("yes, the same as last year\r")
            tty.wait("last year")
            bob.send("#garden", "/me looks for his gloves")
            tty.wait("* bob looks for")
            tty.type("/to Dice Bot\rroll 2d6\r")
            tty.wait("2d6: ")
            tty.type("\x1b1")
            tty.wait("#garden>", "his gloves")
            carol.send("alice", "psst, a surprise for bob?")
            bob.send("alice", "which train do you take?")
            bob.send("alice", "the 9:14?")
            tty.wait("3:carol 1", "4:bob 2")
            tty.type("see you all at ten")
            tty.wait("#garden> see you all at ten")
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
        f"<title>The terminal client: a room, who else has written, and the line being typed</title>\n"
        f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>\n'
        f'<rect x="{at_x:.1f}" y="{at_y}" width="{CELL_X}" height="{CELL_Y - 2}" fill="#8a8f99"/>\n'
        f'<g font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="14" fill="{INK}">\n'
        f"{rows}\n</g>\n</svg>\n"
    )


def _row(screen: pyte.Screen, row: int) -> Iterator[str]:
    cells = [screen.buffer[row][column] for column in range(COLUMNS)]
    column = 0
    for (colour, bold, is_bar), run in groupby(cells, key=lambda cell: (cell.fg, cell.bold, cell.reverse)):
        text = "".join(cell.data for cell in run)
        columns = width(text)
        if is_bar:
            at_x, at_y = MARGIN + column * CELL_X, MARGIN + row * CELL_Y
            yield f'<rect x="{at_x:.1f}" y="{at_y}" width="{width(text) * CELL_X:.1f}" height="{CELL_Y}" fill="{INK}"/>'
            colour = "black"
        if text.strip():
            x, y = MARGIN + column * CELL_X, MARGIN + row * CELL_Y + 14
            fill = COLOURS.get(colour, f"#{colour}")
            weight = ' font-weight="bold"' if bold else ""
            text = text if is_bar else text.rstrip()
            room = f'textLength="{width(text) * CELL_X:.1f}"'
            yield (f'<text x="{x:.1f}" y="{y}" fill="{fill}"{weight} {room} xml:space="preserve">{escape(text)}</text>')
        column += columns


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        Path(sys.argv[1]).write_text(svg(session(Path(temporary))), encoding="utf-8")
