"""A few `troupe host` processes on the loopback interface, each with an apiserver, and who talks to them."""
import base64
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

COMMAND_SECONDS = 30
REQUEST_SECONDS = 15


class Wrong(Exception):
    pass


def require(condition, text):
    if not condition:
        raise Wrong(text)


def wait_for(what, seconds, probe, pause=0.05):
    """The seconds that it took."""
    begin = time.monotonic()
    while not probe():
        require(time.monotonic() - begin < seconds, f"not within {seconds} s: {what}")
        time.sleep(pause)
    return time.monotonic() - begin


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Cluster:
    """All shards begin on the first host."""

    def __init__(self, program, names):
        self.program, self.names = program, names
        self.folder = tempfile.TemporaryDirectory(prefix="troupe-move-")
        self.path = self.folder.name
        self.running = {}
        ports = free_ports(2 * len(names))
        self.port = dict(zip(names, ports))
        mesh = dict(zip(names, ports[len(names):]))
        lines = ["apiVersion: troupe.dev/v1", "kind: Placement", "hosts:"]
        lines += [f"  - {{ name: {name}, address: 127.0.0.1:{mesh[name]} }}" for name in names]
        lines += ["roles:", f"  - {{ role: store, host: {names[0]} }}"]
        lines += [f"  - {{ role: apiserver, host: {name}, address: 127.0.0.1:{self.port[name]} }}" for name in names]
        self.text = "\n".join(lines) + "\n"
        self.file = f"{self.path}/placement.yaml"
        with open(self.file, "w", encoding="utf-8") as out:
            out.write(self.text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running.values():
            process.kill()
            process.wait()
        self.folder.cleanup()

    def troupe(self, host, *words, code=0):
        data = ["--data", f"{self.path}/{host}"] if host else []
        done = subprocess.run([self.program, *words, *data], capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
        require(code is None or done.returncode == code, f"troupe {' '.join(words)}: exit code {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def start(self, name):
        with open(f"{self.path}/{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                [self.program, "host", "--placement", self.file, "--name", name, "--pki", f"{self.path}/pki/{name}",
                 "--data", f"{self.path}/{name}"], stdout=log, stderr=log)

    def log(self, name):
        with open(f"{self.path}/{name}.log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def start_all(self):
        self.troupe(None, "pki", "init", self.file, "--out", f"{self.path}/pki")
        for name in self.names:
            self.start(name)
        for name in self.names:
            wait_for(f"{name} is ready", 40, lambda n=name: "troupe: ready" in self.log(n))
        text = open(f"{self.path}/{self.names[0]}/admin.kubeconfig", encoding="utf-8").read()
        field = lambda key: base64.b64decode(re.search(key + r":\s*(\S+)", text).group(1))
        self.tls = ssl.create_default_context(cadata=field("certificate-authority-data").decode())
        with tempfile.NamedTemporaryFile(dir=self.path) as pair:
            pair.write(field("client-certificate-data") + b"\n" + field("client-key-data"))
            pair.flush()
            self.tls.load_cert_chain(pair.name)

        for name in self.names:
            wait_for(f"the namespace is there at {name}", 20, lambda n=name: self.api(n).call("GET", "/api/v1/namespaces/default")[0] == 200)

    def kill(self, name):
        self.running[name].send_signal(signal.SIGKILL)
        self.running[name].wait()

    def api(self, name):
        return Api(self.tls, self.port[name])


class Api:
    """One connection to one apiserver; not for several threads."""

    def __init__(self, tls, port):
        self.tls, self.port, self.connection = tls, port, None

    def call(self, method, path, body=None):
        """(code, answer); code 0: no answer, so whether it was carried out is not known."""
        if self.connection is None:
            self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=REQUEST_SECONDS)
        try:
            self.connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.connection = None
            return 0, {"message": str(error)}

    def shard(self, name):
        return self.call("GET", f"/apis/troupe.dev/v1/shards/{name}")[1].get("status", {})

    def events(self, reason):
        return [one["message"] for one in self.call("GET", "/api/v1/events")[1].get("items", []) if one["reason"] == reason]


CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


def config_map(name, value, load):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"load": load}}, "data": {"value": value}}


class Writer(threading.Thread):
    """Creates objects one after the other through one apiserver. What was acknowledged must be found."""

    def __init__(self, load, name, api):
        super().__init__(daemon=True)
        self.load, self.label, self.api, self.stopping = load, f"{load}-{name}", api, threading.Event()
        self.acknowledged, self.unknown, self.wrong = {}, set(), []
        self.times = []  # (begin, end) of each acknowledged write
        self.start()

    def run(self):
        number = 0
        while not self.stopping.is_set():
            number += 1
            name, begin = f"{self.label}-{number}", time.monotonic()
            code, answer = self.api.call("POST", CONFIGMAPS, config_map(name, str(number), self.load))
            if code == 201:
                self.acknowledged[name] = int(answer["metadata"]["resourceVersion"])
                self.times.append((begin, time.monotonic()))
            elif code in (0, 504) or code == 503:
                self.unknown.add(name)
                self.stopping.wait(0.02)
            else:
                self.wrong.append((name, code, answer.get("message")))
            self.stopping.wait(0.002)

    def finish(self):
        self.stopping.set()
        self.join()

    def longest(self, since):
        """Seconds of the longest write that ended after `since`."""
        return max((end - begin for begin, end in self.times if end >= since), default=0.0)


class Watcher(threading.Thread):
    """One watch of the writers' objects, without a new list: every change must come once, in order."""

    def __init__(self, load, cluster, host, revision):
        super().__init__(daemon=True)
        self.load, self.cluster, self.host, self.revision = load, cluster, host, revision
        self.seen, self.wrong, self.stopping = {}, [], False
        self.start()

    def run(self):
        while not self.stopping:
            connection = http.client.HTTPSConnection("127.0.0.1", self.cluster.port[self.host], context=self.cluster.tls, timeout=60)
            try:
                connection.request("GET", f"{CONFIGMAPS}?watch=1&labelSelector=load%3D{self.load}&resourceVersion={self.revision}")
                for line in connection.getresponse():
                    self.on_event(json.loads(line))
            except (OSError, ValueError, http.client.HTTPException, AttributeError):
                pass  # its apiserver was killed: it goes on at the last revision
            finally:
                connection.close()
            time.sleep(0.1)

    def on_event(self, event):
        if event["type"] == "BOOKMARK":
            return
        if event["type"] == "ERROR":
            self.wrong.append(str(event["object"]))
            self.stopping = True
            return
        name, revision = event["object"]["metadata"]["name"], int(event["object"]["metadata"]["resourceVersion"])
        if event["type"] != "ADDED" or name in self.seen or revision <= self.revision:
            self.wrong.append(f"{event['type']} {name} at {revision} after {self.revision}")
        self.seen[name] = revision
        self.revision = revision
