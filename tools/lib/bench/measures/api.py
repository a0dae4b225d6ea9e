"""Requests: creates, gets, lists, and the latency of a single client's writes beside the disk's own."""
import os
import statistics
import subprocess
import tempfile
import time

from bench import wrk
from bench.client import Client
from bench.host import Failed, Host
from bench.measure import Measure, Row, percentile

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
CONFIGMAP = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME","namespace":"default"},"data":{"text":"DATA"}}'
LISTED, LISTED_BYTES = 18_000, 1_650  # the list is 35 MB
SYNCED_BYTES, SYNCS = 4_096, 300


def create_configmaps(host, context, prefix, seconds=None, connections=wrk.CONNECTIONS, data_bytes=1024):
    return wrk.run(host, "create", CONFIGMAPS, seconds=seconds or context.seconds, connections=connections, object=CONFIGMAP,
                   bytes=data_bytes, prefix=prefix)


def fill(host, count, prefix, data_bytes):
    """Exactly `count` ConfigMaps more."""
    wrk.run(host, "create", CONFIGMAPS, count=count, object=CONFIGMAP, bytes=data_bytes, prefix=prefix)


def rates(label, results):
    note = f"server {statistics.median(r['cpu_us'] for r in results):.0f} us of processor each"
    return Row(label, "/s", [r["rate"] for r in results], note=note,
               p99=f"{statistics.median(r['p99_ms'] for r in results):.1f} ms")


def measure_create(context):
    with Host(context.program, context.folder) as host:
        create_configmaps(host, context, "warm-", seconds=1)
        return [rates("create 1 KB ConfigMaps, 32 connections",
                      [create_configmaps(host, context, f"run{run}-") for run in range(context.runs)])]


def measure_get(context):
    with Host(context.program, context.folder) as host:
        client = Client(host)
        client.call("POST", CONFIGMAPS, {"metadata": {"name": "one"}, "data": {"text": "x" * 1024}})
        client.close()
        results = [wrk.run(host, "get", CONFIGMAPS + "/one", seconds=context.seconds) for _ in range(context.runs)]
        return [rates("get one ConfigMap, 32 connections", results)]


def fetch_seconds(host, path):
    """(seconds, bytes) from the request to the last byte, without the connection's set-up; by curl."""
    command = ["curl", "-sS", "--fail", "--noproxy", "*", "-k", "-o", "/dev/null", "-H", "@-", "-w",
               "%{time_pretransfer} %{time_total} %{size_download}", host.url + path]
    done = subprocess.run(command, input=f"Authorization: Bearer {host.token}\n", capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise Failed(f"curl: {done.stderr.strip()}")
    before, total, size = done.stdout.split()
    return float(total) - float(before), int(size)


def measure_list(context):
    with Host(context.program, context.folder) as host:
        fill(host, LISTED, "listed-", LISTED_BYTES)
        host.end()
        host.start()  # nothing is rendered yet
        first, size = fetch_seconds(host, CONFIGMAPS)
        used = host.processor_seconds()
        again = [fetch_seconds(host, CONFIGMAPS)[0] * 1e3 for _ in range(max(5, context.runs))]
        used = (host.processor_seconds() - used) / len(again) * 1e3
        text = f"{LISTED:,} ConfigMaps, {size / 1e6:.0f} MB"
        return [Row(f"list {text}", "ms", again, note=f"by curl; server {used:.0f} ms of processor each"),
                Row("the first one after a start", "ms", [first * 1e3])]


def sync_samples(folder):
    """Milliseconds of writing 4 KB over what is there, and waiting until the disk has it."""
    samples = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        descriptor, block = file.fileno(), b"x" * SYNCED_BYTES
        os.pwrite(descriptor, block * SYNCS, 0)
        os.fsync(descriptor)
        for i in range(SYNCS):
            began = time.perf_counter()
            os.pwrite(descriptor, block, i * SYNCED_BYTES)
            os.fdatasync(descriptor)
            samples.append((time.perf_counter() - began) * 1e3)
    return samples


def measure_latency(context):
    """The disk's own syncs are measured before and after each run, since what a disk takes changes with what else it does."""
    syncs, p50, p99 = [], [], []
    with Host(context.program, context.folder) as host:
        create_configmaps(host, context, "warm-", seconds=1, connections=1)
        for run in range(context.runs):
            syncs += sync_samples(host.folder)
            result = create_configmaps(host, context, f"run{run}-", connections=1)
            syncs += sync_samples(host.folder)
            p50.append(result["p50_ms"])
            p99.append(result["p99_ms"])
    ratio = statistics.median(p50) / statistics.median(syncs)
    return [Row("write latency of one client", "ms", p50, p99=f"{statistics.median(p99):.2f} ms",
                note=f"{ratio:.2f} x the disk's own sync"),
            Row("the disk's own sync of 4 KB, measured beside it", "ms", syncs, p99=f"{percentile(syncs, 0.99):.2f} ms")]


MEASURES = [
    Measure("create", "create 1 KB ConfigMaps", measure_create, "1,473/s, p99 144 ms", "10,000/s, p99 15 ms"),
    Measure("get", "get one ConfigMap", measure_get, "4,991/s", "50,000/s"),
    Measure("list", "list 18,000 ConfigMaps, 35 MB", measure_list, "308 ms", "50 ms"),
    Measure("latency", "write latency of one client, nothing else running", measure_latency, "p50 1.67 ms", "1.5 x the disk's sync"),
]
