#!/usr/bin/env python3
"""What the tutorial in config/examples/hot-swap does: install, `troupe new`, change a rule, build, swap, roll back.

usage: package.py BUILD_FOLDER     exit code 77: no kubectl on this machine
"""
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "kubectl"))
from client import Failed, Kubectl, require, version_of  # noqa: E402
from host import Host  # noqa: E402

SKIPPED = 77
STEP_SECONDS_MAX = 150
# Of processor time: what a build takes on a machine that does other things, too, says nothing.
EDIT_CPU_SECONDS_MAX = 10
AGE_SECONDS = 5
ROLE = "controllers/replicaset"
RULE = re.compile(r"    return std::make_tuple\(node\.empty.*?;\n", re.DOTALL)
NEW_RULE = "    (void) node; (void) ready; (void) now_seconds;\n    return item.created; // the oldest go first\n"
SET = """apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: demo }
spec:
  replicas: 1
  selector: { matchLabels: { app: demo } }
  template:
    metadata: { labels: { app: demo } }
    spec: { containers: [ { name: main, image: demo } ] }
"""


def run(*command, code=0):
    """Output of a command; it must end with this code."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=STEP_SECONDS_MAX)
    text = done.stdout + done.stderr
    require(done.returncode == code, f"{' '.join(command)}: exit code {done.returncode}\n{text[-4000:]}")
    return text


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(what, *command):
    began, cpu = time.monotonic(), cpu_seconds()
    run(*command)
    used = cpu_seconds() - cpu
    print(f"{what}: {time.monotonic() - began:.1f} s, {used:.1f} s of processor time", flush=True)
    return used


def make_project(build, home):
    """Returns the installed program, a controller's plugin, built from an edited project, and a scheduler's."""
    prefix, project = os.path.join(home, "prefix"), os.path.join(home, "oldest-first")
    run("cmake", "--install", build, "--prefix", prefix)
    troupe = os.path.join(prefix, "bin", "troupe")
    run(troupe, "new", "controller", "oldest-first", project)
    run(troupe, "new", "controller", "oldest-first", project, code=1)  # it exists
    out = os.path.join(project, "build")
    run("cmake", "-S", project, "-B", out, f"-DCMAKE_PREFIX_PATH={prefix}")
    measured("first build", "cmake", "--build", out, "-j2", "--target", "oldest-first")
    measured("its test", "cmake", "--build", out, "-j2")
    run("ctest", "--test-dir", out)
    rule = os.path.join(project, "decide_replicas.cpp")
    with open(rule, encoding="utf-8") as file:
        text = file.read()
    require(RULE.search(text), "decide_replicas.cpp has another rule than this test knows")
    with open(rule, "w", encoding="utf-8") as file:
        file.write(RULE.sub(NEW_RULE, text))
    used = measured("build after an edit", "cmake", "--build", out, "--target", "oldest-first")
    require(used < EDIT_CPU_SECONDS_MAX, f"a build after an edit takes {used:.1f} s of processor time")
    packed = os.path.join(home, "packed")
    run(troupe, "new", "scheduler", "packed", packed)
    run("cmake", "-S", packed, "-B", os.path.join(packed, "build"), f"-DCMAKE_PREFIX_PATH={prefix}")
    measured("the scheduler's plugin and its test", "cmake", "--build", os.path.join(packed, "build"), "-j2")
    run("ctest", "--test-dir", os.path.join(packed, "build"))
    return troupe, os.path.join(out, "oldest-first.so"), os.path.join(packed, "build", "packed.so"), project


def pods_by_age(k):
    """Names of the pods that stay, oldest first."""
    items = [each for each in k.json("get pods -l app=demo")["items"] if "deletionTimestamp" not in each["metadata"]]
    return [each["metadata"]["name"] for each in sorted(items, key=lambda each: each["metadata"]["creationTimestamp"])]


def grow(k, count):
    """One more pod, some seconds younger than the others."""
    k.wait("time between the pods", lambda: time.monotonic() > grow.at)
    k.ok(f"scale rs/demo --replicas={count}")
    k.wait(f"{count} pods", lambda: k.value("rs/demo", ".status.readyReplicas") == str(count))
    grow.at = time.monotonic() + AGE_SECONDS


grow.at = 0.0


def shrink(k, count):
    k.wait("the youngest's age", lambda: time.monotonic() > grow.at - AGE_SECONDS + 1)
    k.ok(f"scale rs/demo --replicas={count}")
    k.wait(f"{count} pods", lambda: len(pods_by_age(k)) == count)


def try_it(k, host, troupe, plugin, packed, project):
    def swap(*words, code=0):
        text = run(troupe, "swap", *words, "--data", host.data, code=code)
        print(text, flush=True)
        return text

    k.ok(f"apply -f {k.file('set.yaml', SET)}")
    for count in [1, 2, 3]:
        grow(k, count)
    first, second, third = pods_by_age(k)
    require("is no shared object" in swap(ROLE, os.path.join(project, "README.md"), code=1), "a text file was not refused")
    require("not of `scheduler`" in swap("scheduler", plugin, code=1), "a controller's plugin was not refused by the scheduler")
    answer = swap(ROLE, plugin, "--probation", "2s")
    require("now runs oldest-first 1" in answer, answer)
    shrink(k, 2)
    require(pods_by_age(k) == [second, third], f"the oldest pod, {first}, stayed: {pods_by_age(k)}")
    k.wait("the version is settled", lambda: re.search(r"settled +oldest-first 1", swap(ROLE, "--history")), 10)
    k.wait("an Event tells", lambda: "SwapSettled" in k.ok("get events -n default"))
    answer = swap(ROLE, "--rollback")
    require("now runs built-in" in answer, answer)
    grow(k, 3)
    shrink(k, 2)
    require(pods_by_age(k) == [second, third], f"the built-in rule keeps the older pods: {pods_by_age(k)}")
    # The scheduler: all new pods on one node, where the built-in rules spread them over three.
    swap("scheduler", packed, "--probation", "1s")
    k.ok(f"apply -f {k.file('many.yaml', SET.replace('demo', 'many').replace('replicas: 1', 'replicas: 6'))}")
    k.wait("six pods", lambda: k.value("rs/many", ".status.readyReplicas") == "6")
    nodes = k.value("pods -l app=many", ".items[*].spec.nodeName").split()
    require(len(nodes) == 6 and len(set(nodes)) == 1, f"the pods are spread: {nodes}")
    k.wait("the scheduler's version is settled", lambda: re.search(r"settled +packed 1", swap("scheduler", "--history")), 10)
    swap("scheduler", "--rollback")
    swap("--history")


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD_FOLDER")
    with open(os.path.join(sys.argv[1], "CMakeCache.txt"), encoding="utf-8") as cache:
        if "CMAKE_BUILD_TYPE:STRING=Asan" in cache.read():
            print("skipped: an installed program has no sanitizers (hotswap_integration_test swaps plugins with them)")
            sys.exit(SKIPPED)
    kubectl = shutil.which(os.environ.get("KUBECTL") or "kubectl")
    if kubectl is None:
        print("skipped: no kubectl in KUBECTL or PATH")
        sys.exit(SKIPPED)
    home = tempfile.mkdtemp(prefix="troupe-plugin-")
    host = None
    try:
        troupe, plugin, packed, project = make_project(sys.argv[1], home)
        host = Host(troupe)
        k = Kubectl(kubectl, version_of(kubectl)[0], host, "plugin", home)
        k.ok("create namespace plugin")
        try_it(k, host, troupe, plugin, packed, project)
    except Failed as error:
        print(f"FAILED: {error}\n{host.log_tail() if host else ''}")
        sys.exit(1)
    finally:
        if host:
            host.stop()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
