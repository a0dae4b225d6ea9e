"""Every kubectl command that Troupe supports, once, on the web deployment, with a look at what it prints."""
import json
import subprocess
import time

from cluster import KUBECTL, NODE, Failed, require, wait_for


def expect(text, *wanted):
    for word in wanted:
        require(word in text, f"no '{word}' in:\n{text}")


def follow(cluster, arguments, wanted, act, seconds=30):
    """Runs a kubectl command that goes on for ever, calls `act`, waits until it has printed `wanted`."""
    process = subprocess.Popen([KUBECTL, "--kubeconfig", cluster.kubeconfig, *arguments], env=cluster.environment,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines, deadline = [], time.monotonic() + seconds
    try:
        act()
        # Each command prints something at once; reading a line waits for the next.
        while time.monotonic() < deadline:
            line = process.stdout.readline()
            lines.append(line)
            if wanted in line:
                return
            if not line:
                break
        raise Failed(f"kubectl {' '.join(arguments)}: no '{wanted}' in {''.join(lines)}")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def read(cluster):
    kubectl = cluster.kubectl
    pod = cluster.ready_pods("app=web")[0]
    expect(kubectl("version"), "Server Version: ", "v1.36")
    expect(kubectl("api-resources"), "deployments", "endpointslices", "leases", "namespaces")
    expect(kubectl("api-versions"), "apps/v1", "discovery.k8s.io/v1")
    expect(kubectl("get", "nodes"), NODE, "Ready")
    expect(kubectl("get", "pods"), "NAME", "READY", "STATUS", "RESTARTS", "AGE", "1/1", "Running", pod)
    expect(kubectl("get", "pods", "-o", "wide"), "IP", "NODE", NODE, "10.245.0.")
    expect(kubectl("get", "deployment", "web"), "UP-TO-DATE", "AVAILABLE", "3/3")
    expect(kubectl("get", "pods,services,replicasets,deployments", "-A"), "pod/" + pod, "service/web", "deployment.apps/web")
    expect(kubectl("get", "pod", pod, "-o", "yaml"), "kind: Pod", "uid:", "hostIP:")
    expect(kubectl("get", "deployment", "web", "-o", "name"), "deployment.apps/web")
    require(json.loads(kubectl("get", "pods", "-l", "app=web", "--field-selector=status.phase=Running", "-o", "json"))["items"],
            "no pod by selectors")
    expect(kubectl("get", "pods", "-o", "custom-columns=N:.metadata.name,I:.spec.containers[*].image"), "troupe.local/web:v1")
    expect(kubectl("describe", "deployment", "web"), "RollingUpdate", "Replicas:", "ScalingReplicaSet")
    expect(kubectl("describe", "pod", pod), "Ready", "Scheduled", "Started", "troupe.local/web:v1")
    expect(kubectl("describe", "node", NODE), "Capacity:", "Allocatable:", "Non-terminated Pods:")
    expect(kubectl("describe", "service", "web"), "Endpoints:", "10.245.0.")
    expect(kubectl("explain", "deployment.spec.strategy"), "rollingUpdate", "FIELDS")
    expect(kubectl("get", "events"), "Scheduled")
    expect(kubectl("explain", "roles.troupe.dev.status"), "epoch", "takeovers")
    expect(kubectl("logs", pod), "listens on port")


def change(cluster):
    kubectl = cluster.kubectl
    expect(kubectl("create", "configmap", "tour", "--from-literal=a=1"), "configmap/tour created")
    expect(kubectl("label", "configmap", "tour", "stage=one"), "labeled")
    expect(kubectl("annotate", "configmap", "tour", "note=two words"), "annotated")
    expect(kubectl("patch", "configmap", "tour", "--type=merge", "-p", '{"data":{"b":"2"}}'), "patched")
    expect(kubectl("patch", "configmap", "tour", "--type=json", "-p", '[{"op":"add","path":"/data/c","value":"3"}]'), "patched")
    expect(kubectl("edit", "configmap", "tour", KUBE_EDITOR="sed -i /^..b:/s/2/edited/"), "edited")
    data = cluster.get("configmap", "tour")["data"]
    require(data == {"a": "1", "b": "edited", "c": "3"}, f"data: {data}")
    follow(cluster, ["get", "configmaps", "-w"], "watched", lambda: kubectl("create", "configmap", "watched"))
    expect(kubectl("delete", "configmap", "tour", "watched"), "deleted")
    missing = cluster.run([KUBECTL, "--kubeconfig", cluster.kubeconfig, "get", "configmap", "tour"], check=False)
    require(missing.returncode == 1 and 'configmaps "tour" not found' in missing.stderr, missing.stderr)
    bad = cluster.run([KUBECTL, "--kubeconfig", cluster.kubeconfig, "scale", "deployment/web", "--replicas=-1"], check=False)
    require(bad.returncode == 1, "a negative scale is taken")
    expect(kubectl("create", "deployment", "tour", "--image=troupe.local/web:v1"), "deployment.apps/tour created")
    expect(kubectl("rollout", "status", "deployment/tour", "--timeout=60s"), "successfully rolled out")
    expect(kubectl("scale", "deployment/tour", "--replicas=2"), "scaled")
    wait_for("two replicas", 60, lambda: cluster.get("deployment", "tour")["status"].get("readyReplicas") == 2)
    expect(kubectl("expose", "deployment", "tour", "--port=80", "--target-port=8080"), "exposed")
    pod = cluster.ready_pods("app=tour")[0]
    follow(cluster, ["logs", "-f", pod], "listens on port", lambda: None)
    expect(kubectl("delete", "service,deployment", "tour"), "deleted")
    wait_for("its pods are gone", 60, lambda: not cluster.items("pods", "-l", "app=tour"))


def run(cluster):
    read(cluster)
    change(cluster)
