"""`python3 -m bots try|check|new` as an author meets them."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bots import After, Bot
from bots.__main__ import main
from bots.kit.trying import try_bot

ROOT = Path(__file__).parents[2]


def bots(*arguments: str, folder: Path, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bots", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=said,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_new_bot_can_be_checked_tried_and_tested(tmp_path: Path) -> None:
    made = bots("new", "PollBot", folder=tmp_path)
    assert made.stdout == "poll_bot.py and test_poll_bot.py are written. Next: python3 -m bots try poll_bot.py\n"
    assert bots("check", "poll_bot.py", folder=tmp_path).stdout == "PollBot: 1 example played, all as written\n"
    tried = bots("try", "poll_bot.py", "--user", "ann", folder=tmp_path, said="hello\nhello\n")
    assert tried.stdout.splitlines()[1:] == [
        "bot> Hello ann! You greeted me once.",
        "bot> Hello ann! You greeted me 2 times.",
    ]
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "2 passed" in tested.stdout


@pytest.mark.parametrize(
    ("name", "file"),
    [("PollBot", "poll_bot.py"), ("x-1.y", "x_1_y.py"), ("2Go", "bot_2_go.py"), ("ÜbBot", "üb_bot.py")],
)
def test_a_new_bots_file_can_be_imported(
    name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", name]) == 0
    assert (tmp_path / file).exists()
    assert main(["check", file]) == 0
    assert f"{name}: 1 example played" in capsys.readouterr().out


def test_new_writes_over_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_poll_bot.py").write_text("mine")
    assert main(["new", "PollBot"]) == 1
    assert "test_poll_bot.py is there already" in capsys.readouterr().err
    assert not (tmp_path / "poll_bot.py").exists()
    assert main(["new", "Poll Bot"]) == 1
    assert "no name for a bot" in capsys.readouterr().err


def test_a_wrong_file_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.py"
    path.write_text("from bots import Bot\nbot = Bot('A', 'x'\n")
    for command in ("try", "check"):
        assert main([command, str(path)]) == 1
        assert capsys.readouterr().err == f"{path}:2: this is no Python: '(' was never closed\n"


def test_check_says_which_example_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.py"
    path.write_text("from bots import Bot\nbot = Bot('A', 'x')\nbot.on('go', examples={'go': 'gone'})(lambda: 'no')\n")
    assert main(["check", str(path)]) == 1
    assert "A: line 2: the bot should say\n  gone\nand says\n  no" in capsys.readouterr().err


def test_try_takes_a_built_in_bot_and_its_configuration(tmp_path: Path) -> None:
    refused = bots("try", "weatherbot", "--set", "nonsense", folder=tmp_path)
    assert (refused.returncode, refused.stderr) == (1, "--set takes name=value, not 'nonsense'\n")
    tried = bots("try", "weatherbot", "--set", "weather_url=http://127.0.0.1:1", folder=tmp_path, said="London\n")
    assert "bot> I asked the weather service, but it refused the connection." in tried.stdout


def talked(bot: Bot, said: bytes, prompts: bool = False) -> list[str]:
    read_end, write_end = os.pipe()
    out = io.StringIO()
    try:
        os.write(write_end, said)
        os.close(write_end)
        try_bot(bot, "me", {}, read_end, out, prompts)
    finally:
        os.close(read_end)
    return out.getvalue().splitlines()[1:]


def test_try_shows_a_fault_with_its_place_and_goes_on() -> None:
    bot = Bot("B", "does things")
    bot.on("break")(lambda: os.environ["NO_SUCH_NAME"])
    bot.on("go")(lambda: "gone")
    fault, answer = talked(bot, b"break\n\ngo\n")
    assert fault.startswith(f"fault> {__file__}:")
    assert fault.endswith("KeyError: 'NO_SUCH_NAME'")
    assert answer == "bot> gone"


def test_try_fires_timers_that_are_due() -> None:
    bot = Bot("B", "does things")
    bot.on("start")(lambda: After(0))
    bot.timer(lambda: "due")
    assert talked(bot, b"start\n") == ["bot> due"]


def test_try_takes_a_last_line_without_its_end_and_shows_prompts() -> None:
    bot = Bot("B", "does things")
    bot.on("go")(lambda: "gone")
    assert talked(bot, b"go", prompts=True) == ["me> bot> gone", "me> "]


def test_try_knows_people_rooms_and_time() -> None:
    bot = Bot("EchoBot", "says it again")
    bot.on("say <what>")(lambda event, what: f"{event.sender} in {event.room}: {what}")
    bot.on("later <seconds>")(lambda event, seconds: After(int(seconds)))
    bot.timer(lambda event: f"{event.sender}, it is time")
    lines = b"say a\nann> say b\nroom #tea\nsay c\n@EchoBot say d\nbob@#den> say e\nroom -\nsay f > g\n"
    assert talked(bot, lines + b"ann> later 3600\nlater 60\nwait> 59\nwait> 1\nwait>3540\n") == [
        "bot> me in None: a",
        "bot> ann in None: b",
        "(in a room it hears what begins with @EchoBot)",
        "bot> me in #tea: d",
        "bot> bob in #den: e",
        "bot> me in None: f > g",
        "bot> me, it is time",
        "bot> (to ann) ann, it is time",
    ]


def test_try_makes_friends() -> None:
    bot = Bot("B", "knows friends")
    bot.on("friends")(lambda friends: str(friends))
    bot.on("note <what>")(lambda state, what: ("noted", {"what": what}))
    assert talked(bot, b"ann> note x\nfriends> me ann\nfriends\nann> friends\n") == [
        "bot> noted",
        "bot> {'ann': {'what': 'x'}}",
        "bot> {'me': {}}",
    ]


def test_try_with_watch_loads_the_file_again_and_survives_a_broken_one(tmp_path: Path) -> None:
    path = tmp_path / "count_bot.py"
    path.write_text(COUNT_BOT.format(1))
    command = [sys.executable, "-m", "bots", "try", "--watch", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tried:
        assert tried.stdin
        assert tried.stdout
        said: list[str] = []
        for text in (COUNT_BOT.format(1), COUNT_BOT.format(10), "broken(", COUNT_BOT.format(100)):
            (tmp_path / "new").write_text(text)
            os.replace(tmp_path / "new", path)
            tried.stdin.write("count\n")
            tried.stdin.flush()
            while not said or not said[-1].startswith("bot> "):
                said.append(tried.stdout.readline().strip())
            said.append("")
        tried.stdin.close()
    assert [line for line in said if line.startswith("bot> ")] == ["bot> 1", "bot> 11", "bot> 21", "bot> 121"]
    assert f"fault> {path}:1: this is no Python: '(' was never closed; it goes on as it was" in said


def test_try_watches_files_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["try", "--watch", "DiceBot"]) == 1
    assert capsys.readouterr().err == "--watch needs a bot file, and DiceBot is built in\n"


COUNT_BOT = """from bots import Bot

bot = Bot("CountBot", "counts")


@bot.on("count")
def count(state):
    number = state.get("number", 0) + {}
    return str(number), {{"number": number}}
"""
