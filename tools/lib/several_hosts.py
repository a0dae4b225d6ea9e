"""Several hosts on one machine, from Python: tools/lib/hosts, troupe's commands and the API. For tests and tools/demo.

The namespaces are those of tools/lib/hosts; a connection can be made inside one of them without leaving one's own.
"""
import base64
import ctypes
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(ROOT, "tools", "lib", "hosts")
COMMAND_SECONDS_MAX = 120
REQUEST_SECONDS = 5
API_PORT = 6443
CLONE_NEWNET = 0x40000000


class Wrong(Exception):
    """What is not as it must be; its text is for the reader of the report."""


def require(condition, text):
    if not condition:
        raise Wrong(text)


def wait_for(what, seconds, probe, pause=0.02):
    """The seconds that it took until `probe` was true."""
    begin = time.monotonic()
    while True:
        if probe():
            return time.monotonic() - begin
        require(time.monotonic() - begin < seconds, f"not within {seconds} s: {what}")
        time.sleep(pause)


# ---- namespaces

def enter_namespace(path):
    """The calling thread, and only it, is in this network namespace from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, "rb") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)


def connect_in(path, address, seconds):
    """A TCP connection made in another network namespace; it stays there."""
    with open("/proc/thread-self/ns/net", "rb") as home:
        enter_namespace(path)
        try:
            return socket.create_connection(address, seconds)
        finally:
            if ctypes.CDLL(None).setns(home.fileno(), CLONE_NEWNET) != 0:
                os.abort()  # this thread would do everything else in the wrong network


# ---- hosts

class Hosts:
    """The hosts of one folder of tools/lib/hosts. Commands run in sessions of their own: a Ctrl-C is for the caller."""

    def __init__(self, folder, program):
        self.folder, self.program = folder, program
        self.preset = os.path.basename(os.path.dirname(program))

    def data(self, host):
        return os.path.join(self.folder, host)

    def do(self, verb, *words):
        done = subprocess.run([SCRIPT, verb, self.folder, *words], capture_output=True, text=True, start_new_session=True,
                              timeout=COMMAND_SECONDS_MAX)
        require(done.returncode == 0, f"tools/lib/hosts {verb} {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, host, placement, pki):
        self.do("start", host, placement, "--preset", self.preset, "--pki", os.path.join(pki, host))

    def make_pki(self, placement, folder):
        done = subprocess.run([self.program, "pki", "init", placement, "--out", folder], capture_output=True, text=True,
                              start_new_session=True, timeout=COMMAND_SECONDS_MAX)
        require(done.returncode == 0, f"troupe pki init: {done.stdout}{done.stderr}")

    def troupe(self, host, *words, ok=True):
        """What the command prints, asked for at `host`. `ok`: whether it must succeed; None: either."""
        done = subprocess.run([self.program, *words, "--data", self.data(host)], capture_output=True, text=True,
                              start_new_session=True, timeout=COMMAND_SECONDS_MAX)
        require(ok is None or (done.returncode == 0) == ok,
                f"troupe {' '.join(words)}: exit code {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def output_tail(self, host, lines=40):
        path = os.path.join(self.data(host), "logs", "troupe.out")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])


# ---- the API

def context_of(kubeconfig):
    """The TLS context of an admin's kubeconfig; good for every apiserver of the cluster."""
    with open(kubeconfig, encoding="utf-8") as file:
        text = file.read()

    def field(name):
        return base64.b64decode(re.search(name + r":\s*(\S+)", text).group(1))

    context = ssl.create_default_context(cadata=field("certificate-authority-data").decode())
    with tempfile.NamedTemporaryFile() as pair:  # 0600
        pair.write(field("client-certificate-data") + b"\n" + field("client-key-data"))
        pair.flush()
        context.load_cert_chain(pair.name)
    return context


class Api:
    """One address of the API, over a connection that is kept. Used by one thread."""

    def __init__(self, address, context, namespace=None, seconds=REQUEST_SECONDS):
        self.address, self.context, self.namespace, self.seconds = address, context, namespace, seconds
        self.connection = None

    def connect(self):
        connection = http.client.HTTPSConnection(self.address, API_PORT, context=self.context, timeout=self.seconds)
        if self.namespace:
            connection._create_connection = lambda address, seconds, *_: connect_in(self.namespace, address, seconds)
        return connection

    def call(self, method, path, body=None):
        """(status, answer); status 0: no answer, what became of the request is unknown."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        try:
            self.connection = self.connection or self.connect()
            self.connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": kind})
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return 0, {"message": str(error) or repr(error)}

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def role(self, name):
        return self.call("GET", f"/apis/troupe.dev/v1/roles/{name}")[1].get("status", {})

    def owner(self, name):
        return self.role(name).get("host")

    def events(self, reason):
        found = self.call("GET", "/api/v1/events")[1].get("items", [])
        return [item for item in found if item["reason"] == reason]
