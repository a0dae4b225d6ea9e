"""Upstream's service levels in a large cluster: the API answers within 1 s and a pod starts within 5 s, 99 of 100 times.

Samples are taken while Deployments with all the pods come up, and for a while after, when only heartbeats go on."""
import threading
import time

from bench.client import Client
from bench.host import Failed, Host
from bench.measure import Measure, Row, percentile
from bench.measures import pods
from bench.measures.api import CONFIGMAPS

NODES, PODS, QUIET_SECONDS = 5_000, 150_000, 30
API_PAUSE_SECONDS, START_PAUSE_SECONDS, START_SECONDS_MAX = 0.05, 0.2, 60


class Sampler:
    """Calls `sample(client, number)` again and again on a thread of its own; it returns milliseconds."""

    def __init__(self, host, sample, pause_seconds):
        self.samples, self.failure, self.stop = [], None, threading.Event()
        self.client, self.sample, self.pause_seconds = Client(host), sample, pause_seconds
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.stop.wait(self.pause_seconds):
                self.samples.append(self.sample(self.client, len(self.samples)))
        except (OSError, Failed) as error:
            self.failure = error

    def end(self):
        self.stop.set()
        self.thread.join(2 * START_SECONDS_MAX)
        self.client.close()
        if self.failure:
            raise Failed(f"a sample failed: {self.failure}")
        return self.samples


def api_ms(client, number):
    """A create, a read, a page of a list."""
    began = time.monotonic()
    if number % 3 == 0:
        client.call("POST", CONFIGMAPS, {"metadata": {"name": f"sample-{number}"}})
    elif number % 3 == 1:
        client.call("GET", f"{CONFIGMAPS}/sample-{number - 1}")
    else:
        client.call("GET", f"{pods.PODS}?limit=100")
    return (time.monotonic() - began) * 1e3


def start_ms(client, number):
    """From before the create until the pod is running."""
    name, began = f"start-{number}", time.monotonic()
    client.call("POST", pods.PODS, {"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": "registry.example/x"}]}})
    while client.call("GET", f"{pods.PODS}/{name}")["status"].get("phase") != "Running":
        if time.monotonic() - began > START_SECONDS_MAX:
            raise Failed(f"pod {name} does not run after {START_SECONDS_MAX} s")
        time.sleep(0.02)
    return (time.monotonic() - began) * 1e3


def measure_slo(context):
    with Host(context.program, context.folder, nodes=NODES, workers=True) as host:
        pods.wait_for_nodes(host, NODES)
        samplers = [Sampler(host, api_ms, API_PAUSE_SECONDS), Sampler(host, start_ms, START_PAUSE_SECONDS)]
        began = time.monotonic()
        pods.deploy(host, PODS)
        took = time.monotonic() - began
        used = host.processor_seconds()
        time.sleep(QUIET_SECONDS)
        used = (host.processor_seconds() - used) / QUIET_SECONDS * 100
        memory = host.resident_mb()
        api, starts = (sampler.end() for sampler in samplers)
    return [Row(f"API while {PODS:,} pods come up on {NODES:,} nodes", "ms", api, p99=f"{percentile(api, 0.99):.0f} ms"),
            Row("pod start meanwhile", "ms", starts, p99=f"{percentile(starts, 0.99):.0f} ms"),
            Row("until all are ready", "s", [took], note=f"{PODS / took:,.0f} pods/s"),
            Row("memory, then", "MB", [memory], note=f"{used:.0f} % of a processor for heartbeats alone")]


MEASURES = [Measure("slo", "5,000 hollow nodes with heartbeats, 150,000 pods", measure_slo, "SLO: API p99 1 s, pod start p99 5 s",
                    "holds the SLO", slow=True)]
