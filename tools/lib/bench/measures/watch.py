"""One write to many watchers, with tests/bench/watch_client.cpp."""
import json
import os
import statistics
import subprocess

from bench.client import Client
from bench.host import Failed, Host
from bench.measure import Measure, Row
from bench.measures.api import CONFIGMAPS

CLIENT_SECONDS_MAX = 300


def fan_out(context, watchers):
    program = os.path.join(context.root, "build", context.preset, "tests", "bench", "watch_client")
    if not os.access(program, os.X_OK):
        raise Failed(f"no {program}\n  hint: tools/build --preset {context.preset} watch_client")
    with Host(context.program, context.folder) as host:
        client = Client(host)
        client.call("POST", CONFIGMAPS, {"metadata": {"name": "watched"}, "data": {"round": "r0."}})
        client.close()
        before = host.resident_mb()
        with subprocess.Popen([program, "--port", str(host.port), "--watchers", str(watchers), "--rounds",
                               str(10 * context.runs), "--path", CONFIGMAPS, "--name", "watched"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "TOKEN": host.token}) as process:
            try:
                process.stdout.readline()  # "watching"
                used = host.processor_seconds()
                line = process.stdout.readline()
                used = host.processor_seconds() - used
                memory = host.resident_mb()
                _, errors = process.communicate("\n", timeout=CLIENT_SECONDS_MAX)
            finally:
                process.kill()
        if process.returncode != 0:
            raise Failed(errors.strip() or f"watch_client: exit code {process.returncode}")
    result = json.loads(line)
    own, answered = statistics.median(result["own_cpu_ms"]), statistics.median(result["answered_ms"])
    server = used / len(result["last_ms"]) * 1e3
    note = f"processor: the client's own {own:.1f} ms, the server's {server:.1f} ms; the writer's answer after {answered:.1f} ms"
    return [Row(f"one write to {watchers:,} watchers, until the last has it", "ms", result["last_ms"], note=note),
            Row(f"memory: troupe with {watchers:,} watchers", "MB", [memory],
                note=f"{(memory - before) * 1024 / watchers:.1f} KB each")]


MEASURES = [
    Measure("watch", "one write to 1,000 watchers: until the last has it", lambda context: fan_out(context, 1_000),
            "29 ms (client's own cost included)", "half of it"),
    Measure("watch-10000", "one write to 10,000 watchers", lambda context: fan_out(context, 10_000), "", "bounded memory"),
]
