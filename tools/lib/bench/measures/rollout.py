"""What a rollout takes with real containers, on the end-to-end test's cluster (tools/up); needs root."""
import os
import sys
import time

from bench.host import Failed
from bench.measure import Measure, Row


def timed(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began


def measure_rollout(context):
    if os.geteuid() != 0:
        raise Failed("must run as root: it starts containers")
    sys.path.insert(0, os.path.join(context.root, "tests", "e2e"))
    import cluster as e2e  # pylint: disable=import-outside-toplevel
    manifest = os.path.join(context.root, "config", "examples", "web.yaml")
    cluster = e2e.Cluster(context.preset)
    creates, restarts = [], []

    def finished():
        cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")

    def create():
        cluster.kubectl("apply", "-f", manifest)
        finished()

    def restart():
        cluster.kubectl("rollout", "restart", "deployment/web")
        finished()

    def settled(count):
        e2e.wait_for(f"{count} pods", 60, lambda: len(cluster.items("pods", "-l", "app=web")) == count)

    try:
        cluster.up()
        e2e.wait_for("the node is ready", 30, lambda: e2e.is_ready(cluster.get("node", e2e.NODE)))
        for _ in range(context.runs):
            creates.append(timed(create))
            restarts.append(timed(restart))
            settled(3)
            cluster.kubectl("delete", "-f", manifest)
            settled(0)
    except e2e.Failed as error:
        raise Failed(str(error)) from error
    finally:
        cluster.remove()
    return [Row("a Deployment of 3, real containers, until rolled out", "s", creates),
            Row("rollout: its 3 pods replaced one by one", "s", restarts)]


MEASURES = [Measure("rollout", "rollouts with real containers", measure_rollout)]
