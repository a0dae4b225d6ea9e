"""Right requests to begin with: the verbs, the body formats, what is beside the API. Pure."""
import json

NAMESPACE = "fuzz"
BASE = f"/api/v1/namespaces/{NAMESPACE}"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
JSON = "application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"


def field(number, value):
    """One field of a Protobuf message: a number, or bytes with their length in front."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def entry(key, value):
    return field(1, key) + field(2, value)


def envelope(version, kind, raw):
    return b"k8s\x00" + field(1, field(1, version) + field(2, kind)) + field(2, raw)


def protobuf_configmap(name):
    return envelope(b"v1", b"ConfigMap", field(1, field(1, name) + field(3, NAMESPACE.encode())) + field(2, entry(b"a", b"b")))


def protobuf_deployment(name):
    labels = entry(b"app", b"x")
    template = field(1, field(11, labels)) + field(2, field(2, field(1, b"c") + field(2, b"image")))
    spec = field(1, 3) + field(2, field(1, labels)) + field(3, template)
    return envelope(b"apps/v1", b"Deployment", field(1, field(1, name) + field(3, NAMESPACE.encode())) + field(2, spec))


CONFIGMAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": NAMESPACE, "labels": {"a": "b"},
             "annotations": {"x": "y"}}, "data": {"k": "v", "\u00e9": "\u20ac"}, "binaryData": {"z": "aGVsbG8="}}
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}, "spec": {"containers": [
    {"name": "c", "image": "i", "ports": [{"containerPort": 80}], "env": [{"name": "A", "value": "1"}],
     "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}, "livenessProbe": {"httpGet": {"port": 80, "path": "/"}}}],
    "tolerations": [{"key": "k", "operator": "Exists", "tolerationSeconds": 5}],
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}]}}}, "terminationGracePeriodSeconds": 1}}
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"generateName": "d-"}, "spec": {
    "replicas": 1, "selector": {"matchLabels": {"app": "x"}}, "strategy": {"rollingUpdate": {"maxSurge": "25%"}},
    "template": {"metadata": {"labels": {"app": "x"}}, "spec": POD["spec"]}}}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "s-"}, "spec": {
    "selector": {"app": "x"}, "ports": [{"port": 80, "targetPort": "http", "protocol": "TCP", "nodePort": 0}], "type": "NodePort"}}
PATCH = [{"op": "add", "path": "/data/x", "value": "1"}, {"op": "test", "path": "/data/k", "value": "v"},
         {"op": "copy", "from": "/data/k", "path": "/data/y"}, {"op": "remove", "path": "/data/x"}]


def request(method, path, body=None, kind=JSON, accept=JSON):
    """(method, path, headers, body)"""
    headers = [("Host", "127.0.0.1"), ("Accept", accept)]
    if body is not None:
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers.append(("Content-Type", kind))
    return method, path, headers, body


TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
SAMPLES = [
    request("GET", f"{BASE}/configmaps?limit=3&labelSelector=a%3Db&fieldSelector=metadata.name%3Dc"),
    request("GET", f"{BASE}/configmaps?limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJjIn0"),
    request("GET", f"{BASE}/configmaps?resourceVersion=1&resourceVersionMatch=NotOlderThan&timeoutSeconds=1", accept=TABLE),
    request("GET", f"{BASE}/configmaps/c?pretty=true"),
    request("GET", f"{BASE}/configmaps?watch=1&timeoutSeconds=1&allowWatchBookmarks=true&sendInitialEvents=true"
                   "&resourceVersionMatch=NotOlderThan"),
    request("GET", f"{BASE}/pods/p/log?container=c&tailLines=5&sinceSeconds=3"),
    request("GET", "/apis", accept="application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"),
    request("GET", "/openapi/v3/apis/apps/v1?hash=1"), request("GET", "/metrics"), request("GET", "/troupe/v1/state"),
    request("GET", "/readyz?verbose&exclude=ping"), request("GET", "/version"), request("HEAD", f"{BASE}/configmaps/c"),
    request("POST", f"{BASE}/configmaps?dryRun=All&fieldValidation=Strict&fieldManager=f", CONFIGMAP),
    request("PUT", f"{BASE}/configmaps/c", CONFIGMAP),
    request("POST", f"{BASE}/configmaps", protobuf_configmap(b"pb"), PROTOBUF),
    request("POST", f"{DEPLOYMENTS}?dryRun=All", protobuf_deployment(b"pb"), PROTOBUF),
    request("POST", f"{BASE}/pods?dryRun=All", POD), request("POST", f"{DEPLOYMENTS}?dryRun=All", DEPLOYMENT),
    request("POST", f"{BASE}/services?dryRun=All", SERVICE),
    request("PATCH", f"{BASE}/configmaps/c", PATCH, "application/json-patch+json"),
    request("PATCH", f"{BASE}/configmaps/c", {"data": {"k": None, "n": "1"}}, "application/merge-patch+json"),
    request("PATCH", f"{BASE}/configmaps/c", {"data": {"$patch": "replace", "k": "v"}}, "application/strategic-merge-patch+json"),
    request("DELETE", f"{BASE}/configmaps/pb", {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0,
                                                  "preconditions": {"uid": "x"}}),
    request("POST", f"{BASE}/pods/p/binding", {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"},
                                                "target": {"kind": "Node", "name": "n"}}),
    request("POST", f"{BASE}/serviceaccounts/default/token", {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                                                               "spec": {"expirationSeconds": 600}}),
    request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}),
    request("POST", "/troupe/v1/actions", {"command": ["nothing", "scheduler"]}),
]
