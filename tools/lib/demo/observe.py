"""What tools/demo sees of pods: every container that ran, from the container runtimes, and every binding, from the API."""
import http.client
import json
import os
import re
import subprocess
import threading
from datetime import datetime

from demo.judge import Run
from several_hosts import connect_in

EVENT = re.compile(r"^(\d+-\d+-\d+ \d+:\d+:\d+)(\.\d+)? \S+ \S+ \S+ (/tasks/\w+) (\{.*\})$")
RETRY_SECONDS = 0.2
WATCH_SECONDS_MAX = 5.0  # without a byte: the watch is begun anew, elsewhere
STOP_SECONDS_MAX = 10


def read_event(line):
    """(seconds since 1970, topic, content) of a line of `ctr events` about a task; None: about something else."""
    match = EVENT.match(line)
    if not match:
        return None
    whole = datetime.strptime(match.group(1) + "+0000", "%Y-%m-%d %H:%M:%S%z").timestamp()
    return whole + float(match.group(2) or 0), match.group(3), json.loads(match.group(4))


def identity_of(bundle):
    """(uid, namespace/name, container) from a container's configuration; None: it is a sandbox, or gone already."""
    try:
        with open(os.path.join(bundle, "config.json"), encoding="utf-8") as file:
            notes = json.load(file)["annotations"]
    except (OSError, ValueError, KeyError):
        return None
    if notes.get("io.kubernetes.cri.container-type") != "container":
        return None
    pod = notes["io.kubernetes.cri.sandbox-namespace"] + "/" + notes["io.kubernetes.cri.sandbox-name"]
    return notes["io.kubernetes.cri.sandbox-uid"], pod, notes["io.kubernetes.cri.container-name"]


class Containers:
    """The containers of one host's runtime. containerd is not harmed by any fault, so its events are complete."""

    def __init__(self, host, data):
        self.host, self.bundles, self.runs, self.error = host, {}, {}, ""
        self.root = os.path.join(data, "containerd", "state", "io.containerd.runtime.v2.task", "k8s.io")
        self.process = subprocess.Popen(
            ["ctr", "-a", os.path.join(data, "containerd", "containerd.sock"), "-n", "k8s.io", "events"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            event = read_event(line.strip())
            if event:
                self.on_event(*event)
        if not self.stopping:
            self.error = f"the events of {self.host}'s containerd ended: {self.process.stderr.read()[-300:]}"

    stopping = False

    def on_event(self, when, topic, content):
        container = content.get("container_id", "")
        if topic == "/tasks/start":
            known = identity_of(os.path.join(self.root, container))
            if known:
                self.runs[container] = Run(self.host, container, *known, begin=when)
        elif topic == "/tasks/exit" and content.get("id", container) == container and container in self.runs:
            self.runs[container].end = when

    def stop(self):
        self.stopping = True
        self.process.terminate()
        self.process.wait(STOP_SECONDS_MAX)
        self.thread.join(STOP_SECONDS_MAX)


class Bindings:
    """All nodes that any pod was seen on, from a watch that goes on at another apiserver when it breaks."""

    def __init__(self, addresses, context, namespace):
        self.addresses, self.context, self.namespace = addresses, context, namespace
        self.seen, self.breaks, self.stopping = {}, 0, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def note(self, pod):
        metadata = pod["metadata"]
        entry = self.seen.setdefault(metadata["uid"], {"pod": f"{metadata['namespace']}/{metadata['name']}", "nodes": set()})
        node = pod.get("spec", {}).get("nodeName")
        if node:
            entry["nodes"].add(node)

    def follow(self, address):
        connection = http.client.HTTPSConnection(address, 6443, context=self.context, timeout=WATCH_SECONDS_MAX)
        connection._create_connection = lambda where, seconds, *_: connect_in(self.namespace, where, seconds)
        try:
            connection.request("GET", "/api/v1/pods")
            listed = json.loads(connection.getresponse().read())
            for pod in listed["items"]:
                self.note(pod)
            connection.request("GET", f"/api/v1/pods?watch=1&resourceVersion={listed['metadata']['resourceVersion']}")
            for line in connection.getresponse():
                event = json.loads(line)
                if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                    self.note(event["object"])
                if self.stopping.is_set():
                    return
        finally:
            connection.close()

    def run(self):
        turn = 0
        while not self.stopping.is_set():
            try:
                self.follow(self.addresses[turn % len(self.addresses)])
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                self.breaks += 1
            turn += 1
            self.stopping.wait(RETRY_SECONDS)

    def stop(self):
        self.stopping.set()
        self.thread.join(WATCH_SECONDS_MAX + STOP_SECONDS_MAX)


