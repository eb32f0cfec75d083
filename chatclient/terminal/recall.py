"""How things stood when a user left, and how they come back at the next start."""

from chatclient.keep import Memory, Settings
from chatclient.terminal.desk import Desk
from chatclient.terminal.editor import LineEditor


def memory_of(desk: Desk, editor: LineEditor, settings: Settings, *, typing: bool) -> Memory:
    """How things stand. Of what was typed nothing is kept where that is not wanted, nor if it is secret (`typing`)."""
    kept = Memory(settings=settings)
    kept.muted = [place for place, window in desk.windows.items() if window.is_muted]
    kept.words, kept.status = list(desk.words), list(desk.status)
    if settings.memory:
        kept.place, kept.places = desk.place, desk.places()
        kept.drafts = {place: window.draft for place, window in desk.windows.items() if window.draft}
        if editor.text and typing:
            kept.drafts[desk.place] = editor.text
        kept.history = editor.history
    return kept


def put_back(memory: Memory, desk: Desk, editor: LineEditor) -> None:
    """Put things as they stood; what has been typed meanwhile stays."""
    desk.words = memory.words
    desk.meet(*memory.places)
    for place in (*memory.places, *memory.muted, *memory.drafts):
        desk.at(place).is_muted = place in memory.muted
        desk.at(place).draft = memory.drafts.get(place, "")
    if len(memory.status) == 2:
        desk.status = (memory.status[0], memory.status[1])
    if memory.place and not desk.place:
        desk.open(memory.place)
    typed, editor.history = editor.history, []
    for line in (*memory.history, *typed):
        editor.remember(line)
    if not editor.text:
        editor.set(desk.window.draft)
        desk.window.draft = ""
