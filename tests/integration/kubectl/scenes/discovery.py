"""version, api-resources, explain, OpenAPI, health."""
import json
import re

from client import require

RESOURCES = {
    "configmaps": "cm v1 true ConfigMap", "endpoints": "ep v1 true Endpoints", "events": "ev v1 true Event",
    "namespaces": "ns v1 false Namespace", "nodes": "no v1 false Node", "pods": "po v1 true Pod",
    "secrets": " v1 true Secret", "serviceaccounts": "sa v1 true ServiceAccount", "services": "svc v1 true Service",
    "deployments": "deploy apps/v1 true Deployment", "replicasets": "rs apps/v1 true ReplicaSet",
    "leases": " coordination.k8s.io/v1 true Lease", "endpointslices": " discovery.k8s.io/v1 true EndpointSlice",
    "hosts": " troupe.dev/v1 false Host", "roles": " troupe.dev/v1 false Role",
    "shards": " troupe.dev/v1 false Shard", "placements": " troupe.dev/v1 false Placement",
}


def scene_discovery(k):
    k.shows("version", "v1.36")
    k.shows("cluster-info", "is running at")
    versions = k.ok("api-versions").splitlines()
    require({"v1", "apps/v1", "coordination.k8s.io/v1", "discovery.k8s.io/v1", "events.k8s.io/v1"} <= set(versions), f"{versions}")
    rows = {}
    for row in k.table("api-resources"):
        rows.setdefault(row["NAME"], []).append(" ".join([row["SHORTNAMES"], row["APIVERSION"], row["NAMESPACED"], row["KIND"]]))
    for name, wanted in RESOURCES.items():
        require(wanted in rows.get(name, []), f"api-resources: {name}: {rows.get(name)}, not {wanted}")
    require("ev events.k8s.io/v1 true Event" in rows["events"], f"events: {rows['events']}")
    k.shows("api-resources --verbs=list,watch --namespaced -o name", "deployments.apps")
    k.shows("api-resources -o wide --api-group=apps", "create", "deletecollection" if k.minor < 26 else "deletecollection")


def scene_explain(k):
    k.shows("explain deployment.spec.strategy", re.compile(r"(FIELD|RESOURCE): +strategy <"), "FIELDS:", "rollingUpdate", "type\t<string>")
    k.shows("explain deployment --recursive", "progressDeadlineSeconds", "terminationGracePeriodSeconds")
    k.shows("explain deployment.spec", re.compile(r"selector\t<\S+> -required-"), re.compile(r"template\t<\S+> -required-"))
    k.shows("explain pod.spec.containers.resources.limits")
    k.shows("explain svc.spec.ports", "targetPort")
    k.shows("explain events --api-version=events.k8s.io/v1", "regarding")
    for kind in ["nodes", "cm", "secrets", "ns", "sa", "rs", "endpoints", "endpointslices", "leases"]:
        k.shows(f"explain {kind}", "metadata\t<ObjectMeta>" if k.minor >= 26 else "metadata\t<Object>")
    k.refused("explain ns.nosuch", re.compile(r'(.*\n)*error: field "nosuch" does not exist'))


def scene_raw(k):
    k.says("get --raw /healthz", "ok")
    k.says("get --raw /livez", "ok")
    k.says("get --raw /readyz", "ok")
    k.shows("get --raw /readyz?verbose", "[+]ping ok", "readyz check passed")
    version = json.loads(k.ok("get --raw /version"))
    require((version["major"], version["minor"]) == ("1", "36"), f"{version}")
    document = json.loads(k.ok("get --raw /openapi/v2"))
    require(document["swagger"] == "2.0" and "io.k8s.api.apps.v1.Deployment" in document["definitions"], "OpenAPI v2")
    paths = json.loads(k.ok("get --raw /openapi/v3"))["paths"]
    require({"api/v1", "apis/apps/v1"} <= set(paths), f"OpenAPI v3: {paths}")
    part = json.loads(k.ok(f"get --raw {paths['apis/apps/v1']['serverRelativeURL']}"))
    require("io.k8s.api.apps.v1.Deployment" in part["components"]["schemas"], "OpenAPI v3 of apps/v1")
    pods = json.loads(k.ok(f"get --raw /api/v1/namespaces/{k.namespace}/pods?limit=1"))
    require(pods["kind"] == "PodList" and pods["items"] == [] and pods["metadata"]["resourceVersion"], f"{pods}")
