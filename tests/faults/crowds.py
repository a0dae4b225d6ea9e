"""Too many clients: idle connections, watchers that never read, half-sent bodies, no file descriptors left. Others are served meanwhile,
and memory has a bound that is named here."""
import json
import os
import subprocess
import time

from host import CONFIGMAPS, NAMESPACE, Caller, Failed, FaultHost, configmap, require, require_memory, wait_for
from steady import Steady

ANSWER_SECONDS_MAX = 300
IDLE, IDLE_IN_GATE, IDLE_KB_MAX = 10_000, 4_000, 40
WATCHERS, DEAF, WATCHERS_IN_GATE, DEAF_IN_GATE, WATCHER_KB_MAX = 2_000, 100, 800, 100, 60
CHANGES, CHANGE_BYTES, LARGE_EVERY, LARGE_BYTES = 300, 2_000, 5, 200_000
DEAF_CHANGES_MB_MAX = 100  # beyond the watchers' own: what waits for the deaf, and windows of past changes
DEAF_END_SECONDS_MAX = 90
BODIES, BODY_BYTES, BODIES_MB_MAX = 400, 3 * 1024 * 1024 - 16, 450
FILES_MAX, FILES_CROWD, FILES_SECONDS = 200, 180, 3
RECOVERY_SECONDS_MAX = 20


class Crowd:
    """The program faults_crowd; its first line says how many connections are open."""

    def __init__(self, host, connections, *more):
        program = os.path.join(os.path.dirname(host.program), "tests", "faults", "faults_crowd")
        if not os.access(program, os.X_OK):
            raise Failed(f"no {program}\n  hint: tools/build faults_crowd")
        self.process = subprocess.Popen([program, "--port", str(host.port), "--connections", str(connections), *map(str, more)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "TOKEN": host.token})
        self.first = self.read()

    def read(self):
        line = self.process.stdout.readline()
        require(line, f"faults_crowd ended: exit code {self.process.poll()}")
        return json.loads(line)

    def ask(self):
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def idle(program, folder, count):
    host = FaultHost(program, folder)
    try:
        with Steady(host) as steady, host.reader_of_memory() as memory:
            before = host.own_mb()
            begin = time.monotonic()
            with Crowd(host, count) as crowd:
                took = time.monotonic() - begin
                require(crowd.first["open"] == count, f"of {count} connections {crowd.first}")
                time.sleep(2)  # the well-behaved client asks meanwhile
                now = crowd.ask()
                require(now["open"] == count, f"of {count} idle connections {now} after 2 s")
                rest = host.own_mb()
            wait_for("closed connections are given back", RECOVERY_SECONDS_MAX, lambda: host.open_files() < 200)
            after = host.own_mb()
        require_memory(f"{count} idle connections", memory.peak, before, count * IDLE_KB_MAX / 1024)
        host.end()
        return [f"{count} idle TLS connections, opened in {took:.1f} s: {before:.0f} MB before, {memory.peak:.0f} MB at most, "
                f"{rest:.0f} MB with all idle ({(rest - before) * 1024 / count:.1f} KB each), {after:.0f} MB after", steady.text()]
    finally:
        host.stop()


def deaf(program, folder, count, deaf_count, to_the_end):
    """Watchers of which some never read, while much changes. `to_the_end`: until those are ended."""
    host = FaultHost(program, folder)
    try:
        with Steady(host) as steady, host.reader_of_memory() as memory, Caller(host) as caller:
            before, files_before = host.own_mb(), host.open_files()
            changing = configmap("changing", {"value": "x" * CHANGE_BYTES})
            revision = caller.must("POST", CONFIGMAPS, changing)["metadata"]["resourceVersion"]
            path = f"{CONFIGMAPS}?watch=1&resourceVersion={revision}"
            with Crowd(host, count, "--watch", f"{path}&fieldSelector=metadata.name%3Dchanging", "--deaf", deaf_count,
                       "--deaf-watch", path) as crowd:
                require(crowd.first["open"] == count, f"of {count} watchers {crowd.first}")
                opened = host.own_mb()
                begin = time.monotonic()
                change(caller, changing)
                wait_for(f"each watcher that reads has {CHANGES} changes", 120,
                         lambda: crowd.ask()["events_min"] == CHANGES, 0.2)
                took = time.monotonic() - begin
                seen = crowd.ask()
                require(seen["events_max"] == CHANGES, f"watchers saw up to {seen['events_max']} of {CHANGES} changes")
                during, ended = host.own_mb(), ""
                if to_the_end:  # one who does not take what was written for it is ended; the others stay
                    limit = files_before + count - deaf_count + 20
                    wait_for("the watchers that never read are ended", DEAF_END_SECONDS_MAX, lambda: host.open_files() < limit, 0.5)
                    ended = f", who are ended {time.monotonic() - begin:.0f} s after the first change"
                require(crowd.ask()["events_min"] == CHANGES and crowd.ask()["open"] == count, "a watcher that reads was ended")
        require_memory(f"{count} watchers", memory.peak, before, count * WATCHER_KB_MAX / 1024 + DEAF_CHANGES_MB_MAX)
        host.end()
        return [f"{count} watchers: {CHANGES} changes of {CHANGE_BYTES} bytes seen by all that read in {took:.1f} s; {deaf_count} others never "
                f"read what was {CHANGES // LARGE_EVERY * LARGE_BYTES / 1e6:.0f} MB for each{ended}",
                f"{before:.0f} MB before, {opened:.0f} MB with all watching, {during:.0f} MB after the changes, {memory.peak:.0f} MB at most",
                steady.text()]
    finally:
        host.stop()


def change(caller, changing):
    """What all watchers see, and what only the deaf ones ask for: more than the kernel takes for them."""
    large = configmap("large", {"value": "y" * LARGE_BYTES})
    caller.must("POST", CONFIGMAPS, large)
    for n in range(CHANGES):
        changing["data"]["n"] = large["data"]["n"] = str(n)
        caller.must("PUT", f"{CONFIGMAPS}/changing", changing)
        if n % LARGE_EVERY == 0:
            caller.must("PUT", f"{CONFIGMAPS}/large", large)


def bodies(program, folder, count):
    """Large requests that are never finished: together they would be more than the server may take."""
    host = FaultHost(program, folder)
    try:
        with Steady(host) as steady, host.reader_of_memory() as memory:
            before = host.own_mb()
            with Crowd(host, count, "--path", CONFIGMAPS, "--body-bytes", BODY_BYTES) as crowd:
                require(crowd.first["failed"] == 0, f"of {count} connections {crowd.first}")
                time.sleep(8)  # what the server takes of them, it takes now
                now = crowd.ask()
                peak = memory.peak
        require_memory(f"{count} bodies of 3 MiB", peak, before, BODIES_MB_MAX)
        host.end()
        return [f"{count} unfinished requests of 3 MiB: {before:.0f} MB before, {peak:.0f} MB at most; refused at once: "
                f"{now['refused']}", steady.text()]
    finally:
        host.stop()


def files(program, folder):
    """More clients than descriptors. Who is connected is served; the host keeps what it needs for itself; then all is as before."""
    host = FaultHost(program, folder, workers=True, nodes=3, files_max=FILES_MAX)
    try:
        with Caller(host) as connected, Steady(host, connect=False) as steady:
            connected.must("GET", "/version")
            before = host.open_files()
            mark = host.log_mark()
            crowd = start_crowd_without_waiting(host)
            try:
                wait_for("clients have taken all descriptors that there are for them", 30, lambda: at_rest(host), 0.2)
                time.sleep(FILES_SECONDS)  # under which others are served
                taken = host.open_files()
                connected.must("POST", CONFIGMAPS, configmap("made-without-descriptors", {"a": "b"}))
                host.troupe("kill", "store/main")  # it must open its files again
                wait_for("the store is back", RECOVERY_SECONDS_MAX,
                         lambda: connected.call("GET", f"{CONFIGMAPS}/made-without-descriptors")[0] == 200)
                begin = time.monotonic()
                wait_for("a new client is served though the others stay", RECOVERY_SECONDS_MAX, lambda: new_client_is_served(host), 0.1)
                room = time.monotonic() - begin
                lines = host.log_since(mark).count("\n")
            finally:
                crowd.kill()
                crowd.wait()
            wait_for("closed connections are given back", RECOVERY_SECONDS_MAX, lambda: host.open_files() <= before + 10, 0.1)
        require(lines < 400, f"{lines} lines of log while descriptors were missing")
        host.end()
        require(taken <= FILES_MAX * 3 // 4, f"{taken} descriptors of {FILES_MAX} were given away")
        return [f"RLIMIT_NOFILE {FILES_MAX}, {before} open before, {FILES_CROWD} clients more: {taken} open; those connected go on, a store "
                f"that was killed opens again; idle ones make room: a new client is served after {room:.1f} s; {lines} lines of log",
                steady.text()]
    finally:
        host.stop()


def at_rest(host):
    """As many descriptors as half a second before."""
    taken = host.open_files()
    time.sleep(0.5)
    return taken > FILES_MAX // 2 and host.open_files() == taken


def start_crowd_without_waiting(host):
    """Its handshakes end when the server takes it, which may be never."""
    program = os.path.join(os.path.dirname(host.program), "tests", "faults", "faults_crowd")
    return subprocess.Popen([program, "--port", str(host.port), "--connections", str(FILES_CROWD), "--impatient", "1"],
                            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env={**os.environ, "TOKEN": host.token})


def new_client_is_served(host):
    with Caller(host, RECOVERY_SECONDS_MAX) as caller:
        return caller.call("GET", f"/api/v1/namespaces/{NAMESPACE}")[0] == 200
