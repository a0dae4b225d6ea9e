"""A host with thousands of hollow nodes and pods is killed and has to come up again: all its kubelets begin to watch, and to write, at once."""
import queue
import threading
import time

from host import Caller, FaultHost, require, wait_for
from steady import Steady

CREATORS = 6
PODS = "/api/v1/namespaces/default/pods"
NODES, PODS_LONG, NODES_IN_GATE, PODS_IN_GATE = 3_300, 22_500, 400, 2_000
RUNNING_SECONDS_MAX, SETTLE_SECONDS = 300, 5


def pod(number, nodes):
    return {"metadata": {"name": f"p-{number}", "labels": {"app": f"a-{number % 100}"}}, "spec": {
        "nodeName": f"hollow-{number % nodes}", "containers": [{"name": "c", "image": "none"}]}}


def create_pods(host, nodes, pods):
    numbers, wrong = queue.SimpleQueue(), []
    for number in range(pods):
        numbers.put(number)

    def create():
        with Caller(host) as caller:
            while not wrong:
                try:
                    number = numbers.get_nowait()
                except queue.Empty:
                    return
                status, answer = caller.call("POST", PODS, pod(number, nodes))
                while status == 429:  # as a client does that is asked to
                    time.sleep(0.2)
                    status, answer = caller.call("POST", PODS, pod(number, nodes))
                if status != 201:
                    wrong.append(f"{status} {str(answer)[:300]}")

    threads = [threading.Thread(target=create) for _ in range(CREATORS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    require(not wrong, f"a pod was not created: {wrong[:2]}")


def count(caller, path, selector=""):
    """How many there are, without reading them all."""
    page = caller.must("GET", f"{path}?limit=1{selector}")
    return len(page["items"]) + page["metadata"].get("remainingItemCount", 0)


def phases(caller):
    """{phase: how many pods}; the node's name shows that all nodes are there."""
    found, token = {}, ""
    while True:
        page = caller.must("GET", f"{PODS}?limit=2000" + (f"&continue={token}" if token else ""))
        for item in page["items"]:
            phase = item["status"].get("phase", "none")
            found[phase] = found.get(phase, 0) + 1
        token = page["metadata"].get("continue")
        if not token:
            return found


def run(program, folder, nodes, pods):
    host = FaultHost(program, folder, nodes=nodes, workers=True)
    try:
        with Caller(host, 60) as caller:
            wait_for(f"{nodes} nodes", 120, lambda: count(caller, "/api/v1/nodes") == nodes, 0.2)
            create_pods(host, nodes, pods)
            wait_for(f"{pods} pods run", RUNNING_SECONDS_MAX, lambda: phases(caller) == {"Running": pods}, 2)
        memory = host.own_mb()
        host.kill()
        begin = time.monotonic()
        host.start()
        ready = time.monotonic() - begin
        with Caller(host, 60) as caller, Steady(host) as steady:
            end = time.monotonic() + SETTLE_SECONDS
            wait_for(f"{pods} pods run again", RUNNING_SECONDS_MAX,
                     lambda: phases(caller) == {"Running": pods} and time.monotonic() > end, 1)
        host.end()
        return [f"{nodes} nodes, {pods} pods, {memory:.0f} MB: after kill -9 ready in {ready:.1f} s (all kubelets have their pods)", steady.text()]
    finally:
        host.stop()
