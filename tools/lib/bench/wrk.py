"""Runs wrk with one of our scripts and returns what it measured."""
import json
import os
import signal
import subprocess
import threading

from bench.host import Failed

LUA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lua")
CONNECTIONS, THREADS, FILL_SECONDS_MAX = 32, 1, 600


def run(host, script, path, seconds=0, connections=CONNECTIONS, **arguments):
    """{requests, seconds, errors, p50_ms, p99_ms, cpu_us}: `cpu_us` is what a request costs the server process.

    seconds 0: until COUNT objects are created."""
    if seconds <= 0 and arguments.get("count", 0) <= 0:
        raise ValueError("neither seconds nor a count of objects to create")
    command = ["wrk", "-t", str(THREADS), "-c", str(connections), "-d", f"{seconds or FILL_SECONDS_MAX}s", "--timeout", "30s",
               "-s", os.path.join(LUA, script + ".lua"), host.url + path]
    environment = {**os.environ, "TOKEN": host.token, "LUA": LUA, **{name.upper(): str(value) for name, value in arguments.items()}}
    used = host.processor_seconds()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        late = threading.Timer(seconds + FILL_SECONDS_MAX, process.kill)
        late.start()
        try:
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line.startswith("FILLED"):
                    process.send_signal(signal.SIGINT)  # wrk itself knows durations only
        finally:
            late.cancel()
            process.kill()
        errors = process.stderr.read()
    used = host.processor_seconds() - used
    results = [line for line in lines if line.startswith("RESULT ")]
    if not results:
        raise Failed(f"wrk: exit code {process.returncode}\n{''.join(lines)}{errors}")
    result = json.loads(results[0].removeprefix("RESULT "))
    if result["errors"] > 0 or result["requests"] == 0:
        raise Failed(f"wrk: {result['errors']} of {result['requests']} requests failed ({script}.lua)\n{host.log_tail(5)}")
    result["rate"] = result["requests"] / result["seconds"]
    result["cpu_us"] = used / result["requests"] * 1e6
    return result
