"""Run in a network namespace of its own, with a process of another one: the play of `test_vanished`."""

import subprocess
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.harness import PASSWORD, Process, befriend, command_line
from tests.machine.namespaces import Network, Wire, run
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


def wait_offline(ann: Client) -> None:
    while True:
        frame = ann.events.popleft() if ann.events else ann.frame()
        if frame.startswith("EVENT|STATUS|ben|offline|"):
            return


def main(store: str) -> None:
    run("ip", "link", "set", "lo", "up")
    far = Network()
    wire = Wire("v", far.pid, HERE, THERE)
    server = Process(command_line(store, {"vanished_s": VANISHED_S}, "--host", "0.0.0.0"), Path(store))
    server.address = ("127.0.0.1", server.port)
    try:
        ann, ben = server.user("ann"), server.user("ben")
        befriend(ann, ben)
        ben.send("QUIT")
        ben.frames_to_the_end()
        wait_offline(ann)
        words = [*far.inside, sys.executable, "-c", FAR_CLIENT, str(server.port)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as gone:
            assert gone.stdout
            assert gone.stdout.readline() == "in\n"
            ann.says("SENDMESSAGE|ann|ben|while he was there")
            time.sleep(2)  # the play needs his machine to have confirmed that
            wire.take_down()
            ann.says("SENDMESSAGE|ann|ben|into the void")
            wait_offline(ann)
            again = server.login("ben")
            again.event("MISSED|…|ann|ben|into the void")
            again.no_event()
            gone.kill()
    finally:
        server.close()
        far.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
