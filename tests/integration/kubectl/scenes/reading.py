"""get in all its forms, describe, logs and wait, on one deployment with a service."""
import re

from client import require

AGE = r"\d+[smh]\S*"


def start_web(k, replicas=2):
    k.says(f"create deployment web --image=nginx:1 --replicas={replicas}", "deployment.apps/web created")
    k.shows("rollout status deployment/web --timeout=30s", 'deployment "web" successfully rolled out')


def scene_get(k):
    start_web(k)
    pods = k.ok("get pods -o name").splitlines()
    require(len(pods) == 2 and all(re.fullmatch(r"pod/web-[a-z0-9]{8,10}-[a-z0-9]{5}", pod) for pod in pods), f"names: {pods}")
    row = k.table("get pods")[0]
    require(list(row) == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"], f"columns of pods: {list(row)}")
    require((row["READY"], row["STATUS"], row["RESTARTS"]) == ("1/1", "Running", "0"), f"pod's row: {row}")
    row = k.table("get pods -o wide")[0]
    require(list(row)[5:] == ["IP", "NODE", "NOMINATED NODE", "READINESS GATES"], f"wide columns of pods: {list(row)}")
    require(row["NODE"].startswith("hollow-") and row["NOMINATED NODE"] == "<none>", f"wide row: {row}")
    row = k.table("get deployment web -o wide")[0]
    row.pop("AGE")
    require(row == {"NAME": "web", "READY": "2/2", "UP-TO-DATE": "2", "AVAILABLE": "2", "CONTAINERS": "nginx",
                    "IMAGES": "nginx:1", "SELECTOR": "app=web"}, f"deployment's row: {row}")
    row = k.table("get rs")[0]
    require((row["DESIRED"], row["CURRENT"], row["READY"]) == ("2", "2", "2"), f"replica set's row: {row}")
    k.shows("get all", "pod/web-", "deployment.apps/web", "replicaset.apps/web-")
    k.shows("get deploy,rs,pods", "deployment.apps/web", "replicaset.apps/web-", "pod/web-")
    k.shows("get pods --show-labels", "LABELS", "app=web,pod-template-hash=")
    k.shows("get pods -L app", re.compile(r"AGE +APP\n"))
    require(any(row["NAMESPACE"] == k.namespace for row in k.table("get pods -A")), "not among the pods of -A")
    k.shows("get pods -o wide --no-headers", "hollow-")
    require(len(k.ok("get pods -l app=web,pod-template-hash -o name").splitlines()) == 2, "set-based selector")
    require(len(k.ok("get pods -l 'app in (web,other),!nothing' -o name").splitlines()) == 2, "in and not exists")
    require(k.ok("get pods -l 'app notin (web)' -o name") == "", "notin")
    require(len(k.ok("get pods --field-selector=status.phase=Running -o name").splitlines()) == 2, "status.phase")
    require(k.ok(f"get pods --field-selector=metadata.name!={pods[0][4:]} -o name") == pods[1], "metadata.name!=")
    require(k.ok("get pods --field-selector=spec.nodeName=nowhere -o name") == "", "spec.nodeName")
    require(k.ok("get pods --chunk-size=1 -o name").splitlines() == pods, "one page per pod lists all")
    require(k.ok("get pods --sort-by=.metadata.name -o name").splitlines() == sorted(pods), "--sort-by")
    k.says("get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}'", "nginx:1")
    k.says("get deployment web -o go-template='{{.spec.replicas}}'", "2")
    k.shows("get deployment web -o custom-columns=N:.metadata.name,I:.spec.template.spec.containers[*].image", "nginx:1")
    text = k.ok("get deployment web -o yaml")
    for line in ["apiVersion: apps/v1", "kind: Deployment", "  progressDeadlineSeconds: 600", "  revisionHistoryLimit: 10",
                 "      maxSurge: 25%", "        imagePullPolicy: IfNotPresent", "      dnsPolicy: ClusterFirst",
                 "        terminationMessagePath: /dev/termination-log", "      terminationGracePeriodSeconds: 30"]:
        require(line in text.splitlines(), f"no line '{line}' in\n{text}")
    deployment = k.json("get deployment web")
    require(deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"], "observedGeneration")
    k.says("get configmaps nosuch --ignore-not-found", "")


def scene_watch(k):
    k.ok("create configmap first")
    text = k.follow("get configmaps -w", "second", lambda: k.ok("create configmap second --from-literal=a=1"))
    require(re.search(rf"second +1 +{AGE}", text), f"a row of the watch: {text}")
    k.follow("get configmaps -w --output-watch-events", "DELETED", lambda: k.ok("delete configmap second"))
    k.follow("get configmap first -w -o name", "configmap/first", lambda: k.ok("label configmap first a=b"))


def scene_describe(k):
    start_web(k)
    k.says("expose deployment web --port=80 --target-port=8080", "service/web exposed")
    pod = k.ok("get pods -o name").splitlines()[0]
    k.wait("the pod's events", lambda: "Started" in k.ok(f"describe {pod}"))
    text = k.shows(f"describe {pod}", "Status:           Running" if k.minor > 23 else "Status:       Running",
                   re.compile(r"Controlled By: +ReplicaSet/web-"), re.compile(r"QoS Class: +BestEffort"), re.compile(r"Node: +hollow-\d/"),
                   re.compile(r"Tolerations: +node.kubernetes.io/not-ready:NoExecute op=Exists for 300s"),
                   re.compile(rf"Normal +Scheduled +{AGE} +default-scheduler +Successfully assigned {k.namespace}/web-\S+ to hollow-\d"))
    events = re.findall(r"Normal +(\w+) ", text[text.index("Events:"):])
    require(events == ["Scheduled", "Pulled", "Created", "Started"] or events == ["Scheduled", "Pulling", "Pulled", "Created", "Started"],
            f"a pod's events are in order: {events}")
    k.shows("describe deployment web", re.compile(r"Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable"),
            re.compile(r"StrategyType: +RollingUpdate"), re.compile(r"RollingUpdateStrategy: +25% max unavailable, 25% max surge"),
            re.compile(r"Available +True +MinimumReplicasAvailable"), re.compile(r"Progressing +True +NewReplicaSetAvailable"),
            re.compile(r"NewReplicaSet: +web-\S+ \(2/2 replicas created\)"),
            re.compile(r"ScalingReplicaSet +\S+ +deployment-controller +Scaled up replica set web-\S+ from 0 to 2"))
    k.shows("describe rs", re.compile(r"Replicas: +2 current / 2 desired"), "2 Running / 0 Waiting / 0 Succeeded / 0 Failed",
            re.compile(r"Controlled By: +Deployment/web"), re.compile(r"SuccessfulCreate +\S+ +replicaset-controller +Created pod: web-"))
    k.wait("endpoints in describe", lambda: re.search(r"Endpoints: +10\.\d+\.\d+\.\d+:8080,10", k.ok("describe service web")))
    k.shows("describe service web", re.compile(r"Selector: +app=web"), re.compile(r"IP: +10\.98\."), re.compile(r"TargetPort: +8080/TCP"),
            re.compile(r"Session Affinity: +None"))
    k.shows("describe node hollow-0", re.compile(r"Ready +True .*KubeletReady +kubelet is posting ready status"),
            "Capacity:", "Allocatable:", "Non-terminated Pods:", "Allocated resources:", re.compile(r"HolderIdentity: +hollow-0"),
            re.compile(r"PodCIDR: +10\.246\.\d+\.0/24"), re.compile(r"PodCIDRs: +10\.246\.\d+\.0/24"),
            re.compile(r"cpu +0 \(0%\)"))
    k.shows("describe namespace default", re.compile(r"Name: +default"), re.compile(r"Status: +Active"))
    k.ok("create configmap note --from-literal=colour=red")
    k.shows("describe configmap note", "Data\n====\ncolour:\n----\nred\n")
    k.ok("create secret generic key --from-literal=word=hush")
    k.shows("describe secret key", "Type:  Opaque", "word:  4 bytes")
    k.wait("the default service account", lambda: k.run("get serviceaccount default")[0] == 0)
    k.shows("describe serviceaccount default", re.compile(r"Name: +default"))
    k.shows("describe lease -n kube-node-lease hollow-0", re.compile(r"Holder Identity: +hollow-0"))
    if k.minor >= 21:  # older ones ask for discovery.k8s.io/v1beta1, which upstream no longer serves either
        k.shows("describe endpointslices", "web-", "8080")
    k.shows("describe endpoints web", re.compile(r"8080 +TCP"))
    k.refused("describe pod nosuch", 'Error from server (NotFound): pods "nosuch" not found')


def scene_events(k):
    start_web(k, replicas=1)
    k.wait("events", lambda: "Started" in k.ok("get events"))
    rows = k.table("get events")
    require(list(rows[0]) == ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], f"columns: {list(rows[0])}")
    require(any(row["REASON"] == "Scheduled" and row["OBJECT"].startswith("pod/web-") for row in rows), f"rows: {rows}")
    rows = k.table("get events --field-selector involvedObject.kind=Deployment,reason=ScalingReplicaSet")
    require(len(rows) == 1 and rows[0]["OBJECT"] == "deployment/web", f"by involvedObject.kind: {rows}")
    k.shows("get events.events.k8s.io -o json", '"regarding"')
    k.shows("get events -o wide", "SUBOBJECT", "SOURCE", "FIRST SEEN", "COUNT")


def scene_services(k):
    k.says("create service clusterip one --tcp=80:8080", "service/one created")
    k.says("create service nodeport two --tcp=80:8080", "service/two created")
    k.says("create service externalname three --external-name=example.com", "service/three created")
    k.says("create service loadbalancer four --tcp=80:8080", "service/four created")
    k.says("create service clusterip five --clusterip=None", "service/five created")
    rows = {row["NAME"]: row for row in k.table("get services -o wide")}
    require(list(rows["one"]) == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "SELECTOR"], f"{rows['one']}")
    require(rows["one"]["TYPE"] == "ClusterIP" and rows["one"]["CLUSTER-IP"].startswith("10.98."), f"{rows['one']}")
    require(re.fullmatch(r"80:3\d{4}/TCP", rows["two"]["PORT(S)"]), f"{rows['two']}")
    require((rows["three"]["CLUSTER-IP"], rows["three"]["EXTERNAL-IP"], rows["three"]["PORT(S)"]) == ("<none>", "example.com", "<none>"),
            f"{rows['three']}")
    require(rows["four"]["EXTERNAL-IP"] == "<pending>", f"{rows['four']}")
    require(rows["five"]["CLUSTER-IP"] == "None", f"{rows['five']}")
    k.shows("get service kubernetes -n default", "10.98.0.1", "443/TCP")
    k.shows("describe service two", re.compile(r"NodePort: +80-8080 +3\d{4}/TCP"), re.compile(r"External Traffic Policy: +Cluster"))


def scene_nodes(k):
    rows = k.table("get nodes -o wide")
    require([row["NAME"] for row in rows] == ["hollow-0", "hollow-1", "hollow-2"], f"nodes: {rows}")
    require(list(rows[0]) == ["NAME", "STATUS", "ROLES", "AGE", "VERSION", "INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION",
                              "CONTAINER-RUNTIME"], f"columns: {list(rows[0])}")
    require(all(row["VERSION"] == "v1.36.0" and row["ROLES"] == "<none>" for row in rows), f"nodes: {rows}")
    node = f"hollow-{k.minor % 2}"  # not the one of the other kubectl, which may run at the same time
    k.says(f"cordon {node}", f"node/{node} cordoned")
    rows = {row["NAME"]: row for row in k.table("get nodes")}
    require(rows[node]["STATUS"] == "Ready,SchedulingDisabled", f"{rows[node]}")
    k.says(f"uncordon {node}", f"node/{node} uncordoned")
    key = f"key{k.minor}"
    k.says(f"taint nodes {node} {key}=v:NoSchedule", f"node/{node} tainted")
    k.shows(f"describe node {node}", f"{key}=v:NoSchedule")
    k.says(f"taint nodes {node} {key}-", f"node/{node} untainted")
    k.says(f"label node {node} {key}=v", f"node/{node} labeled")
    require(k.ok(f"get nodes -l {key}=v -o name") == f"node/{node}", "node by label")
    k.ok(f"label node {node} {key}-")


def scene_logs(k):
    start_web(k, replicas=1)
    pod = k.ok("get pods -o name")
    code, out, err = k.run(f"logs {pod}")
    require(code == 0 and out == "" or code == 1 and err.startswith("Error from server"), f"logs of a hollow pod: {code} {out} {err}")
    missing = 'Error from server (NotFound): pods "nosuch" not found'
    k.refused("logs nosuch", missing if k.minor < 32 else f'error: error from server (NotFound): pods "nosuch" not found in namespace "{k.namespace}"')
    code, _, err = k.run(f"logs {pod} -c nosuch")
    require(code == 1 and "container nosuch is not valid for pod" in err, f"logs of a missing container: {err}")


def scene_wait(k):
    start_web(k)
    k.says("wait --for=condition=Available deployment/web --timeout=20s", "deployment.apps/web condition met")
    out = k.ok("wait --for=condition=Ready pod -l app=web --timeout=20s")
    require(len(re.findall(r"pod/web-\S+ condition met", out)) == 2, out)
    k.refused("wait --for=condition=Never deployment/web --timeout=1s",
              "error: timed out waiting for the condition on deployments/web")
    if k.minor >= 23:
        k.says("wait --for=jsonpath='{.status.readyReplicas}'=2 deployment/web --timeout=20s", "deployment.apps/web condition met")
    k.file("held.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.com/hold]}\n")
    k.ok("create -f held.yaml")
    k.ok("delete configmap held --wait=false")
    k.refused("wait --for=delete configmap/held --timeout=1s", re.compile(  # behind kubectl's own words about a short watch
        "(.*\n)*error: timed out waiting for the condition on configmaps/held"))
