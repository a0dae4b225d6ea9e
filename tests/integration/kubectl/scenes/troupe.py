"""Troupe's own kinds: made, shown, changed, explained and refused as custom resources are."""
import json
import re

from client import require


def role(k, epoch):
    """The role's object as it is, with an epoch, for its status."""
    made = json.loads(k.ok(f"get roles.troupe.dev test.{k.namespace} -o json"))
    made["status"] = {"host": "host-a", "epoch": epoch, "phase": "Running", "restarts": 2}
    return json.dumps(made)


def scene_troupe_role(k):
    name = f"test.{k.namespace}"
    manifest = {"apiVersion": "troupe.dev/v1", "kind": "Role", "metadata": {"name": name},
                "spec": {"role": f"test/{k.namespace}", "hosts": ["host-a", "host-b"]}}
    k.file("role.json", json.dumps(manifest))
    k.says("create -f role.json", f"role.troupe.dev/{name} created")
    try:
        path = f"/apis/troupe.dev/v1/roles/{name}/status"
        k.ok(f"replace --raw {path} -f -", stdin=role(k, 3))
        row = k.table(f"get roles.troupe.dev {name}")[0]
        row.pop("AGE")
        require(row == {"NAME": name, "ROLE": f"test/{k.namespace}", "HOST": "host-a", "EPOCH": "3", "PHASE": "Running",
                        "RESTARTS": "2"}, f"row: {row}")
        code, out, err = k.run(f"replace --raw {path} -f -", stdin=role(k, 2))
        require(code != 0 and "must not go down from 3" in out + err, f"a lower epoch: {code} {out} {err}")
        require(k.ok(f"get roles.troupe.dev {name} -o jsonpath='{{.status.epoch}}'") == "3", "the epoch went down")
        k.says(f"patch roles.troupe.dev {name} --type=merge -p '{{\"spec\":{{\"hosts\":[\"host-b\"]}}}}'",
               f"role.troupe.dev/{name} patched")
        require(k.ok(f"get roles.troupe.dev {name} -o jsonpath='{{.metadata.generation}} {{.status.epoch}}'") == "2 3",
                "a change of the spec: generation 2, epoch 3")
        require(name in k.ok("get roles.troupe.dev --field-selector=status.host=host-a -o name"), "status.host")
        k.shows(f"describe roles.troupe.dev {name}", "Epoch:", "host-b")
    finally:
        k.says(f"delete roles.troupe.dev {name}", f'role.troupe.dev "{name}" deleted')


def scene_troupe_kinds(k):
    k.shows("explain roles.spec.hosts", "preferred one first")
    k.shows("explain hosts.status.links", "up, slow or down")
    k.shows("explain placements.spec", re.compile(r"text\t<string> -required-"))
    other = {"apiVersion": "troupe.dev/v1", "kind": "Placement", "metadata": {"name": "other"}, "spec": {"text": "x"}}
    k.refused("create -f -", 'The Placement "other" is invalid: metadata.name: Invalid value: "other": must be "current": '
              "a cluster has one placement, and that is its name", stdin=json.dumps(other))
    k.ok("get hosts,roles,shards,placements")
