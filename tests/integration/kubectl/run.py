#!/usr/bin/env python3
"""Runs all scenes with each kubectl on one host with hollow nodes; prints the versions and what differs."""
import concurrent.futures
import importlib
import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Failed, Kubectl, version_of  # noqa: E402
from host import Host  # noqa: E402

SKIPPED = 77
MODULES = ["reading", "objects", "rollouts", "removing", "refusals", "discovery", "troupe"]
AT_ONCE_MAX = 3
# Scenes that need a role which a build may lack.
NEEDS = {"cascade": "controllers/garbagecollector", "namespace": "controllers/namespace"}


def kubectls():
    """Paths of the kubectls to test, each version once."""
    named = os.environ.get("KUBECTLS", "").split(":") if os.environ.get("KUBECTLS") else \
        [os.environ.get("KUBECTL") or "kubectl"]
    found = [shutil.which(name) for name in named if name]
    for name, path in zip(named, found):
        if path is None:
            print(f"no kubectl at {name}: not tested")
    return {version_of(path): path for path in found if path}


def scenes(wanted):
    for module in MODULES:
        for name, function in vars(importlib.import_module(f"scenes.{module}")).items():
            if name.startswith("scene_") and (not wanted or name[6:] in wanted):
                yield name[6:].replace("_", "-"), function


def play(name, function, binary, minor, host, home):
    """Returns the report's line, and whether all was well."""
    began = time.monotonic()
    if NEEDS.get(name) not in [None, *host.roles]:
        return True, f"skipped {name}: this build has no role {NEEDS[name]}"
    k = Kubectl(binary, minor, host, f"{name}-{minor}", home)
    try:
        k.says(f"create namespace {k.namespace}", f"namespace/{k.namespace} created")
        function(k)
        k.ok(f"delete namespace {k.namespace} --wait=false")
        return True, f"ok      {name}: {k.count} commands, {time.monotonic() - began:.1f} s"
    except Failed as error:
        return False, f"FAILED  {name} (kubectl 1.{minor}):\n{error}"


def main():
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} TROUPE [SCENE ...]")
    versions = kubectls()
    if not versions:
        print("skipped: no kubectl in KUBECTLS, KUBECTL or PATH")
        sys.exit(SKIPPED)
    began = time.monotonic()
    host = Host(sys.argv[1])
    well, homes = True, []
    try:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE_MAX) as pool:
            jobs = []
            for (minor, _), binary in versions.items():
                homes.append(tempfile.mkdtemp(prefix="troupe-kubectl-home-"))
                jobs += [pool.submit(play, name, function, binary, minor, host, homes[-1])
                         for name, function in scenes([word.replace("-", "_") for word in sys.argv[2:]])]
            for job in jobs:
                fine, line = job.result()
                well = well and fine
                print(line, flush=True)
        if not well:
            print("the host's log says:\n" + host.log_tail())
    finally:
        code = host.stop()
        for home in homes:
            shutil.rmtree(home, ignore_errors=True)
    if code != 0:
        print(f"FAILED  the host's exit code: {code}")
    print(f"tested with kubectl {', '.join(text for _, text in versions)} in {time.monotonic() - began:.0f} s")
    sys.exit(0 if well and code == 0 else 1)


if __name__ == "__main__":
    main()
