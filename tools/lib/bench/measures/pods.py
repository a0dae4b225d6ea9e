"""Pods on hollow nodes: scheduled, bound, and what a kill of the scheduler costs them."""
import http.client
import statistics
import threading
import time

from bench import wrk
from bench.client import METADATA_ONLY, Client
from bench.host import NODES_HOST, Failed, Host, wait_for
from bench.measure import Measure, Row

NODES, SCHEDULED = 3_300, 5_000
PODS = "/api/v1/namespaces/default/pods"
POD = ('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"NAME","namespace":"default","labels":{"app":"bench"}},"spec":'
       '{"containers":[{"name":"main","image":"registry.example/pause:1","resources":{"requests":{"cpu":"10m","memory":"16Mi"}}}]}}')
REPLICAS_MAX = 500  # of one Deployment
KILLS, KILL_NODES, KILL_AFTER_SECONDS, MOVED_SECONDS_MAX = 5, 100, 1.5, 30
BOUND_SECONDS_MAX, NODES_SECONDS_MAX, DEPLOY_SECONDS_MAX = 120, 180, 900


def ready_nodes(host):
    client = Client(host)
    try:
        nodes = client.call("GET", "/api/v1/nodes?resourceVersion=0")["items"]
    finally:
        client.close()
    return sum(any(condition["type"] == "Ready" and condition["status"] == "True" for condition in node["status"].get("conditions", []))
               for node in nodes)


def wait_for_nodes(host, count):
    wait_for(f"{count} nodes are ready", NODES_SECONDS_MAX, lambda: ready_nodes(host) == count, 0.5)


class BoundWatch:
    """Counts pods as they are bound, with the time of each: an ADDED event of a watch that selects pods with a node."""

    def __init__(self, host):
        self.times, self.failure, self.news = [], None, threading.Condition()
        self.client = Client(host)
        revision = self.client.call("GET", PODS + "?limit=1")["metadata"]["resourceVersion"]
        self.answer = self.client.open("GET", f"{PODS}?watch=true&fieldSelector=spec.nodeName!%3D&resourceVersion={revision}",
                                       accept=METADATA_ONLY)
        if self.answer.status != 200:
            raise Failed(f"the watch of bound pods was refused: {self.answer.status}")
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        tail, mark = b"", b'{"type":"ADDED"'
        try:
            while piece := self.answer.read1(1 << 20):
                now = time.monotonic()
                tail += piece
                with self.news:
                    self.times += [now] * tail.count(mark)
                    self.news.notify_all()
                tail = tail[-(len(mark) - 1):]
        except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:  # close() ends it
            self.failure = error

    def wait(self, count, seconds=BOUND_SECONDS_MAX):
        """Returns when the count was reached, as time.monotonic()."""
        with self.news:
            if not self.news.wait_for(lambda: len(self.times) >= count, seconds):
                raise Failed(f"not within {seconds} s: {count} pods bound, only {len(self.times)} are "
                             f"({self.failure or 'the watch goes on'})")
        return self.times[count - 1]

    def close(self):
        self.client.abort()
        self.thread.join(10)
        self.client.close()


def schedule(host, count, prefix):
    """Pods per second from the first create until the last is bound, and the server's processor time per pod in us."""
    bound = BoundWatch(host)
    try:
        used, began = host.processor_seconds(), time.monotonic()
        wrk.run(host, "create", PODS, count=count, object=POD, prefix=prefix)
        created = time.monotonic()
        last = bound.wait(count)
        return count / (last - began), (host.processor_seconds() - used) / count * 1e6, count / (created - began)
    finally:
        bound.close()


def make_nodes(host, count):
    """Nodes that nobody runs: pods are bound to them and stay pending."""
    client = Client(host)
    resources = {"cpu": "64", "memory": "256Gi", "pods": "250"}
    conditions = [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "bench"}]
    for index in range(1, count + 1):
        client.call("POST", "/api/v1/nodes", {"metadata": {"name": f"node-{index}"},
                                              "status": {"capacity": resources, "allocatable": resources, "conditions": conditions}})
    client.close()


def schedule_row(context, label, note, host):
    rates, cpu, created = zip(*(schedule(host, SCHEDULED, f"run{run}-") for run in range(context.runs)))
    return Row(label, "/s", list(rates), note=f"created at {statistics.median(created):,.0f}/s; server {statistics.median(cpu):.0f} us of "
                                              f"processor per pod, {note}")


def measure_schedule(context):
    with Host(context.program, context.folder, nodes=NODES, workers=True) as host:
        wait_for_nodes(host, NODES)
        hollow = schedule_row(context, f"create + schedule + bind {SCHEDULED:,} pods, {NODES:,} hollow nodes",
                              "with what the hollow kubelets do", host)
    with Host(context.program, context.folder, workers=["scheduler"]) as host:
        make_nodes(host, NODES)
        return [hollow, schedule_row(context, f"the same on {NODES:,} nodes that nobody runs", "of the control plane alone", host)]


def deploy(host, count):
    """Deployments with `count` pods together; returns when all are ready."""
    client = Client(host)
    path = "/apis/apps/v1/namespaces/default/deployments"
    for index in range(0, count, REPLICAS_MAX):
        labels = {"app": f"bench-{index}"}
        container = {"name": "main", "image": "registry.example/pause:1", "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}
        client.call("POST", path, {
            "metadata": {"name": f"bench-{index}"},
            "spec": {"replicas": min(REPLICAS_MAX, count - index), "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}})

    def ready():
        return sum(item.get("status", {}).get("readyReplicas", 0) for item in client.call("GET", path)["items"])

    try:
        wait_for(f"{count} pods are ready", DEPLOY_SECONDS_MAX, lambda: ready() == count, 0.5)
    finally:
        client.close()


class PodStream:
    """One client that creates pods, one after the other."""

    def __init__(self, host):
        self.client, self.stop, self.failure = Client(host), threading.Event(), None
        self.thread = threading.Thread(target=self.create, daemon=True)
        self.thread.start()

    def create(self):
        pod, count = {"spec": {"containers": [{"name": "main", "image": "registry.example/pause:1"}]}}, 0
        try:
            while not self.stop.is_set():
                count += 1
                self.client.call("POST", PODS, {"metadata": {"name": f"stream-{count}"}, **pod})
        except (OSError, Failed) as error:
            self.failure = error

    def end(self):
        self.stop.set()
        self.thread.join(30)
        self.client.close()
        if self.failure:
            raise Failed(f"creating pods: {self.failure}")


def kill_scheduler(host, kill):
    """(longest time without a pod bound from the kill on, the same in the second before it) in ms."""
    bound = BoundWatch(host)
    stream = PodStream(host)
    try:
        time.sleep(KILL_AFTER_SECONDS)
        began = time.monotonic()
        kill()
        bound.wait(len(bound.times) + 20)
    finally:
        stream.end()
        bound.close()
    times = [moment for moment in bound.times if moment >= began - 1]
    steps = [(after - before, after >= began) for before, after in zip(times, times[1:])]
    return max(step for step, later in steps if later) * 1e3, max(step for step, later in steps if not later) * 1e3


def measure_failover(context):
    """A host of its own for each kill: the supervisor waits before it starts again what failed not long ago."""
    results = []
    for _ in range(KILLS):
        with Host(context.program, context.folder, nodes=KILL_NODES, workers=True) as host:
            wait_for_nodes(host, KILL_NODES)
            results.append(kill_scheduler(host, lambda host=host: host.troupe("kill", "scheduler")))
    return [failover_row("scheduler killed: longest time without a pod bound, same host", results)]


def failover_row(label, results):
    gaps, usual = zip(*results)
    return Row(label, "ms", list(gaps), note=f"one client creates pods one by one, {KILL_NODES} nodes; in the second before the kill: "
                                             f"{statistics.median(usual):.1f} ms")


def scheduler_host(host):
    client = Client(host)
    try:
        return client.call("GET", "/apis/troupe.dev/v1/roles/scheduler").get("status", {}).get("host")
    finally:
        client.close()


def measure_failover_host(context):
    """The scheduler's host ends by SIGKILL; the other host has the store, the apiserver and the nodes."""
    results = []
    for _ in range(KILLS):
        with Host(context.program, context.folder, nodes=KILL_NODES, workers=True, scheduler_apart=True) as host:
            wait_for_nodes(host, KILL_NODES)
            if scheduler_host(host) != NODES_HOST:  # it was not there yet when the role was given away
                host.troupe("move", "scheduler", NODES_HOST)
            wait_for("the scheduler is on the other host", MOVED_SECONDS_MAX, lambda: scheduler_host(host) == NODES_HOST)
            results.append(kill_scheduler(host, host.nodes_process.kill))
    return [failover_row("the scheduler's host killed: longest time without a pod bound", results)]


MEASURES = [
    Measure("schedule", "create + schedule + bind, 3,300 hollow nodes", measure_schedule, "190 pods/s", "5,000 pods/s"),
    Measure("failover", "scheduler killed -> next pod bound by its replacement", measure_failover, "19.1 s", "10 ms same host"),
    Measure("failover-host", "the scheduler's host killed -> next pod bound on the other host", measure_failover_host, "19.1 s", "1 s"),
]
