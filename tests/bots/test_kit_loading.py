"""Bot files: what is loaded, and with which line and sentence a wrong one is refused."""

from pathlib import Path

import pytest

from bots import Bot
from bots.kit.loading import BotFileError, built_in_bots, load_file, load_folder

GOOD = """from bots import Bot

bot = Bot("{name}", "does things")


@bot.on("hello")
def hello():
    return "hi"
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_bots() -> None:
    names = [bot.name for bot in built_in_bots()]
    assert names == ["HelpBot", "WeatherBot", "NumbersGame", "ReminderBot", "DiceBot"]


def test_a_good_file_is_a_bot(tmp_path: Path) -> None:
    bot = load_file(written(tmp_path / "tea.py", GOOD.format(name="TeaBot")))
    assert bot.name == "TeaBot"
    assert bot.find("hello") is not None


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("x = (\n", 1, "this is no Python: '(' was never closed"),
        ("\n\nimport no_such_module_here\n", 3, "ModuleNotFoundError: No module named 'no_such_module_here'"),
        ("from bots import Bot\n\nbot = Bot('a b', 'x')\n", 3, "'a b' is no name for a bot"),
        ("from bots import Bot\nbot = Bot('A', 'x')\n@bot.on('go <x>')\ndef go(y):\n    pass\n", 3, "go() takes 'y'"),
        ("def f():\n    1 / 0\n\nf()\n", 2, "ZeroDivisionError: division by zero"),
        ("raise SystemExit\n", 1, "SystemExit"),
        ("x = 1\n", 1, "this file has no bot"),
        ("from bots import Bot\na = Bot('A', 'x')\nb = Bot('B', 'x')\n", 1, "this file has more than one bot"),
        ("x = '\udcff'".encode("utf-8", "surrogateescape").decode("latin-1"), 1, "this file has no bot"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, text: str, line: int, sentence: str) -> None:
    path = written(tmp_path / "wrong.py", text)
    with pytest.raises(BotFileError) as caught:
        load_file(path)
    assert (caught.value.path, caught.value.line) == (path, line)
    assert sentence in caught.value.sentence
    assert str(caught.value) == f"{path}:{line}: {caught.value.sentence}"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_bytes(b"x = '\xff'\n")
    with pytest.raises(BotFileError, match="this is no Python"):
        load_file(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BotFileError, match="there is no such file"):
        load_file(tmp_path / "gone.py")
    with pytest.raises(BotFileError, match=r"ends in \.py"):
        load_file(written(tmp_path / "bot.txt", "x"))


def test_a_folder_loads_what_is_good_and_names_what_is_not(tmp_path: Path) -> None:
    written(tmp_path / "b.py", GOOD.format(name="B"))
    written(tmp_path / "a.py", GOOD.format(name="A"))
    written(tmp_path / "broken.py", "x = (\n")
    written(tmp_path / "taken.py", GOOD.format(name="weatherBOT"))
    written(tmp_path / "test_a.py", "raise AssertionError('a test is no bot')")
    written(tmp_path / "_part.py", "raise AssertionError('nor is a part')")
    written(tmp_path / "notes.txt", "nor this")
    loaded, refused = load_folder(tmp_path, [Bot("WeatherBot", "tells the weather")])
    assert [bot.name for bot in loaded] == ["A", "B"]
    assert [(error.path.name, error.line) for error in refused] == [("broken.py", 1), ("taken.py", 1)]
    assert "there is a bot called weatherBOT already" in str(refused[1])


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    loaded, refused = load_folder(tmp_path / "gone")
    assert loaded == []
    assert str(refused[0]) == f"{tmp_path / 'gone'}: this folder of bots cannot be read: No such file or directory"
