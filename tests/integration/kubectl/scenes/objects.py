"""create, apply, diff, edit, replace, label, annotate, patch, set, run."""
import re

from client import require

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: app, labels: {app: app}}
spec:
  replicas: 2
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
      - name: c
        image: nginx:1
        ports: [{containerPort: 80}]
"""


def scene_create(k):
    k.says("create configmap cm --from-literal=a=1 --from-literal=b=2", "configmap/cm created")
    k.says("create secret generic s --from-literal=pw=hush", "secret/s created")
    k.says("create secret docker-registry reg --docker-username=u --docker-password=p --docker-server=x", "secret/reg created")
    k.says("create serviceaccount bot", "serviceaccount/bot created")
    rows = k.table("get configmap cm")
    require(rows[0]["DATA"] == "2", f"{rows}")
    rows = k.table("get secrets")
    require([(row["NAME"], row["TYPE"], row["DATA"]) for row in rows] ==
            [("reg", "kubernetes.io/dockerconfigjson", "1"), ("s", "Opaque", "1")], f"secrets: {rows}")
    k.says("get secret s -o jsonpath='{.data.pw}'", "aHVzaA==")
    require(k.table("get serviceaccount bot")[0]["SECRETS"] == "0", "SECRETS of a service account")
    k.file("two.yaml", "apiVersion: v1\nkind: List\nitems:\n" + "".join(
        f"- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}, data: {{x: one}}}}\n" for name in ("l1", "l2")))
    k.says("create -f two.yaml", "configmap/l1 created\nconfigmap/l2 created")
    k.says("create -f -", "configmap/stdin created", stdin='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stdin"}}')
    k.shows("create configmap dry --dry-run=client -o yaml", "kind: ConfigMap")
    k.says("create configmap dry --dry-run=server", "configmap/dry created (server dry run)")
    k.says("get configmap dry --ignore-not-found", "")
    k.says("run lone --image=busybox --restart=Never --labels=a=b --env=X=1 --port=80", "pod/lone created")
    k.says("get pod lone -o jsonpath='{.spec.restartPolicy} {.spec.containers[0].env[0].value} {.status.qosClass}'", "Never 1 BestEffort")
    k.file("generated.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: made-}\n")
    require(re.fullmatch(r"configmap/made-[a-z0-9]{5} created", k.ok("create -f generated.yaml")), "generateName")


def scene_apply(k):
    k.file("d.yaml", DEPLOYMENT)
    code, out, _ = k.run("diff -f d.yaml")
    require(code == 1 and "+  replicas: 2" in out, f"diff before creation: {code} {out}")
    k.says("apply -f d.yaml", "deployment.apps/app created")
    k.says("apply -f d.yaml", "deployment.apps/app unchanged")
    code, out, err = k.run("diff -f d.yaml")
    require(code == 0 and out == "", f"diff without a difference: {code} {out} {err}")
    k.file("d.yaml", DEPLOYMENT.replace("nginx:1", "nginx:2"))
    code, out, _ = k.run("diff -f d.yaml")
    require(code == 1 and "-      - image: nginx:1\n+      - image: nginx:2" in out, f"diff: {code} {out}")
    k.says("apply -f d.yaml --dry-run=server", "deployment.apps/app configured (server dry run)")
    k.says("get deployment app -o jsonpath='{.spec.template.spec.containers[0].image}'", "nginx:1")
    k.says("apply -f d.yaml", "deployment.apps/app configured")
    k.says("apply -f d.yaml", "deployment.apps/app unchanged")
    # A field that the manifest gives up goes; one that another set stays.
    k.ok("label deployment app other=kept")
    k.file("d.yaml", DEPLOYMENT.replace("nginx:1", "nginx:2").replace("labels: {app: app}}\nspec:\n  replicas", "labels: {new: one}}\nspec:\n  replicas", 1))
    k.says("apply -f d.yaml", "deployment.apps/app configured")
    labels = k.json("get deployment app")["metadata"]["labels"]
    require(labels == {"other": "kept", "new": "one"}, f"labels after apply: {labels}")
    # A list by its merge key.
    k.file("d.yaml", DEPLOYMENT.replace("nginx:1", "nginx:2") + "      - {name: side, image: busybox}\n")
    k.says("apply -f d.yaml", "deployment.apps/app configured")
    k.file("d.yaml", DEPLOYMENT)
    k.says("apply -f d.yaml", "deployment.apps/app configured")
    containers = k.json("get deployment app")["spec"]["template"]["spec"]["containers"]
    require([c["name"] + c["image"] for c in containers] == ["cnginx:1"], f"containers after apply: {containers}")
    # kubectl reads the revision that it replaces, so nothing else may write in between.
    k.ok("rollout status deployment/app --timeout=30s")
    k.wait("replaced", lambda: k.run("replace -f d.yaml")[0] == 0)
    k.says("replace -f d.yaml", "deployment.apps/app replaced")
    k.says("delete -f d.yaml", f'deployment.apps "app" deleted' + (f" from {k.namespace} namespace" if k.minor >= 34 else ""))


def scene_edit(k):
    k.ok("create configmap note --from-literal=colour=red")
    k.says("edit configmap note", "configmap/note edited", environment={"KUBE_EDITOR": "sed -i s/colour:.red/colour:\\ blue/"})
    k.says("get configmap note -o jsonpath='{.data.colour}'", "blue")
    code, out, err = k.run("edit configmap note", environment={"KUBE_EDITOR": "true"})
    require(code == 0 and "Edit cancelled, no changes made." in out + err, f"edit without a change: {code} {out} {err}")
    code, out, err = k.run("edit configmap note", environment={"KUBE_EDITOR": "sed -i s/^..colour:/\\ \\ co\\ lour:/"})
    require(code == 1 and 'configmaps "note" is invalid' in err, f"edit to something invalid: {code} {out} {err}")


def scene_labels(k):
    k.ok("create configmap note")
    k.says("label configmap note tier=x", "configmap/note labeled")
    k.refused("label configmap note tier=y", "error: 'tier' already has a value (x), and --overwrite is false")
    k.says("label configmap note tier=y --overwrite", "configmap/note labeled")
    k.says("get configmaps -l tier=y -o name", "configmap/note")
    k.says("label configmap note tier-", "configmap/note unlabeled" if k.minor >= 23 else "configmap/note labeled")
    k.says("annotate configmap note about='two words'", "configmap/note annotated")
    k.says("get configmap note -o jsonpath='{.metadata.annotations.about}'", "two words")
    k.says("annotate configmap note about-", "configmap/note annotated")
    k.says("get configmap note -o jsonpath='{.metadata.annotations}'", "")


def scene_patch(k):
    k.file("d.yaml", DEPLOYMENT)
    k.ok("apply -f d.yaml")
    k.ok("rollout status deployment/app --timeout=30s")
    k.says("""patch deployment app -p '{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:5"}]}}}}'""",
           "deployment.apps/app patched")
    containers = k.json("get deployment app")["spec"]["template"]["spec"]["containers"]
    require(len(containers) == 1 and containers[0]["ports"][0]["containerPort"] == 80, f"strategic merge patch: {containers}")
    k.says("""patch deployment app --type=merge -p '{"spec":{"replicas":3}}'""", "deployment.apps/app patched")
    k.says("""patch deployment app --type=json -p '[{"op":"replace","path":"/spec/replicas","value":1}]'""", "deployment.apps/app patched")
    k.says("get deployment app -o jsonpath='{.spec.replicas}'", "1")
    k.ok("rollout status deployment/app --timeout=30s")
    k.ok("create configmap note --from-literal=a=1")
    k.says("""patch configmap note -p '{"data":{"a":"1"}}'""", "configmap/note patched (no change)")
    k.says("""patch configmap note --type=merge -p '{"data":{"a":null,"b":"2"}}'""", "configmap/note patched")
    k.says("get configmap note -o jsonpath='{.data}'", '{"b":"2"}')
    if k.minor >= 24:
        k.says("""patch deployment app --subresource=scale --type=merge -p '{"spec":{"replicas":2}}'""", "deployment.apps/app patched"
               if k.minor < 26 else "scale.autoscaling/app patched")


def scene_set(k):
    k.ok("create deployment app --image=nginx:1")
    k.says("set image deployment/app nginx=nginx:9", "deployment.apps/app image updated")
    k.says("set env deployment/app A=1 B=2", "deployment.apps/app env updated")
    k.says("set env deployment/app --list", "# Deployment app, container nginx\nA=1\nB=2")
    k.says("set resources deployment/app --requests=cpu=10m,memory=1000Ki --limits=cpu=1000m", "deployment.apps/app resource requirements updated")
    container = k.json("get deployment app")["spec"]["template"]["spec"]["containers"][0]
    require(container["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "10m", "memory": "1000Ki"}}, f"{container}")
    require(container["image"] == "nginx:9", f"{container}")
    k.says("set serviceaccount deployment/app bot", "deployment.apps/app serviceaccount updated")
    k.ok("create service clusterip app --tcp=80")
    k.says("set selector service app a=b", "service/app selector updated")
