"""The process itself: its start, and what it uses with nothing to do."""
import http.client
import platform
import ssl
import statistics
import subprocess
import threading
import time

from bench.host import Failed, Host
from bench.measure import Measure, Row
from bench.measures import pods

POLL_SECONDS, READY_SECONDS_MAX, IDLE_SECONDS, SETTLE_SECONDS = 0.001, 60, 5, 3
FULL_NODES, FULL_PODS = 3_300, 22_500


def answers_ready(port, context):
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def start_ms(host):
    """Milliseconds from before the process is made until /readyz answers 200."""
    # Only the time matters here.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host.end()
    moment, stop = [], threading.Event()

    def poll():
        while not stop.is_set() and not moment:
            if answers_ready(host.port, context):
                moment.append(time.monotonic())
            else:
                time.sleep(POLL_SECONDS)

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    began = time.monotonic()
    host.start()
    thread.join(READY_SECONDS_MAX)
    stop.set()
    if not moment:
        raise Failed(f"/readyz did not answer within {READY_SECONDS_MAX} s")
    return (moment[0] - began) * 1e3


def measure_start(context):
    with Host(context.program, context.folder, nodes=1, workers=True) as host:
        return [Row("process start to /readyz, all roles", "ms", [start_ms(host) for _ in range(max(5, context.runs))],
                    note="on an existing data folder")]


def idle_rows(host, label):
    """Resident memory (median over some seconds) and use of the processor."""
    samples, began, used = [], time.monotonic(), host.processor_seconds()
    while time.monotonic() < began + IDLE_SECONDS:
        samples.append(host.resident_mb())
        time.sleep(0.1)
    percent = (host.processor_seconds() - used) / (time.monotonic() - began) * 100
    note = f"{statistics.median(samples) - host.resident_mb('RssAnon:'):.0f} MB of it pages of files; {percent:.1f} % of a processor"
    return [Row(label, "MB", [statistics.median(samples)], note=note)]


def measure_idle(context):
    with Host(context.program, context.folder, nodes=1, workers=True) as host:
        time.sleep(SETTLE_SECONDS)  # what the start left over: leases, the first heartbeat
        return idle_rows(host, "idle memory, all control-plane roles")


def measure_full(context):
    """The hollow nodes are load, as upstream's were: on a host of their own."""
    with Host(context.program, context.folder, nodes=FULL_NODES, workers=True, nodes_apart=True) as host:
        pods.wait_for_nodes(host, FULL_NODES)
        rows = idle_rows(host, f"of that with {FULL_NODES:,} nodes alone")
        pods.deploy(host, FULL_PODS)
        return idle_rows(host, f"memory with {FULL_NODES:,} nodes and {FULL_PODS:,} pods") + rows


def versions(program):
    """Of troupe and the load generators."""
    wrk = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout.split("[")[0].strip()
    curl = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=False).stdout.split(" (")[0]
    troupe = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout.strip()
    return {"troupe": troupe.replace("\n", ", "), "wrk": wrk, "curl": curl, "python": platform.python_version()}


MEASURES = [
    Measure("start", "process start to /readyz", measure_start, "1.0 s", "0.1 s"),
    Measure("idle", "idle memory, all control-plane roles", measure_idle, "519 MB", "50 MB"),
    Measure("full", "the same with 3,300 nodes and 22,500 pods", measure_full, "3.3 GB", "300 MB"),
]
