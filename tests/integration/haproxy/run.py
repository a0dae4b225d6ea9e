#!/usr/bin/env python3
"""Clients read and write through haproxy while one of three apiservers is killed: what fails is at most what was under way on it.

Usage: run.py APISERVERS_UNDER_TEST HAPROXY_CFG. Exit code 77: there is no haproxy.
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

CLIENTS = 12
READY_SECONDS_MAX, CALM_SECONDS, REQUEST_SECONDS_MAX = 30, 2, 10


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_until(condition, what, seconds=READY_SECONDS_MAX):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def example_for(text, front, backends, stats):
    """The example's configuration with this machine's ports."""
    text = re.sub(r"bind \S+", f"bind 127.0.0.1:{front}", text)
    for index, port in enumerate(backends):
        text = re.sub(rf"(server host-{index + 1}) \S+", rf"\1 127.0.0.1:{port}", text)
    return text.replace("global\n", f"global\n  stats socket {stats} mode 600 level admin\n", 1)


class Balancer:
    def __init__(self, folder, example, front, backends):
        self.stats = os.path.join(folder, "stats")
        path = os.path.join(folder, "haproxy.cfg")
        with open(example, encoding="utf-8") as file, open(path, "w", encoding="utf-8") as out:
            out.write(example_for(file.read(), front, backends, self.stats))
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

    def __init__(self, number, port, context, over):
        super().__init__()
        self.number, self.port, self.context, self.over = number, port, context, over
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
            self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context,
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


def check(program, example, folder):
    kubeconfig = os.path.join(folder, "host-0", "admin.kubeconfig")
    front, *backends = free_ports(4)
    servers = subprocess.Popen([program, folder, f"127.0.0.1:{front}", *map(str, backends)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    balancer = Balancer(folder, example, front, backends)

    def tell(command):
        servers.stdin.write(command + "\n")
        servers.stdin.flush()
        if servers.stdout.readline() != "done\n":
            raise RuntimeError(f"the apiservers ended at: {command}")

    def all_up():
        states = balancer.servers()
        return len(states) == 3 and all(status == "UP" for status, _ in states.values())

    over = threading.Event()
    clients = []
    try:
        wait_until(lambda: os.path.exists(kubeconfig), "the kubeconfig")
        wait_until(all_up, "three apiservers that are ready")
        context, url = client_context(folder, kubeconfig)
        assert url == f"https://127.0.0.1:{front}", url
        clients = [Client(number, front, context, over) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(CALM_SECONDS)
        on_it = balancer.servers()["host-2"][1]
        assert on_it > 0, "nobody is connected to the apiserver that is to be killed"
        tell("kill 1")
        time.sleep(CALM_SECONDS)
        tell("start 1")
        wait_until(all_up, "the killed apiserver to be back")
        time.sleep(CALM_SECONDS)
    finally:
        over.set()
        for client in clients:
            client.join()
        if servers.poll() is None and clients:
            listed = http.client.HTTPSConnection("127.0.0.1", front, context=context, timeout=REQUEST_SECONDS_MAX)
            listed.request("GET", "/api/v1/namespaces/default/configmaps")
            found = {item["metadata"]["name"] for item in json.load(listed.getresponse())["items"]}
        servers.stdin.close()
        servers.wait()
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
    program, example = sys.argv[1:]
    if shutil.which("haproxy") is None:
        print("skipped: haproxy is not installed (tools/install-packages)")
        return 77
    folder = tempfile.mkdtemp(prefix="troupe-haproxy-")
    try:
        check(program, example, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
