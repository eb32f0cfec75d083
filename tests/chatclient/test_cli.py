"""The command as a shell sees it: pipes, one message, bad input, exit statuses."""

import os
import queue
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatserver import __version__
from tests.chatclient.fake import FakeServer, Peer

TIME = "2026-11-24T12:00:00.000Z"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the command with a state folder of its own; returns what it printed."""

    def run(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), **variables}
        return subprocess.run(
            [sys.executable, "-m", "chatclient", *arguments],
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=30,
            check=False,
        )

    return run


def one_sentence(done: subprocess.CompletedProcess[str], status: int, says: str) -> None:
    """The run ended with this status and one sentence, and no traceback."""
    assert done.returncode == status, done
    assert done.stderr.startswith("chatclient: "), done
    assert done.stderr.count("\n") == 1, done
    assert says in done.stderr, done


# Pipes


def test_frames_go_in_and_come_out(run: Run) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        assert [peer.hear(), peer.hear(), peer.hear()] == ["PING|a", "PING|b", ""]
        peer.say("OK|PING|a", "OK|PING|b")

    with FakeServer(script) as server:
        done = run(f"127.0.0.1:{server.port}", stdin="PING|a\nPING|b")  # the last line lacks its end
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "HELLO|chatserver|1|welcome\nOK|PING|a\nOK|PING|b\n"


def test_a_refusal_sets_the_exit_status(run: Run) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.hear()
        peer.say("ERR|NOPE|UNKNOWN_COMMAND|There is no NOPE")
        peer.hear_end()

    with FakeServer(script) as server:
        done = run(f"127.0.0.1:{server.port}", stdin="NOPE\n")
    assert done.returncode == 1
    assert "ERR|NOPE|" in done.stdout


def test_a_pipe_with_a_user_logs_in_and_out_unseen(run: Run, password_file: Path) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        assert peer.hear() == "LOGIN#chatclient|alice|correct horse"
        assert peer.hear() == "SHOWFRIENDS|alice"
        assert peer.hear() == "LOGOUT#chatclient"
        peer.say("OK|LOGIN#chatclient|alice|secret token", "OK|SHOWFRIENDS|0", "OK|LOGOUT#chatclient|alice")
        assert peer.hear() == ""

    with FakeServer(script) as server:
        done = run(
            f"127.0.0.1:{server.port}",
            "--user=alice",
            f"--password-file={password_file}",
            stdin="SHOWFRIENDS|alice\n",
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "HELLO|chatserver|1|welcome\nOK|SHOWFRIENDS|0\n"


def test_the_password_may_be_the_first_line_of_standard_input(run: Run) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        assert [peer.hear(), peer.hear()] == ["LOGIN#chatclient|alice|from stdin", "PING"]
        assert peer.hear() == "LOGOUT#chatclient"
        peer.say("ERR|LOGIN#chatclient|BAD_LOGIN|The name or the password is wrong", "OK|PING|")
        peer.say("ERR|LOGOUT#chatclient|NOT_LOGGED_IN|Log in first")
        peer.hear_end()

    with FakeServer(script) as server:
        done = run(f"127.0.0.1:{server.port}", "--user=alice", "--password-file=-", stdin="from stdin\nPING\n")
    one_sentence(done, 1, "BAD_LOGIN")


def test_what_is_printed_is_safe_whatever_is_sent(run: Run) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.hear()
        peer.say_bytes(b"OK|PING|\x1b[2J\n" + b"\xff\xfe\n" + b"x" * 10_000 + b"\nOK|PING|\n")
        peer.hear_end()

    with FakeServer(script) as server:
        done = run(f"127.0.0.1:{server.port}", stdin="PING\n")
    assert done.returncode == 1
    assert done.stdout == "HELLO|chatserver|1|welcome\nOK|PING|\n"
    assert "\x1b" not in done.stderr
    assert done.stderr.count("what is no frame") == 3


def test_a_server_that_goes_before_it_has_answered_is_no_success(run: Run) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.hear()

    with FakeServer(script) as server:
        one_sentence(run(f"127.0.0.1:{server.port}", stdin="PING\n"), 3, "before everything was answered")


def test_a_server_that_is_full_or_shuts_down_says_why(run: Run) -> None:
    with FakeServer(lambda peer: peer.say("BYE|FULL|There are too many connections")) as server:
        one_sentence(run(f"127.0.0.1:{server.port}"), 3, "too many connections")


def test_a_reader_that_goes_ends_the_pipe_quietly(run: Run, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.hear_end()

    reader, writer = os.pipe()
    os.close(reader)
    with FakeServer(script) as server:
        done = subprocess.run(
            [sys.executable, "-m", "chatclient", f"127.0.0.1:{server.port}"],
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
        )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("redirection", ["<&-", "<&- >&-", ">&- </dev/null"])
def test_standard_files_that_are_closed(redirection: str) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        assert peer.hear() == ""

    with FakeServer(script) as server:
        words = f"{shlex.quote(sys.executable)} -m chatclient 127.0.0.1:{server.port} {redirection}"
        done = subprocess.run(["sh", "-c", words], stderr=subprocess.PIPE, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


# One message


def test_a_message_is_sent_and_the_login_ended(run: Run, password_file: Path) -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        peer.say(f"OK|{peer.expect('SENDMESSAGE', 'alice', 'bob', 'the backup is done | 3 GB')}|1|{TIME}")
        peer.say(f"OK|{peer.expect('LOGOUT')}|alice")
        peer.hear_end()

    with FakeServer(script) as server:
        done = run(
            f"127.0.0.1:{server.port}",
            "--user=alice",
            f"--password-file={password_file}",
            "--send",
            "bob",
            "the backup is done | 3 GB",
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_lines_of_standard_input_are_a_message_each(run: Run, password_file: Path) -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        for number, text in enumerate(("one", "two"), start=1):
            peer.say(f"OK|{peer.expect('SENDMESSAGE', 'alice', 'bob', text)}|{number}|{TIME}")
        peer.say(f"OK|{peer.expect('LOGOUT')}|alice")
        peer.hear_end()

    with FakeServer(script) as server:
        arguments = ("--user=alice", f"--password-file={password_file}", "--send", "bob", "-")
        assert run(f"127.0.0.1:{server.port}", *arguments, stdin="one\n\ntwo\n").returncode == 0


def test_each_line_is_sent_as_it_comes(tmp_path: Path, password_file: Path) -> None:
    """As of `tail -f`: nobody waits for the end of the input, and the connection is looked after meanwhile."""
    heard: queue.Queue[str] = queue.Queue()

    def script(peer: Peer) -> None:
        peer.log_in()
        for number in (1, 2):
            head, _, text = peer.hear().partition("|alice|#ops|")
            heard.put(text)
            peer.say(f"OK|{head}|{number}|{TIME}", f"EVENT|MESSAGE|9{number}|{TIME}|bob|alice|meanwhile")
        peer.say(f"OK|{peer.expect('LOGOUT')}|alice")
        peer.hear_end()

    with FakeServer(script) as server:
        words = ["--user=alice", f"--password-file={password_file}", "--send", "#ops", "-"]
        process = subprocess.Popen(
            [sys.executable, "-m", "chatclient", f"127.0.0.1:{server.port}", *words],
            stdin=subprocess.PIPE,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        )
        assert process.stdin is not None
        for line in ("first line", "second"):
            process.stdin.write(f"{line}\n\n".encode())
            process.stdin.flush()
            assert heard.get(timeout=30) == line  # while the input goes on
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_line_that_is_no_text_is_named_and_how_many_went(tmp_path: Path, password_file: Path) -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        for number in (1, 2):
            peer.say(f"OK|{peer.expect('SENDMESSAGE')}|{number}|{TIME}")
        peer.hear_end()

    with FakeServer(script) as server:
        words = ["--user=alice", f"--password-file={password_file}", "--send", "bob", "-"]
        done = subprocess.run(
            [sys.executable, "-m", "chatclient", f"127.0.0.1:{server.port}", *words],
            input=b"\xef\xbb\xbfone\n\ntwo\r\nbad \xff byte\nfour\n",
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
            capture_output=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == b"chatclient: Line 4: byte 5 of it is no UTF-8 text. Lines sent before it: 2\n"


def test_a_line_that_is_refused_is_named(run: Run, password_file: Path) -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        peer.say(f"OK|{peer.expect('SENDMESSAGE')}|1|{TIME}")
        peer.say(f"ERR|{peer.expect('SENDMESSAGE')}|TOO_LONG|Split it")
        peer.hear_end()

    with FakeServer(script) as server:
        words = ("--user=alice", f"--password-file={password_file}", "--send", "bob", "-")
        done = run(f"127.0.0.1:{server.port}", *words, stdin="one\nlong\nthree\n")
    one_sentence(done, 1, "Line 2: TOO_LONG: Split it. Lines sent before it: 1")


def test_version(run: Run) -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"pipechat {__version__}\n")


def test_a_number_alone_is_a_port(run: Run) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.expect("PING")
        peer.say("OK|PING|")

    with FakeServer(script) as server:
        done = run(str(server.port), stdin="PING\n", LOCALHOST="127.0.0.1")
    assert done.stdout.endswith("OK|PING|\n"), done
    one_sentence(run("70000"), 2, "is no port")


def test_a_password_file_with_a_mark_in_front(run: Run, password_file: Path) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        assert peer.hear().endswith("|alice|correct horse")
        peer.hear_end()

    password_file.write_bytes(b"\xef\xbb\xbfcorrect horse\r\n")
    with FakeServer(script) as server:
        run(f"127.0.0.1:{server.port}", "--user=alice", f"--password-file={password_file}")


def test_a_message_that_is_refused_says_why(run: Run, password_file: Path) -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        peer.say(f"ERR|{peer.expect('SENDMESSAGE')}|NOT_FRIENDS|Ask bob to be your friend first")
        peer.hear_end()

    with FakeServer(script) as server:
        arguments = ("--user=alice", f"--password-file={password_file}", "--send", "bob", "hi")
        one_sentence(run(f"127.0.0.1:{server.port}", *arguments), 1, "Ask bob to be your friend first")


# Bad input


def test_a_wrong_host(run: Run) -> None:
    one_sentence(run("no.such.host.invalid"), 3, "There is no host")


def test_a_refused_port(run: Run) -> None:
    with FakeServer() as server:
        port = server.port
    one_sentence(run(f"127.0.0.1:{port}"), 3, "No server listens")


def test_no_port(run: Run) -> None:
    one_sentence(run("localhost:http"), 2, "is no port")


@pytest.mark.parametrize(
    "data", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\xff" * 9000, b"a" * 9000]
)
@pytest.mark.parametrize("face", ["pipe", "send"])
def test_a_server_that_is_something_else_is_not_told_the_password(
    run: Run, password_file: Path, data: bytes, face: str
) -> None:
    heard = []

    def script(peer: Peer) -> None:
        peer.say_bytes(data)
        heard.append(peer.hear())

    arguments = [
        "--user=alice",
        f"--password-file={password_file}",
        *(["--send", "bob", "hi"] if face == "send" else []),
    ]
    with FakeServer(script) as server:
        done = run(f"127.0.0.1:{server.port}", *arguments, stdin="PING\n")
    assert done.returncode == 3
    assert "no chat server" in done.stderr
    assert "Traceback" not in done.stderr
    assert heard == [""]


def test_a_server_that_closes_without_a_word(run: Run) -> None:
    with FakeServer(lambda peer: None) as server:
        one_sentence(run(f"127.0.0.1:{server.port}", stdin="PING\n"), 3, "without a greeting")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_password_file_that_others_can_read(run: Run, password_file: Path, mode: int) -> None:
    password_file.chmod(mode)
    done = run("127.0.0.1:1", "--user=alice", f"--password-file={password_file}")
    one_sentence(done, 2, f"run chmod 600 {password_file}")


@pytest.mark.parametrize(
    ("content", "says"), [(b"\n", "empty first line"), (b"", "empty first line"), (b"\xff\xfe\n", "no UTF-8")]
)
def test_a_password_file_without_a_password(run: Run, password_file: Path, content: bytes, says: str) -> None:
    password_file.write_bytes(content)
    one_sentence(run("127.0.0.1:1", "--user=alice", f"--password-file={password_file}"), 2, says)


def test_a_password_file_that_is_not_there(run: Run) -> None:
    one_sentence(run("127.0.0.1:1", "--user=a", "--password-file=/no/such/file"), 2, "cannot be read")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--send", "bob", "hi"], "add --user NAME"),
        (["--password-file=x"], "add --user NAME"),
        (["--user=alice"], "add --password-file FILE"),
        (["--user=alice", "--send", "bob", "hi"], "add --password-file FILE"),
        (["--tls-ca=/no/such/file"], "cannot be read"),
        (["--tls-ca=/dev/null"], "cannot be read"),
    ],
)
def test_arguments_that_do_not_fit(run: Run, arguments: list[str], says: str) -> None:
    one_sentence(run("127.0.0.1:1", *arguments), 2, says)


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a\nb", b"\x1b[2J"])
def test_a_text_that_cannot_be_sent(password_file: Path, tmp_path: Path, text: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.log_in()
        peer.hear_end()

    arguments = ["--user=alice", f"--password-file={password_file}", "--send", "bob"]
    with FakeServer(script) as server:
        done = subprocess.run(
            [sys.executable, "-m", "chatclient", f"127.0.0.1:{server.port}", *arguments, text],
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
            capture_output=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"chatclient: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("name", ["C", "POSIX", "xx_NOWHERE.ISO-8859-1", ""])
def test_a_pipe_carries_utf_8_in_any_locale(run: Run, name: str) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        assert peer.hear() == "PING|grüße 日本"
        peer.say("OK|PING|grüße 日本")
        peer.hear_end()

    with FakeServer(script) as server:
        done = run(f"127.0.0.1:{server.port}", stdin="PING|grüße 日本\n", LC_ALL=name, LANG=name)
    assert (done.returncode, done.stderr) == (0, "")
    assert "OK|PING|grüße 日本\n" in done.stdout
