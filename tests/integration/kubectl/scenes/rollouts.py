"""rollout, scale, expose: what a deployment's life looks like."""
import re

from client import require
from scenes.reading import start_web


def image(k):
    return k.value("deployment web", ".spec.template.spec.containers[0].image")


def rolled_out(k):
    out = k.ok("rollout status deployment/web --timeout=30s")
    require(out.splitlines()[-1] == 'deployment "web" successfully rolled out', out)


def scene_rollout(k):
    start_web(k)
    k.ok("annotate deployment web kubernetes.io/change-cause=first")
    k.says("set image deployment/web nginx=nginx:2", "deployment.apps/web image updated")
    k.ok("annotate deployment web kubernetes.io/change-cause=second")
    rolled_out(k)
    k.wait("change causes", lambda: re.fullmatch(
        r"deployment.apps/web \nREVISION +CHANGE-CAUSE\n1 +first\n2 +second", k.ok("rollout history deployment/web")))
    k.shows("rollout history deployment/web --revision=1", "deployment.apps/web with revision #1", "Image:\tnginx:1")
    k.says("rollout undo deployment/web", "deployment.apps/web rolled back")
    rolled_out(k)
    require(image(k) == "nginx:1", "undo brings the first image back")
    k.shows("rollout history deployment/web", re.compile(r"\n2 +second\n3 +first"))
    k.says("rollout undo deployment/web --to-revision=2", "deployment.apps/web rolled back")
    rolled_out(k)
    require(image(k) == "nginx:2", "undo to a revision")
    k.refused("rollout undo deployment/web --to-revision=77", "error: unable to find specified revision 77 in history")


def scene_pause(k):
    start_web(k)
    k.says("rollout pause deployment/web", "deployment.apps/web paused")
    k.refused("rollout pause deployment/web", 'error: deployments.apps "web" is already paused')
    k.ok("set image deployment/web nginx=nginx:3")
    k.refused("rollout status deployment/web --timeout=1s", "error: timed out waiting for the condition")
    k.says("rollout resume deployment/web", "deployment.apps/web resumed")
    k.refused("rollout resume deployment/web", 'error: deployments.apps "web" is not paused')
    rolled_out(k)
    k.says("rollout restart deployment/web", "deployment.apps/web restarted")
    rolled_out(k)
    require(k.value("deployment web", r".spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt"), "restartedAt")
    k.wait("two pods of the new template", lambda: len(k.ok("get pods -o name").splitlines()) == 2)


def scene_scale(k):
    start_web(k, replicas=1)
    k.says("scale deployment/web --replicas=3", "deployment.apps/web scaled")
    rolled_out(k)
    require(len(k.ok("get pods -o name").splitlines()) == 3, "three pods")
    k.refused("scale deployment/web --replicas=1 --current-replicas=9",
              re.compile("error: Expected replicas to be 9, was 3"))
    k.refused("scale deployment/web --replicas=-1",
              "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    k.says("scale deployment/web --replicas=0 --current-replicas=3", "deployment.apps/web scaled")
    k.wait("no pods", lambda: k.ok("get pods -o name") == "")
    k.refused("scale deployment/nosuch --replicas=1",
              re.compile('error: no objects passed to scale|Error from server \\(NotFound\\): deployments.apps "nosuch" not found|'
                         'error: no objects passed to scale deployments.apps "nosuch" not found'))
    k.says("get --raw /apis/apps/v1/namespaces/" + k.namespace + "/deployments/web/scale", k.ok(
        "get --raw /apis/apps/v1/namespaces/" + k.namespace + "/deployments/web/scale"))


def scene_expose(k):
    start_web(k)
    k.says("expose deployment web --port=80 --target-port=8080 --type=NodePort", "service/web exposed")
    k.refused("expose deployment web --port=80", re.compile(r'Error from server \(AlreadyExists\): services "web" already exists'))
    address = k.wait("two addresses", lambda: [row for row in k.table("get endpoints web") if row["ENDPOINTS"].count(":8080") == 2])
    require(list(address[0]) == ["NAME", "ENDPOINTS", "AGE"], f"columns of endpoints: {address}")
    row = k.wait("an endpoint slice", lambda: [row for row in k.table("get endpointslices") if row["PORTS"] == "8080"])[0]
    require(list(row) == ["NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"] and row["ADDRESSTYPE"] == "IPv4", f"{row}")
    k.ok("scale deployment web --replicas=0")
    k.wait("no addresses", lambda: k.table("get endpoints web")[0]["ENDPOINTS"] == "<none>")
