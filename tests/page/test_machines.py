"""The chat has several machines: the page goes on at the one that takes over, with its login and what was not sent."""

import signal

import pytest
from playwright.sync_api import expect

from bench.ports import free_port
from tests.cluster.conftest import StartNode, engine, engine_folder, one_engine, start_node
from tests.cluster.node import Node
from tests.cluster.postgres import Instance
from tests.page.conftest import Visit
from tests.page.test_outages import history

__all__ = ["engine", "engine_folder", "one_engine", "start_node"]  # fixtures


class Machine:
    """A node that serves the page where it is expected."""

    def __init__(self, node: Node, url: str) -> None:
        self.node = node
        self.url = url


def machines(start_node: StartNode, engine: Instance) -> tuple[Machine, Machine]:
    """One that writes, and one that follows; each names both."""
    ports = {"one": free_port(), "two": free_port()}
    urls = {name: f"http://127.0.0.1:{port}/" for name, port in ports.items()}
    peers = ",".join(urls.values())

    def start(name: str) -> Node:
        return start_node(name, engine.conninfo, web="on", web_port=ports[name], web_peers=peers)

    one = start("one").listens()
    return Machine(one, urls["one"]), Machine(start("two").stands_by(), urls["two"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_is_written_while_the_writer_is_gone_is_sent_once_to_the_next(
    engine: Instance, start_node: StartNode, visit: Visit, number: signal.Signals
) -> None:
    one, two = machines(start_node, engine)
    one.node.friends("ana", "ben")
    ana = visit(one).sign_in("ana")
    ana.open("ben")
    texts = ["zero"]
    ana.say(*texts)
    ana.see(*texts)
    for at, (writer, follower) in enumerate(((one, two), (two, one))):
        writer.node.close_clients()
        writer.node.send(number)
        while_gone = [f"{word} {at}" for word in ("first", "second", "third")]
        ana.say(*while_gone)
        texts += while_gone
        writer.node.ends()
        follower.node.listens()
        expect(ana.tab.locator(".pending")).to_have_count(0)
        ana.see(*texts)
        assert ana.messages() == texts
        ben = follower.node.login("ben")
        assert history(ben, "ana") == texts
        ben.says(f"SENDMESSAGE|ben|ana|heard {at}")
        texts.append(f"heard {at}")
        ana.see(*texts)
        writer.node.start()
        writer.node.stands_by()
    ana.sign_out()
    assert ana.run("() => Object.keys(localStorage)") == []
