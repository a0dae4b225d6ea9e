#!/usr/bin/env python3
"""Clients read and write through haproxy while one of three apiservers is killed: what fails is at most what was under way on it.

Usage: balancer.py DIR HAPROXY_CFG, in the client's namespace of tools/lib/hosts; the three hosts of DIR serve.
"""
import base64
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HOSTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tools", "lib", "hosts")
FRONT, BACKENDS = "172.30.0.100", ["172.30.0.1", "172.30.0.2", "172.30.0.3"]
CLIENTS = 12
READY_SECONDS_MAX, CALM_SECONDS, REQUEST_SECONDS_MAX = 30, 2, 10


def wait_until(condition, what, seconds=READY_SECONDS_MAX):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def example_for(text, stats):
    """The example's configuration with the addresses of tools/lib/hosts."""
    text = re.sub(r"bind \S+", f"bind {FRONT}:6443", text)
    for index, address in enumerate(BACKENDS):
        text = re.sub(rf"(server host-{index + 1}) \S+", rf"\1 {address}:6443", text)
    return text.replace("global\n", f"global\n  stats socket {stats} mode 600 level admin\n", 1)


class Balancer:
    def __init__(self, folder, example):
        self.stats = os.path.join(folder, "stats")
        path = os.path.join(folder, "haproxy.cfg")
        with open(example, encoding="utf-8") as file, open(path, "w", encoding="utf-8") as out:
            out.write(example_for(file.read(), self.stats))
        self.log = open(os.path.join(folder, "haproxy.log"), "wb")
        self.process = subprocess.Popen(["haproxy", "-db", "-f", path], stdout=self.log, stderr=self.log)

    def servers(self):
        """{name: (status, present connections)}"""
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(self.stats)
                sock.sendall(b"show stat\n")
                text = b"".join(iter(lambda: sock.recv(65536), b"")).decode()
        except OSError:
            return {}
        lines = [line.lstrip("# ").split(",") for line in text.splitlines() if line]
        names = lines[0]
        rows = [dict(zip(names, line)) for line in lines[1:]]
        return {row["svname"]: (row["status"], int(row["scur"])) for row in rows if row["svname"].startswith("host-")}

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class Client(threading.Thread):
    """Creates an object and reads it, again and again, over a connection that it keeps."""

    def __init__(self, number, context, over):
        super().__init__()
        self.number, self.context, self.over = number, context, over
        self.answered, self.failures, self.written = 0, [], []
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
            name = f"c{self.number}-{serial}"
            body = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
            for method, path, content in (("POST", base, body), ("GET", f"{base}/{name}", None)):
                try:
                    self.ask(method, path, content)
                    self.answered += 1
                    if method == "POST":
                        self.written.append(name)
                except (OSError, http.client.HTTPException, RuntimeError) as error:
                    self.failures.append(f"{method} {name}: {error!r}")
                    self.connection = None
                    break


def client_context(folder, kubeconfig):
    with open(kubeconfig, encoding="utf-8") as file:
        text = file.read()

    def part(name):
        path = os.path.join(folder, name)
        data = re.search(rf"{name}-data: (\S+)", text).group(1)
        with open(path, "wb") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(base64.b64decode(data))
        return path

    context = ssl.create_default_context(cafile=part("certificate-authority"))
    context.load_cert_chain(part("client-certificate"), part("client-key"))
    return context, re.search(r"server: (\S+)", text).group(1)


def check(hosts, example, folder):
    balancer = Balancer(folder, example)
    context, _ = client_context(folder, os.path.join(hosts, "host-a", "admin.kubeconfig"))

    def all_up():
        states = balancer.servers()
        return len(states) == 3 and all(status == "UP" for status, _ in states.values())

    over = threading.Event()
    clients = []
    try:
        wait_until(all_up, "three apiservers that are ready")
        clients = [Client(number, context, over) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(CALM_SECONDS)
        on_it = balancer.servers()["host-2"][1]
        assert on_it > 0, "nobody is connected to the apiserver that is to be killed"
        subprocess.run([HOSTS, "kill", hosts, "host-b"], check=True)
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
    print(f"{answered} requests answered, {len(failures)} failed, {on_it} connections on the killed apiserver, "
          f"{len(written - found)} of {len(written)} acknowledged writes missing")
    for failure in failures:
        print(" ", failure)
    assert len(failures) <= on_it, "more failed than was under way on the killed apiserver"
    assert written <= found, "acknowledged writes are missing"


def main():
    hosts, example = sys.argv[1:]
    folder = tempfile.mkdtemp(prefix="troupe-haproxy-")
    try:
        check(hosts, example, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
