"""One cluster in a temporary data folder, driven as a user does: tools/up, kubectl, troupe ps, tools/down."""
import base64
import fcntl
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "lib"))
import cri  # noqa: E402  (tools/lib/cri.py)

BRIDGE, TABLE, SERVICE_CIDR, NODE, HOST = "troupe-e2e", "troupe_e2e", "10.97.0.0/16", "node-e2e", "host-e2e"
NODE_ADDRESS = "10.245.0.1"  # the bridge: an address of the node that pods and the host reach
KUBECTL = os.environ.get("KUBECTL", "kubectl")  # another version than the one in PATH
COMMAND_SECONDS_MAX = 120
POLL_SECONDS = 0.1
LOCK = "/run/troupe-e2e.lock"


class Failed(Exception):
    """What a step found wrong; its text is for the reader of the report."""


def require(condition, text):
    if not condition:
        raise Failed(text)


def wait_for(what, seconds, probe):
    """Calls `probe` until it returns something true, and returns that. `probe` may raise Failed: not yet."""
    deadline, last = time.monotonic() + seconds, None
    while True:
        try:
            result = probe()
            if result:
                return result
            last = result
        except Failed as error:
            last = error
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what} (last: {last})")
        time.sleep(POLL_SECONDS)


def lock_names():
    """Held until this program ends: two of these clusters at once would share a bridge and rules."""
    lock = open(LOCK, "w", encoding="utf-8")  # pylint: disable=consider-using-with
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("waiting for another end-to-end test or benchmark on this machine", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


class Cluster:
    def __init__(self, preset):
        self.lock = lock_names()
        self.preset = preset
        self.folder = tempfile.mkdtemp(prefix="troupe-e2e-")
        self.data = os.path.join(self.folder, "data")
        self.kubeconfig = None
        self.placement = os.path.join(self.folder, "placement.yaml")
        with open(os.path.join(ROOT, "tests", "e2e", "placement.yaml"), encoding="utf-8") as file:
            text = file.read().replace("127.0.0.1:16443", f"127.0.0.1:{free_port()}")
        with open(self.placement, "w", encoding="utf-8") as file:
            file.write(text)
        self.program = os.path.join(ROOT, "build", preset, "troupe")
        self.socket = os.path.join(self.data, "containerd", "containerd.sock")
        # A proxy of the machine is not for addresses of the cluster.
        self.environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        self.environment.pop("KUBECONFIG", None)
        self.environment["HOME"] = self.folder  # kubectl's discovery cache

    def run(self, arguments, text=None, check=True, seconds=COMMAND_SECONDS_MAX, **environment):
        try:
            done = subprocess.run(arguments, input=text, capture_output=True, text=True, timeout=seconds,
                                  env={**self.environment, **environment})
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{' '.join(arguments)}: no end within {seconds} s; so far: {error.stdout}{error.stderr}") from error
        if check and done.returncode != 0:
            raise Failed(f"{' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    # ---- the tools

    def up(self, check=True):
        """tools/up as a user calls it, except for the build, which tools/test has done."""
        done = self.run([os.path.join(ROOT, "tools", "up"), "--background", "--no-build", "--preset", self.preset,
                         "--data", self.data, "--placement", self.placement], check=check)
        paths = [line for line in done.stdout.splitlines() if line.startswith("/") and os.path.isfile(line)]
        if done.returncode == 0:
            require(len(paths) == 1, f"tools/up prints no kubeconfig's path on a line of its own:\n{done.stdout}")
            self.kubeconfig = paths[0]
        return done

    def down(self, wipe):
        return self.run([os.path.join(ROOT, "tools", "down"), "--data", self.data] + (["--wipe"] if wipe else []))

    def remove(self):
        """Everything, whatever state it is in."""
        if os.path.isdir(self.data):
            self.down(wipe=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def troupe(self, *arguments, check=True):
        return self.run([self.program, *arguments, "--data", self.data], check=check).stdout

    def actors(self):
        """{id: row} as `troupe ps` says."""
        return {row["id"]: row for row in json.loads(self.troupe("ps", "-o", "json"))}

    def pid(self):
        with open(os.path.join(self.data, "run", "troupe.pid"), encoding="utf-8") as file:
            return int(file.read().split()[0])

    # ---- kubectl

    def kubectl(self, *arguments, text=None, check=True, seconds=COMMAND_SECONDS_MAX, **environment):
        return self.run([KUBECTL, "--kubeconfig", self.kubeconfig, *arguments], text, check, seconds,
                        **environment).stdout

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def items(self, *arguments):
        return self.get(*arguments)["items"]

    def service_ip(self, name):
        return self.get("service", name)["spec"]["clusterIP"]

    def ready_pods(self, selector):
        """Names of the pods that are ready and are to stay."""
        return sorted(pod["metadata"]["name"] for pod in self.items("pods", "-l", selector)
                      if "deletionTimestamp" not in pod["metadata"] and is_ready(pod))

    def endpoint_addresses(self, service):
        slices = self.items("endpointslices", "-l", f"kubernetes.io/service-name={service}")
        return sorted(address for part in slices for end in part.get("endpoints") or []
                      if end.get("conditions", {}).get("ready") for address in end["addresses"])

    # ---- the container runtime

    def containers(self):
        """{id: nanoseconds since when it runs} of the running containers."""
        found = {}
        for container, state, *_ in cri.containers(self.socket):
            if state == "running":
                try:
                    found[container] = cri.started_at(self.socket, container)
                except cri.CriError as error:
                    if "not found" not in str(error):  # removed since it was listed
                        raise
        return found

    def container_of(self, pod, container):
        for identity, state, _, name, labels in cri.containers(self.socket):
            if state == "running" and name == container and labels.get("io.kubernetes.pod.name") == pod:
                return identity
        raise Failed(f"no running container {container} of pod {pod}")

    def container_pid(self, identity):
        listing = self.run(["ctr", "-a", self.socket, "-n", "k8s.io", "tasks", "ls"]).stdout
        for line in listing.splitlines():
            words = line.split()
            if words and words[0] == identity:
                return int(words[1])
        raise Failed(f"no process of container {identity}:\n{listing}")

    # ---- the API without kubectl, for many requests

    def api_credentials(self):
        """(host, port, ssl context) from the kubeconfig."""
        view = json.loads(self.kubectl("config", "view", "--raw", "-o", "json"))
        server, user = view["clusters"][0]["cluster"], view["users"][0]["user"]

        def pem(entry, name):
            if name in entry:
                return entry[name]
            path = os.path.join(self.folder, name)
            with open(path, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(base64.b64decode(entry[name + "-data"]))
            return path

        context = ssl.create_default_context(cafile=pem(server, "certificate-authority"))
        context.load_cert_chain(pem(user, "client-certificate"), pem(user, "client-key"))
        host, port = server["server"].removeprefix("https://").rstrip("/").split(":")
        return host, int(port), context


def free_port():
    """A port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def output_tail(path, count, without):
    """The last `count` lines that do not have the text `without`."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return "".join([line for line in file if without not in line][-count:])


def is_ready(pod):
    return any(condition["type"] == "Ready" and condition["status"] == "True"
               for condition in pod.get("status", {}).get("conditions") or [])


def restarts(pod):
    return sum(status["restartCount"] for status in pod["status"].get("containerStatuses") or [])
