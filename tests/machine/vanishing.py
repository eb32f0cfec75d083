"""Run in a network namespace of its own, with a process of another one: the play of `test_vanished`."""

import subprocess
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.harness import PASSWORD, Process, befriend, command_line
from tests.wire import Client

VANISHED_S = 5
HERE, THERE = "10.9.0.1", "10.9.0.2"

FAR_CLIENT = f"""
import sys, time
from tests.wire import Client
ben = Client(({HERE!r}, int(sys.argv[1])), "ben")
ben.expect("HELLO|…")
ben.says("LOGIN|ben|{PASSWORD}")
print("in", flush=True)
time.sleep(1000)
"""


def run(*words: str) -> None:
    subprocess.run(words, check=True)


def connect_networks(far: str) -> None:
    inside = ("nsenter", "-t", far, "-n")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    run("ip", "link", "set", "v1", "netns", far)
    run("ip", "addr", "add", f"{HERE}/24", "dev", "v0")
    run("ip", "link", "set", "v0", "up")
    run(*inside, "ip", "addr", "add", f"{THERE}/24", "dev", "v1")
    run(*inside, "ip", "link", "set", "v1", "up")


def wait_offline(ann: Client) -> None:
    while True:
        frame = ann.events.popleft() if ann.events else ann.frame()
        if frame.startswith("EVENT|STATUS|ben|offline|"):
            return


def main(far: str, store: str) -> None:
    connect_networks(far)
    server = Process(command_line(store, {"vanished_s": VANISHED_S}, "--host", "0.0.0.0"), Path(store))
    server.address = ("127.0.0.1", server.port)
    inside = ["nsenter", "-t", far, "-n"]
    try:
        ann, ben = server.user("ann"), server.user("ben")
        befriend(ann, ben)
        ben.send("QUIT")
        ben.frames_to_the_end()
        wait_offline(ann)
        words = [*inside, sys.executable, "-c", FAR_CLIENT, str(server.port)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as gone:
            assert gone.stdout
            assert gone.stdout.readline() == "in\n"
            ann.says("SENDMESSAGE|ann|ben|while he was there")
            time.sleep(2)  # the play needs his machine to have confirmed that
            run(*inside, "ip", "link", "set", "v1", "down")
            ann.says("SENDMESSAGE|ann|ben|into the void")
            wait_offline(ann)
            again = server.login("ben")
            again.event("MISSED|…|ann|ben|into the void")
            again.no_event()
            gone.kill()
    finally:
        server.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
