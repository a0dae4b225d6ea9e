"""The steps of the end-to-end test, in order: each a function of the scene, its docstring what it shows."""
import os
import time

import kubectl_tour
from cluster import (HOST, NODE, NODE_ADDRESS, ROOT, TABLE, Failed, is_ready, require, restarts, wait_for)
from leftovers import Footprint, output, tables
from traffic import Requests, Writes, fetch

REPLICAS = 3
ROLLOUT_SECONDS = 90
RESTART_SECONDS = 30
FOREIGN_TABLE = "troupe_e2e_foreign"  # rules of another program, which must stay as they are

ROLES = ["store/pods", "store/events", "store/leases", "store/main", f"apiserver/{HOST}",
         "controllers/deployment", "controllers/replicaset", "controllers/endpointslice", "controllers/endpoints",
         "controllers/nodelifecycle", "controllers/nodeipam", "controllers/garbagecollector", "controllers/namespace",
         "controllers/podgc", "controllers/serviceaccount", "scheduler", f"kubelet/{NODE}", f"proxy/{NODE}", f"podnetwork/{NODE}"]

CLIENT_POD = """
apiVersion: v1
kind: Pod
metadata: {{ name: {name} }}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: troupe.local/busybox:1
      command: [sh, -c, 'i=0; while [ $i -lt {count} ]; do wget -q -O - http://{address}/ || echo failed; i=$((i+1)); done']
"""


class Scene:
    """What the steps hand on to each other."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.footprint = self.foreign = None
        self.address = ""


def example(name):
    return os.path.join(ROOT, "config", "examples", name)


def pods_of(answers):
    return {answer.split()[0] for answer in answers}


def all_serve(scene, count):
    """That `count` pods are ready and the service knows exactly those."""
    cluster = scene.cluster
    wait_for(f"{count} pods ready behind the service", ROLLOUT_SECONDS,
             lambda: len(cluster.ready_pods("app=web")) == count and len(cluster.endpoint_addresses("web")) == count)


def bring_up(scene):
    """tools/up brings a cluster up and prints the kubeconfig's path; the node becomes ready"""
    output("nft", "add table ip " + FOREIGN_TABLE)
    output("nft", f"add chain ip {FOREIGN_TABLE} input {{ type filter hook input priority 10; }}")
    output("nft", f"add rule ip {FOREIGN_TABLE} input tcp dport 9 counter drop")
    scene.foreign = output("nft", "list", "table", "ip", FOREIGN_TABLE)
    cluster = scene.cluster
    cluster.up()
    require(os.stat(cluster.kubeconfig).st_mode & 0o077 == 0, "the kubeconfig can be read by others")
    wait_for("the node is ready", 30, lambda: is_ready(cluster.get("node", NODE)))
    running = cluster.actors()
    missing = [role for role in ROLES if role not in running]
    require(not missing, f"troupe ps does not list {missing}; it lists {sorted(running)}")


def refuse_second_up(scene):
    """a second tools/up on the same data folder, and a bad placement file, are refused with a clear error"""
    again = scene.cluster.up(check=False)
    require(again.returncode == 1 and "runs already" in again.stderr, f"second tools/up: {again.returncode} {again.stderr}")
    bad = os.path.join(scene.cluster.folder, "bad.yaml")
    with open(scene.cluster.placement, encoding="utf-8") as file:
        text = file.read().replace("role: scheduler,", "role: schedular,")
    with open(bad, "w", encoding="utf-8") as file:
        file.write(text)
    line = 1 + text[:text.index("schedular")].count("\n")
    done = scene.cluster.run([scene.cluster.program, "host", "--placement", bad, "--data", scene.cluster.folder + "/bad"],
                             check=False, seconds=20)
    require(done.returncode == 2 and f"bad.yaml:{line}:" in done.stderr and "schedular" in done.stderr,
            f"troupe host with an unknown role: code {done.returncode}, {done.stderr}")


def deploy(scene):
    """a deployment of 3 replicas and a service come up"""
    cluster = scene.cluster
    cluster.kubectl("apply", "-f", example("web.yaml"))
    cluster.kubectl("rollout", "status", "deployment/web", f"--timeout={ROLLOUT_SECONDS}s")
    all_serve(scene, REPLICAS)
    scene.address = cluster.service_ip("web")
    wait_for("the service answers", 20, lambda: answers_once(scene.address))


def answers_once(address, port=80):
    try:
        return fetch(address, port)
    except OSError as error:
        raise Failed(str(error)) from error


def request_from_host(scene):
    """100 requests from the host through the ClusterIP are answered by all 3 pods"""
    names = pods_of([fetch(scene.address) for _ in range(100)])
    require(names == set(scene.cluster.ready_pods("app=web")), f"answered by {sorted(names)}")


def start_client(scene, name, count):
    """A pod that asks the service `count` times, one after the other, and prints the answers."""
    scene.cluster.kubectl("apply", "-f", "-", text=CLIENT_POD.format(name=name, count=count, address=scene.address))


def run_client(scene, name, count):
    """The lines that `count` requests from inside a pod printed."""
    cluster = scene.cluster
    start_client(scene, name, count)
    wait_for(f"pod {name} is done", ROLLOUT_SECONDS, lambda: cluster.get("pod", name)["status"].get("phase") == "Succeeded")
    lines = cluster.kubectl("logs", name).splitlines()
    cluster.kubectl("delete", "pod", name)
    return lines


def request_from_pod(scene):
    """100 requests from a pod through the ClusterIP are answered by all 3 pods"""
    lines = run_client(scene, "client", 100)
    failed = [line for line in lines if line.split()[-1:] != ["v1"]]
    require(len(lines) == 100 and not failed, f"{len(lines)} answers, of which bad: {failed[:5]}")
    require(pods_of(lines) == set(scene.cluster.ready_pods("app=web")), f"answered by {sorted(pods_of(lines))}")


def node_port(scene):
    """a NodePort of the same pods answers on the node's address"""
    cluster = scene.cluster
    cluster.kubectl("expose", "deployment", "web", "--name=web-outside", "--type=NodePort", "--port=80", "--target-port=8080")
    port = cluster.get("service", "web-outside")["spec"]["ports"][0]["nodePort"]
    require(28000 <= port <= 28099, f"node port {port} is outside of the placement's range")
    wait_for("the node port answers", 20, lambda: answers_once(NODE_ADDRESS, port))
    cluster.kubectl("delete", "service", "web-outside")

    def refused():
        try:
            fetch(NODE_ADDRESS, port)
            return False
        except OSError:
            return True
    wait_for("the deleted node port answers no more", 20, refused)


def rolling_update(scene):
    """a rolling update from v1 to v2 under continuous requests, from the host and from a pod, with none failed"""
    cluster = scene.cluster
    requests = Requests(scene.address)
    start_client(scene, "asking", 1000000)
    wait_for("the pod's requests are answered", 20, lambda: "v1" in cluster.kubectl("logs", "asking", check=False))
    wait_for("requests are answered by v1", 10, lambda: requests.versions() == {"v1"})
    cluster.kubectl("set", "image", "deployment/web", "web=troupe.local/web:v2")
    cluster.kubectl("rollout", "status", "deployment/web", f"--timeout={ROLLOUT_SECONDS}s")
    # Until the last pod of the old version is gone: it drains while the new ones answer already.
    wait_for("the pods of v1 are gone", ROLLOUT_SECONDS, lambda: len(cluster.items("pods", "-l", "app=web")) == REPLICAS)
    count, log = requests.stop(), cluster.kubectl("logs", "asking").splitlines()
    cluster.kubectl("delete", "pod", "asking")
    require(requests.versions() == {"v1", "v2"}, f"answered by {requests.versions()}")
    bad = [line for line in log if line.split()[-1:] not in (["v1"], ["v2"])]
    require(not bad, f"{len(bad)} of the pod's {len(log)} requests failed: {bad[:5]}")
    last = {fetch(scene.address).split()[-1] for _ in range(20)}
    require(last == {"v2"} and log[-1].endswith("v2"), f"after the update {last} answer, and the pod saw {log[-1]}")
    return f"{count} requests from the host, {len(log)} from a pod"


def kill_container(scene):
    """a killed container is restarted in its pod"""
    cluster = scene.cluster
    name = cluster.ready_pods("app=web")[0]
    before = cluster.get("pod", name)
    old = cluster.container_of(name, "web")
    os.kill(cluster.container_pid(old), 9)

    def restarted():
        pod = cluster.get("pod", name)
        require(pod["metadata"]["uid"] == before["metadata"]["uid"], "the pod was replaced instead")
        return restarts(pod) == restarts(before) + 1 and is_ready(pod)
    wait_for("the container runs again", RESTART_SECONDS, restarted)
    status = cluster.get("pod", name)["status"]["containerStatuses"][0]
    require(status["lastState"]["terminated"]["exitCode"] == 137, f"last state: {status['lastState']}")
    require(cluster.container_of(name, "web") != old, "the same container runs")
    all_serve(scene, REPLICAS)


def delete_pod(scene):
    """a deleted pod is replaced"""
    cluster = scene.cluster
    before = cluster.ready_pods("app=web")
    cluster.kubectl("delete", "pod", before[0])
    all_serve(scene, REPLICAS)
    after = cluster.ready_pods("app=web")
    require(before[0] not in after and set(before[1:]) < set(after), f"before {before}, after {after}")


def kill_roles(scene):
    """`troupe kill` of every role in turn, while requests and writes go on: nothing is lost, all work again"""
    cluster = scene.cluster
    settled(scene)
    cluster.kubectl("create", "namespace", "writes")
    containers = cluster.containers()
    requests, writes = Requests(scene.address), Writes(cluster, "writes")
    slowest, replicas = (0.0, ""), REPLICAS
    try:
        for role in ROLES:
            began, before = time.monotonic(), cluster.actors()[role]["restarts"]
            cluster.troupe("kill", role)

            def back():
                row = cluster.actors().get(role, {})
                return row.get("state") == "running" and row["restarts"] > before and row
            row = wait_for(f"{role} runs again", RESTART_SECONDS, back)
            require(row["lastFailure"], f"troupe ps does not say why {role} failed")
            # A change that needs the whole chain: controllers, scheduler, kubelet, endpoints.
            replicas = REPLICAS + 1 if replicas == REPLICAS else REPLICAS
            cluster.kubectl("scale", "deployment/web", f"--replicas={replicas}")
            all_serve(scene, replicas)
            seconds = time.monotonic() - began
            slowest = max(slowest, (seconds, role))
            print(f"      {role}: {seconds:.1f} s, {len(writes.acknowledged)} writes, {requests.count()} requests", flush=True)
        cluster.kubectl("scale", "deployment/web", f"--replicas={REPLICAS}")
        all_serve(scene, REPLICAS)
    finally:
        written, asked = writes.stop(), requests.stop()
    # Scaling down takes the newest pods: those that were there before are there, untouched.
    settled(scene)
    require(cluster.containers() == containers, f"before: {containers}, after: {cluster.containers()}")
    cluster.kubectl("delete", "namespace", "writes")
    return f"{written} writes, {asked} requests, slowest {slowest[1]}: {slowest[0]:.1f} s"


LOST_POD = """
apiVersion: v1
kind: Pod
metadata: { name: lost }
spec:
  nodeName: no-such-node
  containers: [{ name: main, image: troupe.local/busybox:1 }]
"""


def collect_pods(scene):
    """a pod on a node that does not exist is Failed and deleted by the pod garbage collector"""
    cluster = scene.cluster
    cluster.kubectl("apply", "-f", "-", text=LOST_POD)
    # A look each 20 s, then the node's 40 s.
    cluster.kubectl("wait", "pod/lost", "--for=condition=DisruptionTarget", "--timeout=90s", seconds=100)
    wait_for("the pod is gone", 10, lambda: "lost" not in [pod["metadata"]["name"] for pod in cluster.items("pods")])


def settled(scene):
    """That nothing is on its way up or down any more: as many pods as replicas, terminating ones included."""
    all_serve(scene, REPLICAS)
    wait_for("old pods are gone", 60, lambda: len(scene.cluster.items("pods", "-l", "app=web")) == REPLICAS)
    wait_for("old containers are gone", 30, lambda: len(scene.cluster.containers()) == REPLICAS)


def restart_counts(cluster):
    return {pod["metadata"]["name"]: restarts(pod) for pod in cluster.items("pods")}


def kill_process(scene):
    """`kill -9` of the whole process and tools/up again: the containers are untouched, requests are answered throughout"""
    cluster = scene.cluster
    settled(scene)
    containers, counts = cluster.containers(), restart_counts(cluster)
    requests = Requests(scene.address)
    os.kill(cluster.pid(), 9)
    began = time.monotonic()
    cluster.up()
    seconds = time.monotonic() - began
    wait_for("the node is ready", 30, lambda: is_ready(cluster.get("node", NODE)))
    all_serve(scene, REPLICAS)
    require(cluster.containers() == containers, f"before: {containers}, after: {cluster.containers()}")
    require(restart_counts(cluster) == counts, f"restarts before: {counts}, after: {restart_counts(cluster)}")
    # The whole chain works again.
    cluster.kubectl("scale", "deployment/web", f"--replicas={REPLICAS + 1}")
    all_serve(scene, REPLICAS + 1)
    cluster.kubectl("scale", "deployment/web", f"--replicas={REPLICAS}")
    settled(scene)
    require(cluster.containers() == containers, f"before: {containers}, after scaling: {cluster.containers()}")
    return f"back in {seconds:.1f} s, {requests.stop()} requests"


def stop_and_start(scene):
    """tools/down removes the service rules only, data and containers stay; tools/up goes on with them"""
    cluster = scene.cluster
    settled(scene)
    containers = cluster.containers()
    pod = cluster.items("pods", "-l", "app=web")[0]["status"]["podIP"]
    names = cluster.ready_pods("app=web")
    cluster.down(wipe=False)
    require(not any(name == TABLE for _, name in tables()), f"the nftables table {TABLE} is left")
    require(output("nft", "list", "table", "ip", FOREIGN_TABLE) == scene.foreign, "another program's rules were touched")
    fetch(pod, 8080)
    cluster.up()
    all_serve(scene, REPLICAS)
    require(cluster.ready_pods("app=web") == names, "other pods than before")
    require(cluster.containers() == containers, f"before: {containers}, after: {cluster.containers()}")
    wait_for("the service answers", 20, lambda: answers_once(scene.address))


def examples(scene):
    """the other examples do what they say: settings, a shared volume, probes"""
    cluster = scene.cluster
    for name in ("settings.yaml", "shared-volume.yaml", "probes.yaml", "busybox.yaml"):
        cluster.kubectl("apply", "-f", example(name))
    wait_for("settings is done", 60, lambda: cluster.get("pod", "settings")["status"].get("phase") == "Succeeded")
    log = cluster.kubectl("logs", "settings")
    for text in ("greeting: good morning", "password: correct horse battery staple", f"pod: settings on {NODE}",
                 "a file of\ntwo lines", "password"):
        require(text in log, f"no '{text}' in the log of settings:\n{log}")
    wait_for("the reader reads", 30, lambda: ":" in cluster.kubectl("logs", "shared-volume", "-c", "reader"))
    wait_for("probes is ready", 30, lambda: is_ready(cluster.get("pod", "probes")))
    wait_for("the liveness probe restarts", 60, lambda: restarts(cluster.get("pod", "probes")) >= 1)
    cluster.kubectl("delete", "pod", "settings", "shared-volume", "probes", "busybox")


def commands(scene):
    """kubectl's commands: get, describe, edit, label, explain, logs -f, watch and the others"""
    return kubectl_tour.run(scene.cluster)


def record_footprint(scene):
    """what the cluster has on the machine is recorded"""
    scene.footprint = Footprint(scene.cluster)
    scene.footprint.check_there()


def delete_all(scene):
    """kubectl delete removes everything: pods, containers, endpoints"""
    cluster = scene.cluster
    cluster.kubectl("delete", "-f", example("web.yaml"))
    wait_for("pods are gone", 60, lambda: not cluster.items("pods", "-l", "app=web"))
    wait_for("endpoint slices are gone", 30, lambda: not cluster.items("endpointslices", "-l", "kubernetes.io/service-name=web"))
    wait_for("replica sets are gone", 30, lambda: not cluster.items("replicasets", "-l", "app=web"))
    wait_for("containers are gone", 30, lambda: not cluster.containers())
    # Some stay, so that wiping has something to remove: a container, volumes, a secret.
    for name in ("busybox.yaml", "shared-volume.yaml", "settings.yaml"):
        cluster.kubectl("apply", "-f", example(name))
    for name in ("busybox", "shared-volume"):
        wait_for(f"{name} is ready", 30, lambda name=name: is_ready(cluster.get("pod", name)))


def wipe(scene):
    """tools/down --wipe leaves nothing: mounts, interfaces, cgroups, rules, route, processes, files"""
    # The pods that still run belong to the footprint too.
    before, scene.footprint = scene.footprint, Footprint(scene.cluster)
    scene.footprint.words |= before.words
    scene.footprint.sandboxes |= before.sandboxes
    scene.footprint.ports |= before.ports
    scene.cluster.down(wipe=True)
    scene.footprint.check_gone()
    require(output("nft", "list", "table", "ip", FOREIGN_TABLE) == scene.foreign, "another program's rules were touched")


STEPS = [bring_up, refuse_second_up, deploy, request_from_host, request_from_pod, node_port, commands, rolling_update,
         kill_container, delete_pod, collect_pods, examples, kill_roles, kill_process, stop_and_start, record_footprint, delete_all, wipe]
