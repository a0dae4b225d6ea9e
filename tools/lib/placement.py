#!/usr/bin/env python3
"""What the tools need to know of a placement file, as shell assignments. troupe itself validates the file.

usage: placement.py FILE
prints: host=..., bridges="...", tables="...", service_cidr=..., pod_cidr=..., nodes="..." (those with containers)
"""
import shlex
import sys

import yaml

# What their roles call them unless told otherwise.
TABLES = {"proxy": "troupe", "podnetwork": "troupe-podnet"}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            placement = yaml.safe_load(file)
    except (OSError, yaml.YAMLError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    if not isinstance(placement, dict):
        sys.exit(f"{sys.argv[1]}: not a placement file: no mapping at its top")
    roles = [role for role in placement.get("roles") or [] if isinstance(role, dict)]
    kubelets = [role for role in roles if role.get("role") == "kubelet" and not role.get("hollow")]
    cluster = placement.get("cluster") or {}
    hosts = placement.get("hosts") or [{}]
    values = {
        "host": hosts[0].get("name", ""),
        "bridges": " ".join(str(role.get("bridge", "troupe0")) for role in kubelets),
        "tables": " ".join(str(role.get("table", TABLES[role["role"]])) for role in roles if role.get("role") in TABLES),
        "service_cidr": cluster.get("serviceCIDR", "10.96.0.0/16"),
        "pod_cidr": cluster.get("podCIDR", "10.244.0.0/16"),
        "nodes": " ".join(str(role.get("node", "")) for role in kubelets),
    }
    for name, value in values.items():
        print(f"{name}={shlex.quote(str(value))}")


main()
