"""Who watches over a node is answered by those that follow, too."""

import subprocess
import sys

from bench.ports import free_port
from tests.cluster.conftest import StartNode
from tests.cluster.node import Node
from tests.cluster.postgres import Instance
from tests.harness import ROOT
from tests.ops.test_health import ask


def figures(port: int) -> dict[str, float]:
    lines = [line for line in ask(port, "/metrics")[1].splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def admin(node: Node, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "chatserver", "admin", "--store", str(node.store), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
    )
    return done.stdout + done.stderr


def test_a_follower_is_healthy_and_not_ready_until_it_writes(engine: Instance, start_node: StartNode) -> None:
    one, two = free_port(), free_port()
    first = start_node("a", engine.conninfo, metrics_port=one).listens()
    second = start_node("b", engine.conninfo, metrics_port=two).says("follows")
    assert ask(one, "/readyz") == (200, "ready\n")
    assert ask(two, "/healthz") == (200, "ok\n")
    assert ask(two, "/readyz") == (503, "This node of the cluster follows: a writes, on 127.0.0.1:0\n")
    told = figures(two)
    assert told["pipechat_cluster_writes"] == 0
    assert told["pipechat_cluster_behind"] == 0
    first.stop()
    second.listens()
    assert ask(two, "/readyz") == (200, "ready\n")
    told = figures(two)
    assert told["pipechat_cluster_writes"] == 1
    assert told["pipechat_cluster_take_overs_total"] == 2
    assert told['pipechat_connections{door="pipe"}'] == 0


def test_the_writer_tells_how_far_the_others_are(engine: Instance, start_node: StartNode) -> None:
    port = free_port()
    first = start_node("a", engine.conninfo, metrics_port=port).listens()
    start_node("b", engine.conninfo).says("follows")
    first.user("ann")
    first.wait_until(lambda: figures(port).get('pipechat_cluster_member_behind{node="b"}') == 0, "b has all")
    told = figures(port)
    assert told["pipechat_cluster_position"] >= 1
    assert 0 < told["pipechat_cluster_lease_seconds"] <= 30
    said = admin(first, "stats")
    assert "cluster_writes" in said
    assert "cluster_member_behind b" in said


def test_a_door_that_is_taken_stops_a_follower_with_a_sentence(engine: Instance, start_node: StartNode) -> None:
    port = free_port()
    start_node("a", engine.conninfo, metrics_port=port).listens()
    second = start_node("b", engine.conninfo, metrics_port=port)
    assert second.ends() == 1
    assert "choose another metrics_port" in second.said
