"""A wall clock that is set back and forth while the cluster works, with libfaketime under the host's process. The clock that only goes
forward stays as it is, as it would."""
import datetime
import glob
import os
import tempfile
import time

from host import CONFIGMAPS, Caller, FaultHost, configmap, require, wait_for
from steady import Steady

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")
NODES = 5
STEPS = (("an hour back", -3600), ("a day ahead", 86_400), ("ten minutes back", -600), ("as it is", 0))
SECONDS_PER_STEP = 4  # longer than leases are renewed and nodes are judged by each other
ROLLOUT_SECONDS_MAX = 30


class Clock:
    def __init__(self, folder):
        self.library = next((path for pattern in LIBRARIES for path in glob.glob(pattern)), None)
        handle, self.file = tempfile.mkstemp(prefix="troupe-faults-clock-", dir=folder)
        os.close(handle)
        self.set(0)

    def set(self, seconds):
        with open(self.file + ".new", "w", encoding="utf-8") as file:
            file.write(f"{seconds:+d}\n")
        os.replace(self.file + ".new", self.file)

    def environment(self):
        # jemalloc asks for the time before libfaketime can tell it: the C library's allocator goes first, for new and delete too.
        return {"LD_PRELOAD": f"{self.library}:libstdc++.so.6:libc.so.6", "FAKETIME_TIMESTAMP_FILE": self.file, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_CACHE_DURATION": "1"}


def seconds_of(stamp):
    return datetime.datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def nodes_not_ready(caller):
    wrong = []
    for node in caller.must("GET", "/api/v1/nodes")["items"]:
        ready = next((c["status"] for c in node["status"].get("conditions", []) if c["type"] == "Ready"), "absent")
        if ready != "True" or node["spec"].get("taints"):
            wrong.append(f"{node['metadata']['name']}: Ready={ready} taints={node['spec'].get('taints')}")
    return wrong


def deployment(name, text):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": 3, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}, "annotations": {"round": text}},
            "spec": {"containers": [{"name": "c", "image": "none"}]}}}}


def rolled_out(caller, name):
    item = caller.must("GET", f"/apis/apps/v1/namespaces/default/deployments/{name}")
    status = item.get("status", {})
    return (status.get("observedGeneration") == item["metadata"]["generation"] and status.get("updatedReplicas") == 3
            and status.get("availableReplicas") == 3 and status.get("replicas") == 3)


def step(host, caller, number, text, offset, before):
    """One setting of the clock: writes, watches, nodes, rollouts and the store go on."""
    made = caller.must("POST", CONFIGMAPS, configmap(f"clock-{number}", {"a": "b"}))
    revision = int(made["metadata"]["resourceVersion"])
    require(revision > before, f"clock {text}: revision {revision} after {before}")
    wait_for(f"clock {text}: new objects have its time", 10,
             lambda: abs(fresh_age(caller, number, offset)) < 10, 0.2)
    caller.must("PATCH", "/apis/apps/v1/namespaces/default/deployments/clock", {"spec": {"template": {"metadata": {
        "annotations": {"round": text}}}}}, "application/merge-patch+json")
    wait_for(f"clock {text}: a rollout ends", ROLLOUT_SECONDS_MAX, lambda: rolled_out(caller, "clock"), 0.1)
    host.troupe("kill", "store/main")
    end = time.monotonic() + SECONDS_PER_STEP
    while time.monotonic() < end:
        wrong = nodes_not_ready(caller)
        require(not wrong, f"clock {text}: nodes are held for lost: {wrong[:3]}")
        time.sleep(0.5)
    return revision


def fresh_age(caller, number, offset):
    """How far the time of an object that is made now is from the clock as it is set."""
    name = f"stamp-{number}-{time.monotonic_ns()}"
    stamp = caller.must("POST", CONFIGMAPS, configmap(name, {}))["metadata"]["creationTimestamp"]
    return seconds_of(stamp) - (time.time() + offset)


def run(program, folder, steps):
    clock = Clock(folder)
    if clock.library is None:
        os.remove(clock.file)
        return ["SKIPPED: a clock that is set back: libfaketime is not installed"]
    host = None
    try:
        host = FaultHost(program, folder, nodes=NODES, workers=True, environment=clock.environment())
        with Caller(host) as caller:
            wait_for("all nodes are ready", 30, lambda: len(caller.must("GET", "/api/v1/nodes")["items"]) == NODES
                     and not nodes_not_ready(caller), 0.1)
            caller.must("POST", "/apis/apps/v1/namespaces/default/deployments", deployment("clock", "0"))
            wait_for("the deployment is rolled out", ROLLOUT_SECONDS_MAX, lambda: rolled_out(caller, "clock"), 0.1)
            with Steady(host) as steady:
                revision = 0
                for number, (text, offset) in enumerate(STEPS[:steps]):
                    clock.set(offset)
                    revision = step(host, caller, number, text, offset, revision)
                clock.set(STEPS[0][1])
                time.sleep(1.1)  # the library looks at its file once a second
            pods = caller.must("GET", "/api/v1/namespaces/default/pods")["items"]
            require(len(pods) == 3, f"{len(pods)} pods are there of 3")
        host.kill()
        host.start()  # an hour earlier than its files were written, its certificates were made
        with Caller(host) as caller:
            for number in range(steps):
                caller.must("GET", f"{CONFIGMAPS}/clock-{number}")
        host.end()
        return [f"clock {', '.join(text for text, _ in STEPS[:steps])}, and a start an hour back: revisions grow, rollouts end, "
                f"{NODES} nodes stay ready, a store that is killed comes back", steady.text()]
    finally:
        if host:
            host.stop()
        os.remove(clock.file)
