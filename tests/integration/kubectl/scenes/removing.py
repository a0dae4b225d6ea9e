"""delete: grace, force, cascades, selectors, finalizers, namespaces."""
import re

from client import require
from scenes.reading import start_web


def deleted(k, what, name):
    return f'{what} "{name}" deleted' + (f" from {k.namespace} namespace" if k.minor >= 34 else "")


def pods(k):
    return [name for name in k.ok("get pods -o name").splitlines() if name]


def scene_delete(k):
    k.ok("run one --image=busybox")
    k.ok("run two --image=busybox")
    k.ok("wait --for=condition=Ready pod one two --timeout=20s")
    code, out, err = k.run("delete pod one --grace-period=0 --force")
    text = out + err
    require(code == 0 and 'pod "one" force deleted' in text and
            "mmediate deletion does not wait for confirmation that the running resource has been terminated." in text, f"force: {text}")
    k.says("delete pod two --now", deleted(k, "pod", "two"))
    require(pods(k) == [], f"pods: {pods(k)}")
    k.refused("delete pod one", 'Error from server (NotFound): pods "one" not found')
    k.says("delete pod one --ignore-not-found", "")
    k.says("delete pods --all", "No resources found")
    for name in ("a", "b", "c"):
        k.ok(f"create configmap {name}")
    k.ok("label configmap a b group=x")
    k.says("delete configmaps -l group=x", deleted(k, "configmap", "a") + "\n" + deleted(k, "configmap", "b"))
    k.says("delete configmap c --wait=false", deleted(k, "configmap", "c"))


def scene_cascade(k):
    start_web(k)
    kept = k.ok("get rs -o name")
    k.says("delete deployment web --cascade=orphan", deleted(k, "deployment.apps", "web"))
    require(k.ok("get rs -o name") == kept and len(pods(k)) == 2, "orphans stay")
    require(k.value(kept, ".metadata.ownerReferences") == "", "an orphan has no owner")
    k.says(f"delete {kept} --cascade=foreground", deleted(k, "replicaset.apps", kept.split("/")[1]))
    require(pods(k) == [], "the dependents go first")
    start_web(k)
    k.ok("delete deployment web --cascade=background")
    k.wait("the pods go", lambda: pods(k) == [] and k.ok("get rs -o name") == "")


def scene_finalizer(k):
    k.file("held.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.com/hold]}\n")
    k.ok("create -f held.yaml")
    k.says("delete configmap held --wait=false", deleted(k, "configmap", "held"))
    require(k.value("configmap held", ".metadata.deletionTimestamp"), "held by its finalizer")
    k.says("""patch configmap held --type=merge -p '{"metadata":{"finalizers":null}}'""", "configmap/held patched")
    k.says("get configmap held --ignore-not-found", "")


def scene_namespace(k):
    name = k.namespace + "-gone"
    k.ok(f"create namespace {name}")
    k.ok(f"create deployment web --image=nginx -n {name} --replicas=2")
    k.ok(f"rollout status deployment/web -n {name} --timeout=20s")
    k.ok(f"create configmap note -n {name}")
    k.says(f"delete namespace {name} --timeout=30s", f'namespace "{name}" deleted')
    k.refused(f"get namespace {name}", f'Error from server (NotFound): namespaces "{name}" not found')
    require(k.ok(f"get pods,configmaps,deployments -n {name} -o name") == "", "all that it had is gone")
    k.refused("delete namespace default", re.compile(  # behind kubectl's warning about -n
        r'(.*\n)?Error from server \(Forbidden\): namespaces "default" is forbidden: this namespace may not be deleted'))


def scene_drain(k):
    """A pod of its own on its own node; the other nodes' pods are the other scenes'."""
    k.shows("get pods -A --field-selector=spec.nodeName=nowhere -o name")
    code, _, err = k.run("drain nosuch")
    require(code == 1 and 'nodes "nosuch" not found' in err, f"drain of a missing node: {err}")
    require(re.search("not found", err), err)
