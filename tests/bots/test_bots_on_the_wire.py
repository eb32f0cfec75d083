"""Bots in a real server, typed to as with nc: found, talked to, through restarts, kills and services that hang."""

import re
import sqlite3
from pathlib import Path

import pytest

from chatserver.bothost.faults import SET_ASIDE, TEXT_FAULTS_MAX
from chatserver.bothost.host import FAULT, TOO_FAST, TOO_LONG
from chatserver.store.errors import StoreUnavailable
from chatserver.store.store import Store
from tests.bots.test_weather_bot import open_meteo
from tests.bots.web import json_page, page, web
from tests.conftest import StartServer
from tests.harness import PASSWORD, Process, Running, befriend
from tests.inside import InThread
from tests.wire import Client

BROKEN_BOT = """from bots import Bot

bot = Bot("BrokenBot", "fails")


@bot.on("fail")
def fail(state):
    raise KeyError("a secret word")


@bot.on("lines")
def lines():
    return "one\\ntwo\\x1b[31m\\u202e"


@bot.on("long")
def long():
    return "word " * 1500
"""


def told(client: Client, bot: str, text: str) -> str:
    """Write to a bot; the text of its answer."""
    client.says(f"SENDMESSAGE|{client.name}|{bot}|{text}", "OK|SENDMESSAGE|…")
    return heard(client)


def heard(client: Client) -> str:
    """The text of the next message that comes."""
    frame = client.events.popleft() if client.events else client.frame()
    assert frame.startswith("EVENT|MESSAGE|"), frame
    return frame.split("|", 6)[6]


def game_solved(client: Client, low: int = 1, high: int = 100) -> str:
    """Play a game that is on to its end, by halving."""
    while True:
        middle = (low + high) // 2
        said = told(client, "NumbersGame", str(middle))
        if said.startswith("Higher"):
            low = middle + 1
        elif said.startswith("Lower"):
            high = middle - 1
        else:
            return said


def test_bots_are_listed_and_found_with_spaces(server: InThread) -> None:
    ann = server.user("ann")
    rows = ann.says("SHOWBOTS|ann", *["ITEM|SHOWBOTS|…"] * 5, "OK|SHOWBOTS|5")
    assert [row.split("|")[2] for row in rows[:-1]] == [
        "DiceBot", "HelpBot", "NumbersGame", "ReminderBot", "WeatherBot",
    ]  # fmt: skip
    assert "ITEM|SHOWBOTS|WeatherBot|tells the weather, now and for the days to come" in rows
    ann.says("ADDFRIEND|ann|weather  bot", "OK|ADDFRIEND|WeatherBot|added")
    ann.says("ADDFRIEND|ann|WeatherBot", "ERR|ADDFRIEND|ALREADY_FRIENDS|…")
    ann.says("SHOWFRIENDS|ann", "ITEM|SHOWFRIENDS|WeatherBot|online|", "OK|SHOWFRIENDS|1")
    ann.says("DELETEFRIEND|ann|Weather Bot", "OK|DELETEFRIEND|WeatherBot")


def test_befriending_a_bot_tells_the_other_sessions(server: InThread) -> None:
    ann = server.user("ann")
    second = server.login("ann")
    ann.says("ADDFRIEND|ann|NumbersGame", "OK|ADDFRIEND|NumbersGame|added")
    second.expect("EVENT|FRIENDADDED|NumbersGame|online|")


def test_a_bot_is_nobody_to_log_in_as(server: InThread) -> None:
    client = server.connect()
    client.says(f"SIGNUP|weatherbot|{PASSWORD}", "ERR|SIGNUP|NAME_TAKEN|…")
    client.says(f"LOGIN|WeatherBot|{PASSWORD}", "ERR|LOGIN|BAD_LOGIN|…")
    client.says("RESUME|WeatherBot|token", "ERR|RESUME|BAD_LOGIN|…")


def test_a_message_and_its_answer_are_ordinary_messages(server: InThread) -> None:
    ann = server.user("ann")
    other = server.login("ann")
    (sent,) = ann.says("SENDMESSAGE#t|ann|numbers game|start", "OK|SENDMESSAGE#t|…")
    number = int(sent.split("|")[2])
    answer = f"EVENT|MESSAGE|{number + 1}|…|NumbersGame|ann|I think of a number from 1 to 100. Your guess?"
    ann.expect(answer)
    other.expect(f"EVENT|MESSAGE|{number}|…|ann|NumbersGame|start", answer)
    ann.says(
        "HISTORY|ann|NumbersGame",
        f"ITEM|HISTORY|{number}|…|ann|NumbersGame|start",
        f"ITEM|HISTORY|{number + 1}|…|NumbersGame|ann|I think of a number…",
        "OK|HISTORY|2",
    )
    ann.says("SENDMESSAGE#t|ann|numbers game|start", sent)  # the same send again is answered, and no new game begins
    ann.says("PING", "OK|PING|")
    assert not ann.events


def test_an_answer_that_nobody_was_there_to_hear_is_in_the_backlog(server: InThread) -> None:
    ann = server.user("ann")
    ann.send("SENDMESSAGE|ann|ReminderBot|in 0 seconds to come back", "QUIT")
    ann.frames_to_the_end()
    again = server.connect("ann")
    again.send(f"LOGIN|ann|{PASSWORD}")
    again.until("EVENT|MISSED|…|ReminderBot|ann|You asked me to remind you: come back")


@pytest.mark.parametrize("kill", [False, True], ids=["restart", "kill"])
def test_a_game_goes_on_after_the_server_has_gone(kill: bool, server_process: Process) -> None:
    ann = server_process.user("ann")
    told(ann, "NumbersGame", "start")
    assert told(ann, "NumbersGame", "0") == "My number is from 1 to 100. This try does not count."
    low, high = 1, 100
    for _ in range(2):
        middle = (low + high) // 2
        said = told(ann, "NumbersGame", str(middle))
        low, high = (middle + 1, high) if said.startswith("Higher") else (low, middle - 1)
        if said.startswith("Right"):
            return  # a lucky guess leaves no game to go on with
    server_process.restart(kill=kill)
    ann = server_process.login("ann")
    ann.says("PING", "OK|PING|")
    ann.events.clear()  # after a crash, what was delivered in the last second may come again
    said = game_solved(ann, low, high)
    tries = int(re.findall(r"You needed (\d+) tr", said)[0])
    assert tries >= 3
    assert told(ann, "NumbersGame", "table") == f"The best from 1 to 100: 1. ann {tries} tries"


def test_a_message_its_answer_and_the_state_are_stored_together(server_process: Process) -> None:
    ann = server_process.user("ann")
    told(ann, "NumbersGame", "start")
    server_process.kill()
    with sqlite3.connect(server_process.store_path) as connection:
        texts = [row[0] for row in connection.execute("SELECT text FROM messages ORDER BY id")]
        states = [row[0] for row in connection.execute("SELECT state FROM bot_memory")]
    connection.close()
    assert texts == ["start", "I think of a number from 1 to 100. Your guess?"]
    assert len(states) == 1
    assert '"highest":100' in states[0]


def test_two_players_have_one_table(server: InThread) -> None:
    ann, bob = server.user("ann"), server.user("bob")
    for client in (ann, bob):
        told(client, "NumbersGame", "play")
        assert "That is your personal best." in game_solved(client)
    table = told(ann, "NumbersGame", "table")
    assert "ann" in table
    assert "bob" in table


def test_the_table_of_friends_is_read_by_the_sender_alone(server: InThread) -> None:
    ann, bob, zed = server.user("ann"), server.user("bob"), server.user("zed")
    befriend(ann, bob)
    ann.until("EVENT|FRIENDADDED|bob|…")
    bob.event("FRIENDREQUEST|ann")
    for client in (ann, zed):
        told(client, "NumbersGame", "play 2")
        if "Right" not in told(client, "NumbersGame", "1"):
            told(client, "NumbersGame", "2")
    for friend in (ann, bob):
        assert "2: 1. ann " in told(friend, "NumbersGame", "friends 2")
        assert "zed" not in told(friend, "NumbersGame", "friends 2")
    ann.says("CREATEROOM|ann|#tea", "OK|CREATEROOM|#tea|public")
    zed.says("JOIN|zed|#tea", "OK|JOIN|#tea")
    ann.says("INVITE|ann|#tea|NumbersGame", "OK|INVITE|#tea|NumbersGame")
    zed.until("EVENT|JOINED|#tea|NumbersGame")
    ann.says("SENDMESSAGE|ann|#tea|@NumbersGame friends 2", "OK|SENDMESSAGE|…")
    ann.until("EVENT|MESSAGE|…|NumbersGame|ann|The best of you and your friends from 1 to 2: 1. ann …")
    zed.until("EVENT|MESSAGE|…|ann|#tea|@NumbersGame friends 2")
    zed.no_event()
    bob.says("DELETEFRIEND|bob|ann", "OK|DELETEFRIEND|ann")
    assert told(bob, "NumbersGame", "friends 2").startswith("Neither you nor a friend of yours")


def test_a_reminder_that_was_due_while_the_server_was_gone_comes_when_it_is_back(server_process: Process) -> None:
    ann = server_process.user("ann")
    assert "(no. 1): come back" in told(ann, "ReminderBot", "in 1 hour to come back")
    server_process.kill()
    with sqlite3.connect(server_process.store_path) as connection:
        assert connection.execute("UPDATE bot_timers SET due_ms = 1000").rowcount == 1
    connection.close()
    server_process.restart()
    again = server_process.connect("ann")
    again.send(f"LOGIN|ann|{PASSWORD}")
    again.until("EVENT|M…|ReminderBot|ann|You asked me to remind you: come back")
    again.says("SENDMESSAGE|ann|ReminderBot|list", "OK|SENDMESSAGE|…")
    again.until("EVENT|MESSAGE|…|I have nothing to remind you of.")


def test_new_users_are_greeted_once_where_the_operator_wants_it(start_server: StartServer) -> None:
    server = start_server(greet_new_users=1)
    ann = server.user("ann")
    ann.expect("EVENT|MISSED|1|…|HelpBot|ann|Welcome, ann! I am HelpBot. …")
    assert told(ann, "HelpBot", "hello").startswith("HelpBot explains")
    server.restart()
    server.login("ann").no_event()


def test_nobody_is_greeted_unasked(server: InThread) -> None:
    server.user("ann").no_event()


def test_the_weather_comes_from_the_url_of_the_setting(start_server: StartServer) -> None:
    with web(lambda path: json_page(open_meteo(path))) as service:
        server = start_server(weather_url=service.url)
        ann = server.user("ann")
        assert told(ann, "WeatherBot", "London").startswith("London, England, United Kingdom now: light rain, 9 °C")
        assert told(ann, "WeatherBot", "São Paulo tomorrow").startswith("São Paulo, Brazil tomorrow, Thu 03 Dec")
        assert told(ann, "WeatherBot", "Springfield").startswith("Which one? Answer with its number: 1 Springfield")
        assert told(ann, "WeatherBot", "2").startswith("Springfield, Massachusetts")
        assert told(ann, "WeatherBot", "home Tel Aviv").startswith("Your home is Tel Aviv")
        asked = len(service.asked)
        assert told(server.user("bob"), "WeatherBot", "London").startswith("London")
        assert len(service.asked) == asked  # kept for ten minutes
        server.restart()
        assert told(server.login("ann"), "WeatherBot", "now").startswith("Tel Aviv, Israel now: ")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (page(b"", "500 Internal Server Error"), "it answered with an error (500)"),
        (page(b"{"), "its answer is broken (no JSON)"),
        (page(b"x" * 250_000), "its answer is too big (over 200000 bytes)"),
    ],
)
def test_a_broken_service_is_a_sentence(answer: bytes, said: str, start_server: StartServer) -> None:
    with web(lambda path: answer) as service:
        ann = start_server(weather_url=service.url).user("ann")
        assert told(ann, "WeatherBot", "London").startswith(f"I asked the weather service, but {said}. ")


def test_while_a_service_hangs_nobody_else_waits(start_server: StartServer) -> None:
    with web(lambda path: None) as service:
        server = start_server(weather_url=service.url, bot_page_threads=2)
        ann, bob = server.user("ann"), server.user("bob")
        ann.says("SENDMESSAGE|ann|WeatherBot|London", "OK|SENDMESSAGE|…")
        assert service.arrived.acquire(timeout=10)
        ann.says("PING|a", "OK|PING|a")
        bob.says("PING|b", "OK|PING|b")
        assert told(bob, "NumbersGame", "play").startswith("I think of")
        bob.says("SENDMESSAGE|bob|WeatherBot|Paris", "OK|SENDMESSAGE|…")
        server.user("cho").says("PING|c", "OK|PING|c")
        ann.says("PING|again", "OK|PING|again")
        assert not ann.events  # had anybody waited for the service, its failure would have been told first
    for client in (ann, bob):
        assert heard(client).startswith("I asked the weather service, but it ")


def test_the_server_ends_at_once_while_a_service_hangs(start_server: StartServer) -> None:
    with web(lambda path: None) as service:
        server = start_server(weather_url=service.url)
        ann = server.user("ann")
        ann.says("SENDMESSAGE|ann|WeatherBot|London", "OK|SENDMESSAGE|…")
        assert service.arrived.acquire(timeout=10)
        server.terminate()
        ann.until("BYE|SHUTDOWN|…")
        assert server.wait() == 0


def test_a_flood_is_told_and_not_served_without_bound(start_server: StartServer) -> None:
    ann = start_server(bot_messages_per_s=1, bot_messages_burst=5).user("ann")
    ann.send(*["SENDMESSAGE|ann|DiceBot|roll"] * 200, "PING|end")
    frames = ann.until("OK|PING|end")
    assert sum(frame.startswith("OK|SENDMESSAGE") for frame in frames) == 200
    ann.send("PING|answers")
    frames += ann.until("OK|PING|answers")
    answers = [frame.split("|", 6)[6] for frame in frames if frame.startswith("EVENT|")]
    assert answers.count(TOO_FAST) == 1
    assert 5 <= len(answers) <= 20


def test_bots_of_a_folder_run_beside_the_others(tmp_path: Path, start_server: StartServer) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "broken.py").write_text(BROKEN_BOT)
    (folder / "nonsense.py").write_text("from bots import Bot\nbot = Bot('Non sense', 'x')\n")
    server = start_server("--bots", str(folder))
    assert f"a bot is left out: {folder / 'nonsense.py'}:2: 'Non sense' is no name for a bot" in server.stderr
    ann = server.user("ann")
    assert "ITEM|SHOWBOTS|BrokenBot|fails" in ann.says("SHOWBOTS|ann", *["ITEM|…"] * 6, "OK|SHOWBOTS|6")
    assert told(ann, "BrokenBot", "lines") == "one two [31m"
    assert [len(told(ann, "BrokenBot", "long")), len(heard(ann))] == [3999, 3499]
    for _ in range(TEXT_FAULTS_MAX):
        assert told(ann, "BrokenBot", "fail") == FAULT
    assert told(ann, "BrokenBot", "fail") == SET_ASIDE
    assert told(ann, "BrokenBot", "lines") == "one two [31m"
    assert told(ann, "DiceBot", "flip") in ("Heads", "Tails")
    assert "the bot BrokenBot: the same text will not be tried again" in server.stderr
    assert "broken.py:8: KeyError" in server.stderr
    assert "secret" not in server.stderr


def test_a_bot_that_is_gone_is_a_stranger(tmp_path: Path, start_server: StartServer) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    path = folder / "broken.py"
    path.write_text(BROKEN_BOT)
    server = start_server("--bots", str(folder))
    ann = server.user("ann")
    told(ann, "BrokenBot", "lines")
    ann.says("ADDFRIEND|ann|BrokenBot", "OK|ADDFRIEND|BrokenBot|added")
    path.unlink()
    server.restart()
    ann = server.login("ann")
    ann.says("SHOWFRIENDS|ann", "ITEM|SHOWFRIENDS|BrokenBot|offline|", "OK|SHOWFRIENDS|1")
    bob = server.user("bob")
    bob.says("SENDMESSAGE|bob|BrokenBot|lines", "ERR|SENDMESSAGE|NOT_FRIENDS|…")
    bob.says(f"SIGNUP|BrokenBot|{PASSWORD}", "ERR|SIGNUP|NAME_TAKEN|…")


HANGING_BOT = """import re
import time

from bots import Bot

bot = Bot("HangBot", "hangs")


@bot.on("loop")
def loop():
    while True:
        try:
            pass
        except Exception:
            pass


@bot.on("sleep")
def sleep():
    time.sleep(1000)


@bot.on("match")
def match():
    re.fullmatch("(a+)+b", "a" * 60)


@bot.on("hello")
def hello():
    return "hello"
"""


def test_a_bot_that_hangs_is_broken_off_and_the_others_go_on(tmp_path: Path, start_server: StartServer) -> None:
    (tmp_path / "hang.py").write_text(HANGING_BOT)
    server = start_server("--bots", str(tmp_path), bot_step_ms_max=100)
    ann = server.user("ann")
    for how, line in (("loop", r"1[1-5]"), ("sleep", "20"), ("match", "25")):
        assert told(ann, "HangBot", how) == TOO_LONG
        assert re.search(rf"the bot HangBot runs for over 0.1 s, and is broken off: .*hang.py:{line}\n", server.stderr)
    assert told(ann, "HangBot", "hello") == "hello"
    assert told(ann, "DiceBot", "flip") in ("Heads", "Tails")


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path, start_server: StartServer) -> None:
    with pytest.raises(AssertionError, match=r"(?s)ended with 2 .*there is no folder .*gone: check --bots"):
        start_server("--bots", str(tmp_path / "gone"))
    with pytest.raises(
        AssertionError, match=r"(?s)ended with 2 .*weather_url begins with http:// or https://, not 'x'"
    ):
        start_server(weather_url="x")


def test_what_a_bot_remembers_goes_with_the_account(server: InThread) -> None:
    ann = server.user("ann")
    told(ann, "NumbersGame", "start")
    told(ann, "ReminderBot", "in 1 hour to x")
    ann.says(f"DELETEACCOUNT|ann|{PASSWORD}", "OK|DELETEACCOUNT|ann")
    ann.expect("BYE|DELETED|…")
    server.keep_house()
    with sqlite3.connect(server.store_path) as connection:
        assert connection.execute("SELECT count(*) FROM bot_memory WHERE user != 0").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM bot_timers").fetchone() == (0,)
    connection.close()


def test_people_still_have_to_be_friends(server: InThread) -> None:
    ann = server.user("ann")
    server.user("bob")
    ann.says("SENDMESSAGE|ann|bob|hi", "ERR|SENDMESSAGE|NOT_FRIENDS|…")
    ann.says("SENDMESSAGE|ann|b o b|hi", "ERR|SENDMESSAGE|NO_SUCH_USER|…")


def test_a_bot_in_a_room_hears_what_is_for_it_and_answers_there(server: InThread) -> None:
    ann, bob = server.user("ann"), server.user("bob")
    ann.says("CREATEROOM|ann|#tea", "OK|CREATEROOM|#tea|public")
    bob.says("JOIN|bob|#tea", "OK|JOIN|#tea")
    ann.event("JOINED|#tea|bob")
    ann.says("INVITE|ann|#tea|numbers game", "OK|INVITE|#tea|NumbersGame")
    bob.event("JOINED|#tea|NumbersGame")
    ann.says("SENDMESSAGE|ann|#tea|play with me?", "OK|SENDMESSAGE|…")
    bob.event("MESSAGE|…|ann|#tea|play with me?")
    bob.no_event()
    bob.says("SENDMESSAGE|bob|#tea|@Numbers Game play 10", "OK|SENDMESSAGE|…")
    for client in (ann, bob):
        client.until("EVENT|MESSAGE|…|NumbersGame|#tea|I think of a number from 1 to 10. Your guess?")
    assert told(bob, "NumbersGame", "11") == "My number is from 1 to 10. This try does not count."
    assert told(ann, "NumbersGame", "11") == "There is no game on. Say play to start one."


def test_who_calls_a_bot_that_is_not_in_the_room_is_told_alone_how_to_invite_it(server: InThread) -> None:
    ann, bob = server.user("ann"), server.user("bob")
    ann.says("CREATEROOM|ann|#tea|private", "OK|CREATEROOM|#tea|private")
    ann.says("INVITE|ann|#tea|bob", "OK|INVITE|#tea|bob")
    bob.event("INVITED|#tea|ann")
    bob.says("JOIN|bob|#tea", "OK|JOIN|#tea")
    for said in ("@NumbersGame play", "@numbers game, play"):
        bob.says(f"SENDMESSAGE|bob|#tea|{said}", "OK|SENDMESSAGE|…")
        bob.until("EVENT|MESSAGE|…|NumbersGame|bob|I am not in #tea, …: /invite #tea NumbersGame")
    for said in ("@nobody play", "NumbersGame: play", "play @NumbersGame", "@ann @NumbersGame play", "@"):
        bob.says(f"SENDMESSAGE|bob|#tea|{said}", "OK|SENDMESSAGE|…")
    bob.no_event()
    bob.says("INVITE|bob|#tea|NumbersGame", "OK|INVITE|#tea|NumbersGame")
    bob.says("SENDMESSAGE|bob|#tea|@NumbersGame play", "OK|SENDMESSAGE|…")
    ann.until("EVENT|MESSAGE|…|NumbersGame|#tea|I think of a number from 1 to 100. Your guess?")
    assert not [frame for frame in ann.events if "I am not in" in frame]
    bob.until("EVENT|MESSAGE|…|NumbersGame|#tea|…")
    bob.no_event()


def test_what_bots_know_of_a_room_is_gone_with_it(start_server: StartServer) -> None:
    server = start_server("--bots", "bots/examples")
    ann, bob = server.user("ann"), server.user("bob")
    for client, name in ((ann, "ann"), (bob, "bob")):
        client.says(f"CREATEROOM|{name}|#tea", "OK|CREATEROOM|#tea|public")
        client.says(f"INVITE|{name}|#tea|PollBot", "OK|INVITE|#tea|PollBot")
        client.says(f"SENDMESSAGE|{name}|#tea|@PollBot results", "OK|SENDMESSAGE|…")
        client.until("EVENT|MESSAGE|…|PollBot|#tea|There is no poll here…")
        client.says(f"SENDMESSAGE|{name}|#tea|@PollBot poll Who?: Xaver, Yvonne", "OK|SENDMESSAGE|…")
        client.until("EVENT|MESSAGE|…|PollBot|#tea|Who? 1 Xaver (0)…")
        client.says(f"LEAVE|{name}|#tea", "OK|LEAVE|#tea")
    server.terminate()
    connection = sqlite3.connect(server.store_path)
    assert connection.execute("SELECT state FROM bot_memory WHERE state LIKE '%Xaver%'").fetchall() == []
    connection.close()


def test_a_reminder_of_one_who_was_removed_from_the_room_comes_to_its_owner_alone(server: InThread) -> None:
    ann, bob = server.user("ann"), server.user("bob")
    ann.says("CREATEROOM|ann|#tea", "OK|CREATEROOM|#tea|public")
    ann.says("INVITE|ann|#tea|ReminderBot", "OK|INVITE|#tea|ReminderBot")
    bob.says("JOIN|bob|#tea", "OK|JOIN|#tea")
    bob.says("SENDMESSAGE|bob|#tea|@ReminderBot in 1 second insult ann", "OK|SENDMESSAGE|…")
    ann.until("EVENT|MESSAGE|…|ReminderBot|#tea|I will remind you…")
    ann.says("KICK|ann|#tea|bob", "OK|KICK|#tea|bob")
    bob.until("EVENT|MESSAGE|…|ReminderBot|bob|You asked me to remind you: insult ann")
    ann.no_event()


@pytest.mark.parametrize("sanction", ["mute bob", "user suspend bob"])
def test_a_reminder_of_one_who_is_kept_from_writing_comes_to_its_owner_alone(server: InThread, sanction: str) -> None:
    ann, bob = server.user("ann"), server.user("bob")
    server.appoint("ann")
    ann.says("CREATEROOM|ann|#tea", "OK|CREATEROOM|#tea|public")
    ann.says("INVITE|ann|#tea|ReminderBot", "OK|INVITE|#tea|ReminderBot")
    bob.says("JOIN|bob|#tea", "OK|JOIN|#tea")
    bob.says("SENDMESSAGE|bob|#tea|@ReminderBot in 2 hours insult ann", "OK|SENDMESSAGE|…")
    ann.until("EVENT|MESSAGE|…|ReminderBot|#tea|I will remind you…")
    ann.says(f"ADMIN|ann|{sanction} --for 1d", "OK|ADMIN|…")
    server.move_clock(hours=3)
    server.restart()
    ann = server.login("ann")
    if "suspend" in sanction:
        ann.says("ADMIN|ann|user reinstate bob", "OK|ADMIN|…")
        bob = server.login("bob")
    else:
        bob = server.login("bob")
    bob.until("EVENT|…|ReminderBot|bob|You asked me to remind you: insult ann")
    ann.no_event()


def test_a_reminder_of_a_room_that_has_ended_comes_to_its_owner_alone(server: InThread) -> None:
    ann, bob = server.user("ann"), server.user("bob")
    ann.says("CREATEROOM|ann|#tea|private", "OK|CREATEROOM|#tea|private")
    ann.says("INVITE|ann|#tea|ReminderBot", "OK|INVITE|#tea|ReminderBot")
    ann.says("SENDMESSAGE|ann|#tea|@ReminderBot in 1 second water the plants", "OK|SENDMESSAGE|…")
    ann.until("EVENT|MESSAGE|…|ReminderBot|#tea|I will remind you…")
    ann.says("LEAVE|ann|#tea", "OK|LEAVE|#tea")
    bob.says("CREATEROOM|bob|#tea", "OK|CREATEROOM|#tea|public")
    bob.says("INVITE|bob|#tea|ReminderBot", "OK|INVITE|#tea|ReminderBot")
    ann.until("EVENT|MESSAGE|…|ReminderBot|ann|You asked me to remind you: water the plants")
    bob.no_event()


def test_a_reminder_comes_to_its_owner_alone_where_the_bot_was_removed(server: InThread) -> None:
    ann = server.user("ann")
    ann.says("CREATEROOM|ann|#tea", "OK|CREATEROOM|#tea|public")
    ann.says("INVITE|ann|#tea|ReminderBot", "OK|INVITE|#tea|ReminderBot")
    ann.says("SENDMESSAGE|ann|#tea|@ReminderBot in 1 second brew", "OK|SENDMESSAGE|…")
    ann.until("EVENT|MESSAGE|…|ReminderBot|#tea|I will remind you…")
    ann.says("KICK|ann|#tea|ReminderBot", "OK|KICK|#tea|ReminderBot")
    ann.until("EVENT|MESSAGE|…|ReminderBot|ann|You asked me to remind you: brew")


def test_a_reminder_set_in_a_room_comes_there(server: InThread) -> None:
    ann = server.user("ann")
    ann.says("CREATEROOM|ann|#tea", "OK|CREATEROOM|#tea|public")
    ann.says("INVITE|ann|#tea|ReminderBot", "OK|INVITE|#tea|ReminderBot")
    ann.says("SENDMESSAGE|ann|#tea|@ReminderBot in 0 s to brew", "OK|SENDMESSAGE|…")
    ann.until("EVENT|MESSAGE|…|ReminderBot|#tea|ann, you asked me to remind you: brew")
    ann.says("KICK|ann|#tea|ReminderBot", "OK|KICK|#tea|ReminderBot")
    ann.says("SENDMESSAGE|ann|#tea|@ReminderBot list", "OK|SENDMESSAGE|…")
    ann.event("MESSAGE|…|ReminderBot|ann|I am not in #tea, and hear nothing of what is said there. …")
    ann.no_event()


def test_one_who_blocks_a_bot_is_left_alone(server: InThread) -> None:
    ann = server.user("ann")
    ann.says("SENDMESSAGE|ann|ReminderBot|in 0 s to brew", "OK|SENDMESSAGE|…")
    ann.until("EVENT|MESSAGE|…|You asked me to remind you: brew")
    ann.says("BLOCK|ann|ReminderBot", "OK|BLOCK|ReminderBot")
    ann.says("SENDMESSAGE|ann|ReminderBot|list", "OK|SENDMESSAGE|…")
    ann.no_event()


def test_many_players_at_once(server: Running) -> None:
    players = [server.user(f"player{number}") for number in range(30)]
    for client in players:
        client.send(
            *[f"SENDMESSAGE|{client.name}|NumbersGame|{text}" for text in ("play", "50", "give up")], "PING|end"
        )
    for client in players:
        frames = client.until("OK|PING|end")
        while sum(frame.startswith("EVENT|") for frame in frames) < 3:
            frames.append(client.frame())
        answers = [frame.split("|", 6)[6] for frame in frames if frame.startswith("EVENT|")]
        assert answers[0].startswith("I think of")
        assert answers[2].startswith(("It was", "There is no game on"))


def test_bots_go_on_after_a_turn_that_could_not_be_stored(server: InThread, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = server.user("ann")
    told(ann, "NumbersGame", "start")
    commit = Store.commit
    failures = [StoreUnavailable("the disk is full")]

    def failing(store: Store) -> None:
        if failures:
            raise failures.pop()
        commit(store)

    monkeypatch.setattr(Store, "commit", failing)
    ann.says("SENDMESSAGE|ann|NumbersGame|50", "ERR|SENDMESSAGE|UNAVAILABLE|…")
    ann.says("SHOWBOTS|ann", *["ITEM|SHOWBOTS|…"] * 5, "OK|SHOWBOTS|5")
    ann.send("SENDMESSAGE|ann|NumbersGame|give up")
    while "|UNAVAILABLE|" in ann.answer()[0]:  # until the server has tried again, which it does once a second
        ann.send("SENDMESSAGE|ann|NumbersGame|give up")
    assert heard(ann).startswith("It was ")
