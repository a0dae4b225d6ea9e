"""The cluster of tools/demo: hosts with containers, an application, one address for the API; and whether all of it is whole."""
import json
import os
import re
import shutil
import tempfile
import time

import yaml

from demo.plan import read_topology
from haproxy import Balancer
from several_hosts import ROOT, Api, Hosts, Wrong, context_of, require

FRONT = "172.30.0.100"  # the client's address in tools/lib/hosts: haproxy listens there
NAMESPACE = "default"
COPIES_PER_NODE = 2
READY_SECONDS_MAX = 60
POLL_SECONDS = 0.1
REASONS_MAX = 5
API_SECONDS = 2.0
STATES_OF_LINKS = ("up", "slow")


class Interrupted(Exception):
    """The operator has enough of it."""


def placement_for(text):
    """The placement with haproxy's address in the apiservers' certificates, and with node names of our own: a node's name is
    also that of a cgroup, and another cluster on this machine may have a node-a."""
    placement = yaml.safe_load(text)
    for role in placement["roles"]:
        if role["role"] == "apiserver":
            role["advertise"] = [*role.get("advertise", ()), FRONT]
        if "node" in role:
            role["node"] = "demo-" + role["node"].removeprefix("node-")
    return placement


def deployment(name, replicas, nodes, application=True):
    """With pods on these nodes only."""
    labels = {"app": "web" if application else name, "part": name}
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": nodes}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"part": name}}, "template": {
            "metadata": {"labels": labels}, "spec": {"affinity": affinity, "terminationGracePeriodSeconds": 5, "containers": [{
                "name": "web", "image": "troupe.local/web:v1", "ports": [{"name": "http", "containerPort": 8080}],
                "env": [{"name": "DRAIN_SECONDS", "value": "2" if application else "0"}],
                "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1},
                "resources": {"requests": {"cpu": "10m", "memory": "8Mi"}}}]}}}}


SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
           "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}}


class Scene:
    def __init__(self, program, placement, interrupted):
        """`interrupted`: says whether to give up; asked while waiting."""
        self.interrupted = interrupted
        self.folder = tempfile.mkdtemp(prefix="troupe-demo-", dir="/tmp")  # short: it is part of a socket's path
        self.prefix = f"td{os.getpid()}"
        self.hosts = Hosts(os.path.join(self.folder, "h"), program)
        with open(placement, encoding="utf-8") as file:
            content = placement_for(file.read())
        self.placement = os.path.join(self.folder, "placement.yaml")
        with open(self.placement, "w", encoding="utf-8") as file:
            yaml.safe_dump(content, file, sort_keys=False)
        self.pki = os.path.join(self.folder, "pki")
        self.topology = read_topology(content)
        self.addresses = {role["host"]: role["address"].rsplit(":", 1)[0]
                          for role in content["roles"] if role["role"] == "apiserver"}
        self.node_hosts = {role["node"]: role["host"] for role in content["roles"] if role["role"] == "kubelet"}
        self.nodes = list(self.node_hosts)
        self.balancer, self.context, self.apis, self.turn = None, None, {}, 0
        self.plugins, self.no_plugins = {}, ""  # of `troupe swap`

    def namespace(self, place):
        return f"/run/netns/{self.prefix}-{place}"

    # ---- making and removing

    def make(self):
        self.hosts.do("up", "--prefix", self.prefix, "--hosts", ",".join(self.topology.hosts))
        self.check_interrupted()
        self.hosts.make_pki(self.placement, self.pki)
        for host in self.topology.hosts:
            self.start(host)
        for host in self.topology.hosts:
            self.hosts.do("ready", host, str(READY_SECONDS_MAX))
        self.context = context_of(os.path.join(self.hosts.data(self.topology.hosts[0]), "admin.kubeconfig"))
        self.apis = {host: Api(address, self.context, self.namespace("client"), API_SECONDS)
                     for host, address in self.addresses.items()}
        self.balancer = Balancer(self.folder, os.path.join(ROOT, "config", "examples", "haproxy.cfg"), FRONT,
                                 list(self.addresses.values()), ["nsenter", "--net=" + self.namespace("client")])
        self.wait("haproxy sees all apiservers", READY_SECONDS_MAX, self.balancer.all_up)

    def start(self, host):
        self.hosts.start(host, self.placement, self.pki)

    def remove(self):
        if self.balancer:
            self.balancer.stop()
        self.hosts.do("down", "--prefix", self.prefix)
        shutil.rmtree(self.folder)

    def keep_logs(self, folder):
        for host in self.topology.hosts:
            logs = os.path.join(self.hosts.data(host), "logs")
            if os.path.isdir(logs):
                shutil.copytree(logs, os.path.join(folder, host), dirs_exist_ok=True)

    # ---- waiting

    def check_interrupted(self):
        if self.interrupted():
            raise Interrupted()

    def rest(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check_interrupted()
            time.sleep(min(POLL_SECONDS, max(0.0, end - time.monotonic())))

    def wait(self, what, seconds, probe, pause=POLL_SECONDS):
        """Seconds until it was true; raises Wrong after `seconds`. A probe may return a list of reasons why not yet."""
        begin, last = time.monotonic(), None
        while True:
            last = probe()
            if last is True or last == []:
                return time.monotonic() - begin
            why = f": {'; '.join(last[:REASONS_MAX])}" if last else ""
            require(time.monotonic() - begin < seconds, f"not within {seconds} s: {what}{why}")
            self.rest(pause)

    # ---- the API, through whichever apiserver answers

    def call(self, method, path, body=None, apis=None):
        """(status, answer) of the first that answers, beginning with the one that answered last."""
        apis = apis or self.apis
        order = list(apis.values())
        for step in range(len(order)):
            api = order[(self.turn + step) % len(order)]
            status, answer = api.call(method, path, body)
            if status not in (0, 429, 500, 503, 504):
                self.turn = (self.turn + step) % len(order)
                return status, answer
        return status, answer

    def fresh_apis(self):
        """Connections for another thread."""
        return {host: Api(address, self.context, self.namespace("client"), API_SECONDS) for host, address in self.addresses.items()}

    def items(self, path):
        status, answer = self.call("GET", path)
        require(status == 200, f"GET {path}: {status} {answer.get('message')}")
        return answer["items"]

    def owners(self):
        """{role id: its Role object}, of the roles that can be moved; {}: not to be had now."""
        try:
            roles = self.items("/apis/troupe.dev/v1/roles")
        except Wrong:
            return {}
        return {role["spec"]["role"]: role for role in roles if role["spec"]["role"] in self.topology.singletons}

    def shards(self):
        """{role id: the status of its Shard object}; {}: not to be had now."""
        try:
            shards = self.items("/apis/troupe.dev/v1/shards")
        except Wrong:
            return {}
        return {f"store/{shard['metadata']['name']}": shard.get("status", {}) for shard in shards}

    def store_hosts(self):
        """Where shards are now."""
        found = self.shards() or {shard: {"host": host} for shard, host in self.topology.shards}
        return {status.get("host") for status in found.values()}

    def shard_is_on(self, shard, host):
        status = self.shards().get(shard, {})
        return status.get("host") == host and status.get("phase") == "Running"

    # ---- the application

    def deploy(self):
        """The service's address, when the application is ready on every node."""
        for node in self.nodes:
            self.create("/apis/apps/v1/namespaces/{}/deployments", deployment(f"web-{node}", COPIES_PER_NODE, [node]))
        address = self.create("/api/v1/namespaces/{}/services", SERVICE)["spec"]["clusterIP"]
        self.wait("the application is ready", READY_SECONDS_MAX, self.broken_application)
        return address

    def copies(self):
        return COPIES_PER_NODE * len(self.nodes)

    def create(self, path, body):
        path = path.format(NAMESPACE)
        status, answer = self.call("POST", path, body)
        require(status == 201, f"POST {path}: {status} {answer.get('message')}")
        return answer

    def broken_application(self):
        found = {each["metadata"]["name"]: each.get("status", {}).get("readyReplicas", 0)
                 for each in self.items(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments")}
        reasons = [f"deployment web-{node} has {found.get(f'web-{node}', 0)} ready replicas" for node in self.nodes
                   if found.get(f"web-{node}") != COPIES_PER_NODE]
        slices = self.items(f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
                            "?labelSelector=kubernetes.io/service-name%3Dweb")
        ready = [end for part in slices for end in part.get("endpoints") or [] if end.get("conditions", {}).get("ready")]
        if len(ready) != COPIES_PER_NODE * len(self.nodes):
            reasons.append(f"the service has {len(ready)} ready endpoints")
        return reasons

    def application_restarts(self):
        pods = self.items(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app%3Dweb")
        return sum(each["restartCount"] for pod in pods for each in pod["status"].get("containerStatuses") or [])

    # ---- is all as it was?

    def not_whole(self):
        """Why it is not: sentences."""
        reasons = [f"the apiserver of {host} does not answer" for host, api in self.apis.items()
                   if api.call("GET", "/apis/troupe.dev/v1/hosts")[0] != 200]
        if reasons:
            return reasons
        try:
            return (self.broken_hosts() + self.broken_roles() + self.broken_nodes() + self.broken_application()
                    + self.broken_actors())
        except Wrong as error:
            return [str(error)]

    def broken_hosts(self):
        reasons = []
        for host in self.items("/apis/troupe.dev/v1/hosts"):
            name, status = host["metadata"]["name"], host.get("status", {})
            if not is_true(status, "Ready"):
                reasons.append(f"host {name} is not ready")
            reasons += [f"{name} has no link to {link['host']}: {link['state']}" for link in status.get("links", ())
                        if link["state"] not in STATES_OF_LINKS]
        return reasons

    def broken_roles(self):
        return [f"{kind} {item['spec'].get('role') or item['metadata']['name']} is {item.get('status', {}).get('phase')}"
                for kind in ("role", "shard") for item in self.items(f"/apis/troupe.dev/v1/{kind}s")
                if item.get("status", {}).get("phase") != "Running"]

    def broken_nodes(self):
        return [f"node {node['metadata']['name']} is not ready" for node in self.items("/api/v1/nodes")
                if not is_true(node.get("status", {}), "Ready")]

    def broken_actors(self):
        """As `troupe ps` has it: every host answers, every actor runs, a singleton runs where its object says, and only there."""
        text = self.hosts.troupe(self.topology.hosts[0], "ps", "-o", "json", ok=None)
        match = re.search(r"^\[.*\]$", text, re.M)
        if not match:
            return [f"troupe ps: {text.strip()[-200:]}"]
        rows = json.loads(match.group(0))
        listed = {row["host"] for row in rows}
        reasons = [f"troupe ps does not list {host}" for host in self.topology.hosts if host not in listed]
        reasons += [f"{row['id']} on {row['host']} is {row['state']}" for row in rows if row["state"] != "running"]
        for role, entry in self.owners().items():
            places = sorted(row["host"] for row in rows if row["id"] == role)
            if places != [entry.get("status", {}).get("host")]:
                reasons.append(f"{role} runs on {places}, and its object says {entry.get('status', {}).get('host')}")
        return reasons


def is_true(status, name):
    return any(each["type"] == name and each["status"] == "True" for each in status.get("conditions") or [])
