#!/usr/bin/env python3
"""Clients read and write through haproxy while one of three apiservers is killed: what fails is at most what was under way on it.

Usage: balancer.py DIR HAPROXY_CFG, in the client's namespace of tools/lib/hosts; the three hosts of DIR serve.
"""
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import typing

sys.dont_write_bytecode = True
LIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tools", "lib")
sys.path.insert(0, LIB)
from haproxy import Balancer  # noqa: E402
from several_hosts import context_of, wait_for  # noqa: E402

HOSTS = os.path.join(LIB, "hosts")
FRONT, BACKENDS = "172.30.0.100", ["172.30.0.1", "172.30.0.2", "172.30.0.3"]
CLIENTS = 12
READY_SECONDS_MAX, CALM_SECONDS, REQUEST_SECONDS_MAX = 30, 2, 10
MOVE_PAUSE_SECONDS_MAX = 0.5  # the aim is 0.1; the rest is for a machine that is busy with other tests


class Fault(typing.NamedTuple):
    kills: bool
    command: list
    before: set  # haproxy's names of those that are up
    at: str      # whose apiserver ends
    after: set


class Client(threading.Thread):
    """Creates an object and reads it, again and again, over a connection that it keeps."""

    def __init__(self, prefix, context, over):
        super().__init__()
        self.prefix, self.context, self.over = prefix, context, over
        self.answered, self.failures, self.written = 0, [], []
        self.pause = 0.0  # the longest time for one request with its connection
        self.connection = None

    def closed_while_idle(self):
        sock = self.connection.sock
        if sock is None:
            return True
        sock.settimeout(0)
        try:
            return sock.recv(1) == b""
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
        finally:
            sock.settimeout(REQUEST_SECONDS_MAX)

    def ask(self, method, path, body=None):
        if self.connection is None or self.closed_while_idle():
            self.connection = http.client.HTTPSConnection(FRONT, 6443, context=self.context,
                                                          timeout=REQUEST_SECONDS_MAX)
            self.connection.connect()
        self.connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]}")

    def run(self):
        base, serial = "/api/v1/namespaces/default/configmaps", 0
        while not self.over.is_set():
            serial += 1
            name = f"{self.prefix}-{serial}"
            body = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
            for method, path, content in (("POST", base, body), ("GET", f"{base}/{name}", None)):
                begun = time.monotonic()
                try:
                    self.ask(method, path, content)
                    self.pause = max(self.pause, time.monotonic() - begun)
                    self.answered += 1
                    if method == "POST":
                        self.written.append(name)
                except (OSError, http.client.HTTPException, RuntimeError) as error:
                    self.failures.append(f"{method} {name}: {error!r}")
                    self.connection = None
                    break


def check(hosts, example, folder, fault):
    balancer = Balancer(folder, example, FRONT, BACKENDS)
    context = context_of(os.path.join(hosts, "host-a", "admin.kubeconfig"))

    def up():
        return {name for name, (status, *_) in balancer.servers().items() if status == "UP"}

    over = threading.Event()
    clients = []
    try:
        wait_for("the apiservers are ready", READY_SECONDS_MAX, lambda: up() == fault.before)
        clients = [Client(f"{'kill' if fault.kills else 'move'}-{number}", context, over) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(CALM_SECONDS)
        _, on_it, ever = balancer.servers()[fault.at]
        assert on_it > 0, "nobody is connected to the apiserver that is to end"
        subprocess.run(fault.command, stdout=subprocess.DEVNULL, check=True)
        wait_for("haproxy sees it", READY_SECONDS_MAX, lambda: up() == fault.after)
        # Clients come until haproxy sees it, some of them for a second time.
        on_it += balancer.servers()[fault.at][2] - ever
        time.sleep(CALM_SECONDS)
    finally:
        over.set()
        for client in clients:
            client.join()
        if clients:
            listed = http.client.HTTPSConnection(FRONT, 6443, context=context, timeout=REQUEST_SECONDS_MAX)
            listed.request("GET", "/api/v1/namespaces/default/configmaps")
            found = {item["metadata"]["name"] for item in json.load(listed.getresponse())["items"]}
        balancer.stop()
    failures = [failure for client in clients for failure in client.failures]
    written = {name for client in clients for name in client.written}
    answered = sum(client.answered for client in clients)
    pauses = sorted(client.pause for client in clients)
    print(f"{answered} requests answered, {len(failures)} failed, {on_it} connections on the apiserver that ended, "
          f"{len(written - found)} of {len(written)} acknowledged writes missing; slowest request of a client: "
          f"median {1000 * pauses[len(pauses) // 2]:.0f} ms, worst {1000 * pauses[-1]:.0f} ms")
    for failure in failures:
        print(" ", failure)
    assert len(failures) <= (on_it if fault.kills else 0), "more failed than was under way on the apiserver that ended"
    assert written <= found, "acknowledged writes are missing"
    assert fault.kills or pauses[-1] <= MOVE_PAUSE_SECONDS_MAX, "the move held requests up"


def main():
    hosts, example, what = sys.argv[1:]
    fault = {"kill": Fault(True, [HOSTS, "kill", hosts, "host-b"], {"host-1", "host-2", "host-3"}, "host-2", {"host-1", "host-3"}),
             "move": Fault(False, [HOSTS, "run", hosts, "host-a", os.environ["TROUPE"], "move", "apiserver/host-b", "host-c", "--data",
                                   os.path.join(hosts, "host-a")], {"host-1", "host-2"}, "host-2", {"host-1", "host-3"})}[what]
    folder = tempfile.mkdtemp(prefix="troupe-haproxy-")
    try:
        check(hosts, example, folder, fault)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
