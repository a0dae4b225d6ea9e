"""Cost follows the change, not the cluster: creates, watches and scheduling with 1,000, 10,000 and 100,000 objects there."""
import json
import os
import subprocess

from bench import wrk
from bench.client import Client
from bench.host import Host
from bench.measure import Measure, Row
from bench.measures.api import CONFIGMAP, CONFIGMAPS
from bench.measures.pods import POD, PODS, make_nodes, schedule

SIZES, WATCHERS, ROUNDS, SCHEDULED, CREATED = (1_000, 10_000, 100_000), 100, 20, 1_000, 5_000
NODES = 2_000
PLACED_POD = POD.replace('"spec":{', '"spec":{"nodeName":"NODE",')


def watch_ms(context, host):
    program = os.path.join(context.root, "build", context.preset, "tests", "bench", "watch_client")
    done = subprocess.run([program, "--port", str(host.port), "--watchers", str(WATCHERS), "--rounds", str(ROUNDS), "--path",
                           CONFIGMAPS, "--name", "watched"], input="\n", capture_output=True, text=True, check=True, timeout=300,
                          env={**os.environ, "TOKEN": host.token})
    return json.loads(done.stdout.splitlines()[-1])["last_ms"]


def measure_growth(context):
    rows = []
    with Host(context.program, context.folder, workers=["scheduler"]) as host:
        make_nodes(host, NODES)
        client = Client(host)
        client.call("POST", CONFIGMAPS, {"metadata": {"name": "watched"}, "data": {"round": "r0."}})
        client.close()
        configmaps = pods = 0
        for size in SIZES:
            wrk.run(host, "create", CONFIGMAPS, count=size - configmaps, object=CONFIGMAP, bytes=1024, prefix=f"fill{size}-")
            created = wrk.run(host, "create", CONFIGMAPS, count=CREATED, object=CONFIGMAP, bytes=1024, prefix=f"at{size}-")
            configmaps = size + CREATED
            rows.append(Row(f"create, {size:,} ConfigMaps there", "us", [created["cpu_us"]], p99=f"{created['p99_ms']:.1f} ms",
                            note=f"processor time; {created['rate']:,.0f}/s, p50 {created['p50_ms']:.1f} ms"))
            last = watch_ms(context, host)
            rows.append(Row(f"one write to {WATCHERS} watchers, {size:,} ConfigMaps there", "ms", last))
            wrk.run(host, "create", PODS, count=size - pods, object=PLACED_POD, prefix=f"fill{size}-", nodes=NODES)
            rate, cpu, _ = schedule(host, SCHEDULED, f"at{size}-")
            pods = size + SCHEDULED
            rows.append(Row(f"create + schedule + bind, {size:,} pods there", "us", [cpu], p99="-",
                            note=f"processor time per pod; {rate:,.0f}/s"))
    order = {"create,": 0, "one": 1, "create": 2}
    return sorted(rows, key=lambda row: order[row.label.split()[0]])


MEASURES = [
    Measure("growth", "cost at 1k, 10k, 100k objects: create, watch, schedule", measure_growth, "", "the same"),
]
