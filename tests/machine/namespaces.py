"""Networks of their own for processes of a test, with wires between them that can be cut. It needs root."""

import os
import shutil
import subprocess
import sys
from functools import cache

APART = "PIPECHAT_TEST_APART"
NOBODY = "02:00:00:00:00:99"  # an address of no network card: what is sent there is lost without a word


@cache
def are_here() -> bool:
    """Whether this machine lets us make networks, and wires."""
    if os.geteuid() or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    words = ["unshare", "-n", "ip", "link", "add", "v0", "type", "veth"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def is_apart() -> bool:
    """Whether this process is in a network that was made for it."""
    return APART in os.environ


def go_apart(module: str) -> bool:
    """Begin this command again in a network of its own; False where that cannot be."""
    if not is_apart() and are_here():
        words = ["unshare", "-n", sys.executable, "-m", module, *sys.argv[1:]]
        os.execvpe(words[0], words, {**os.environ, APART: "1"})
    if is_apart():
        run("ip", "link", "set", "lo", "up")
    return is_apart()


def run(*words: str) -> None:
    """Do it, and fail with it."""
    subprocess.run(words, check=True)


class Wire:
    """From this network to another one: two addresses, one at each end."""

    def __init__(self, name: str, far: int, near_address: str, far_address: str) -> None:
        """`far` is a process in the other network; a name is at most 12 letters."""
        self.near, self.far = near_address, far_address
        self._name = name
        self._inside = ("nsenter", "-t", str(far), "-n")
        run("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}-far")
        run("ip", "link", "set", f"{name}-far", "netns", str(far))
        for where, address, device in (((), self.near, name), (self._inside, self.far, f"{name}-far")):
            run(*where, "ip", "addr", "add", f"{address}/24", "dev", device)
            run(*where, "ip", "link", "set", device, "up")

    def take_down(self) -> None:
        """Cut it: neither end hears anything of the other."""
        run(*self._inside, "ip", "link", "set", f"{self._name}-far", "down")

    def lose(self, *, towards_far: bool = False, towards_near: bool = False) -> None:
        """From now on what is sent that way is lost, without a word to whoever sends it."""
        if towards_far:
            run("ip", "neigh", "replace", self.far, "lladdr", NOBODY, "dev", self._name)
        if towards_near:
            run(*self._inside, "ip", "neigh", "replace", self.near, "lladdr", NOBODY, "dev", f"{self._name}-far")

    def mend(self) -> None:
        """What is sent arrives again."""
        run("ip", "neigh", "flush", "dev", self._name, "nud", "all")
        run(*self._inside, "ip", "neigh", "flush", "dev", f"{self._name}-far", "nud", "all")


class Network:
    """One that is there as long as this is not closed."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        self.pid = self._holder.pid
        while os.readlink(f"/proc/{self.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            os.sched_yield()
        self.inside = ["nsenter", "-t", str(self.pid), "-n"]
        run(*self.inside, "ip", "link", "set", "lo", "up")

    def close(self) -> None:
        """Everything in it must have ended."""
        self._holder.kill()
        self._holder.wait()
