"""An engine, and nodes that share it."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.ports import free_port
from tests.cluster.node import Node
from tests.cluster.postgres import Instance, binaries, make_folder

StartNode = Callable[..., Node]


@pytest.fixture(scope="session")
def engine_folder() -> Iterator[Path]:
    if not binaries() or not find_spec("psycopg"):
        assert not os.environ.get("CI"), "the tests of a cluster need postgresql and psycopg"
        pytest.skip("apt-get install postgresql, and pip install 'psycopg[binary]'")
    folder = make_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def one_engine(engine_folder: Path) -> Iterator[Instance]:
    """An instance alone, shared by the tests of a process."""
    instance = Instance(engine_folder, free_port()).make().start()
    yield instance
    instance.close()


@pytest.fixture
def engine(one_engine: Instance) -> Instance:
    """The same, with nothing in it."""
    one_engine.execute("DROP TABLE IF EXISTS pipechat_head, pipechat_log, pipechat_member")
    return one_engine


@pytest.fixture
def start_node(tmp_path: Path) -> Iterator[StartNode]:
    """`start_node("a", engine.conninfo)`: a node, whose process is ended with the test."""
    nodes: list[Node] = []

    def start(name: str, conninfo: str, **settings: int | str) -> Node:
        nodes.append(Node(tmp_path / f"{name}.db", conninfo, settings))
        return nodes[-1]

    yield start
    for node in nodes:
        node.close()
    for node in nodes:
        assert "Traceback" not in node.stderr, node.stderr
