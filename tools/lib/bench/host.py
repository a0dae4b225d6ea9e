"""One `troupe host` with hollow nodes, or two, without containers, the data in a temporary folder on a real disk."""
import base64
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

START_SECONDS_MAX, STOP_SECONDS_MAX = 120, 40
TICKS = os.sysconf("SC_CLK_TCK")
HOST, NODES_HOST = "host-bench", "host-nodes"  # the second one: if there are two
VOLATILE = ("tmpfs", "ramfs", "overlay")

PLACEMENT = """apiVersion: troupe.dev/v1
kind: Placement
cluster:
  name: troupe-bench
  podCIDR: 10.128.0.0/9
  serviceCIDR: 10.98.0.0/16
  nodePortRange: 30000-32767
hosts:
{hosts}
roles:
  - {{ role: store, host: host-bench, engine: lmdb }}
  - {{ role: apiserver, host: host-bench, address: 127.0.0.1:{api} }}
{more}
"""


class Failed(Exception):
    """A measurement that could not be made; the text says why."""


def wait_for(what, seconds, probe, poll_seconds=0.02):
    """Calls `probe` until it returns something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        result = probe()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what} (last: {result})")
        time.sleep(poll_seconds)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def file_system_of(folder):
    """(kind of file system, device) that `folder` is on."""
    folder, best = os.path.realpath(folder), ("", "", "")
    with open("/proc/mounts", encoding="utf-8") as file:
        for line in file:
            device, where, kind = line.split()[:3]
            if (folder + "/").startswith(where.rstrip("/") + "/") and len(where) >= len(best[0]):
                best = (where, kind, device)
    return best[1], best[2]


def require_disk(folder):
    """Durable commits are part of what is measured."""
    kind, _ = file_system_of(folder)
    if kind in VOLATILE:
        raise Failed(f"{folder} is on {kind}, which is no disk\n  hint: --folder DIR names a folder on one")


class Host:
    """Starts at once; `stop()` ends the processes and removes the data, whatever state they are in."""

    def __init__(self, program, folder, nodes=0, workers=False, nodes_apart=False, scheduler_apart=False):
        """nodes: how many hollow ones. workers: True for all controllers and the scheduler, or the names of some. nodes_apart: the
        hollow nodes run on a host of their own, so that what is measured is the control plane alone. scheduler_apart: the scheduler
        does instead, and this host stands by for it."""
        require_disk(folder)
        self.program, self.process, self.token = program, None, secrets.token_hex(16)
        self.nodes_process = None
        self.folder = tempfile.mkdtemp(prefix="troupe-bench-", dir=folder)
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "log")
        self.kubeconfig = os.path.join(self.data, "admin.kubeconfig")
        try:
            self.configure(nodes, workers, nodes_apart, scheduler_apart)
            self.start()
            if nodes_apart or scheduler_apart:
                self.start_nodes()
        except BaseException:
            self.stop()
            raise

    def configure(self, nodes, workers, nodes_apart=False, scheduler_apart=False):
        names = [HOST, NODES_HOST] if nodes_apart or scheduler_apart else [HOST]
        *mail, self.port = free_ports(len(names) + 1)
        hosts = "\n".join(f"  - {{ name: {name}, address: 127.0.0.1:{port} }}" for name, port in zip(names, mail))
        more = []
        if workers is True:
            text = subprocess.run([self.program, "host", "--help"], capture_output=True, text=True, check=True).stdout
            workers = [line.split()[0] for line in text.splitlines() if line.startswith("  controllers/")] + ["scheduler"]
        for role in workers or []:
            where = f"hosts: [{NODES_HOST}, {HOST}]" if scheduler_apart and role == "scheduler" else f"host: {HOST}"
            more.append(f"  - {{ role: {role}, {where} }}")
        if nodes:
            more.append(f"  - {{ role: kubelet, host: {NODES_HOST if nodes_apart else HOST}, node: hollow, hollow: {nodes} }}")
        self.placement = os.path.join(self.folder, "placement.yaml")
        with open(self.placement, "w", encoding="utf-8") as file:
            file.write(PLACEMENT.format(hosts=hosts, api=self.port, more="\n".join(more)))
        self.pki = []
        pki = os.path.join(self.data, "pki")
        if len(names) > 1:
            folder = os.path.join(self.folder, "pki")
            subprocess.run([self.program, "pki", "init", self.placement, "--out", folder], check=True, stdout=subprocess.DEVNULL)
            self.pki = ["--name", HOST, "--pki", os.path.join(folder, HOST)]
        os.makedirs(pki, mode=0o700)
        tokens = os.open(os.path.join(pki, "tokens.csv"), os.O_WRONLY | os.O_CREAT, 0o600)
        with open(tokens, "w", encoding="utf-8") as file:
            file.write(f'{self.token},bench,bench,"system:masters"\n')

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "host", "--placement", self.placement, "--data", self.data, *self.pki],
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        self.wait_until_ready(self.process)

    def start_nodes(self):
        pki = os.path.join(self.folder, "pki", NODES_HOST)
        with open(self.log, "ab") as log:
            self.nodes_process = subprocess.Popen(
                [self.program, "host", "--placement", self.placement, "--name", NODES_HOST, "--pki", pki, "--data",
                 os.path.join(self.folder, "nodes-data")], stdout=subprocess.PIPE, stderr=log, text=True)
        self.wait_until_ready(self.nodes_process)

    def wait_until_ready(self, process):
        late = threading.Timer(START_SECONDS_MAX, process.kill)
        late.daemon = True  # whoever is interrupted does not wait for it
        late.start()
        line = process.stdout.readline()  # "troupe: ready: ADDRESS", or nothing when the process ended
        late.cancel()
        if "ready" not in line:
            raise Failed(f"troupe host did not start\n{self.log_tail()}")

    def end(self):
        """Ends the processes in order; the data stay."""
        for process in (self.nodes_process, self.process):
            if process is None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        self.process = self.nodes_process = None

    def stop(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def log_tail(self, lines=30):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join([line for line in file if "level=info" not in line][-lines:])

    def troupe(self, *arguments):
        done = subprocess.run([self.program, *arguments, "--data", self.data], capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Failed(f"troupe {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    # ---- what the process uses

    def processor_seconds(self):
        """User and system time of the server process so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            words = file.read().rsplit(") ", 1)[1].split()
        return (int(words[11]) + int(words[12])) / TICKS

    def resident_mb(self, field="VmRSS:"):
        """Without the pages of the data files, which LMDB maps and the kernel may take back at any time, the field is RssAnon."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(field)) / 1024

    # ---- a client

    def tls(self):
        """Trusts the cluster's CA."""
        with open(self.kubeconfig, encoding="utf-8") as file:
            line = next(line for line in file if "certificate-authority-data:" in line)
        return ssl.create_default_context(cadata=base64.b64decode(line.split(":", 1)[1].strip()).decode())

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"
