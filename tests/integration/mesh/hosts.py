#!/usr/bin/env python3
"""Three `troupe host` processes as an operator runs them: certificates, ps, kill, links, a host that dies, an ordered stop.

usage: hosts.py PROGRAM      (host_under_test: the real commands with roles made for tests)
"""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
NAMES = ["host-a", "host-b", "host-c"]
PATIENCE = 20


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(holds, limit=PATIENCE):
    until = time.monotonic() + limit
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


class Cluster:
    def __init__(self, names=NAMES):
        self.folder = tempfile.TemporaryDirectory(prefix="troupe-hosts-")
        self.path = self.folder.name
        self.names = names
        self.running = {}
        self.file = f"{self.path}/placement.yaml"
        lines = ["apiVersion: troupe.dev/v1", "kind: Placement", "hosts:"]
        lines += [f"  - {{name: {name}, address: 127.0.0.1:{free_port()}}}" for name in names]
        lines += ["roles:", "  - {role: store, host: host-a}", f"  - {{role: scheduler, host: {names[-1]}}}"]
        lines += [f"  - {{role: apiserver, host: {name}, address: 127.0.0.1:{free_port()}}}" for name in names[:2]]
        with open(self.file, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running.values():
            process.kill()
            process.wait()
        self.folder.cleanup()

    def run(self, *words, host=None, code=0):
        data = ["--data", f"{self.path}/{host}"] if host else []
        done = subprocess.run([PROGRAM, *words, *data], capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def make_pki(self):
        return self.run("pki", "init", self.file, "--out", f"{self.path}/pki")

    def start(self, name):
        log = open(f"{self.path}/{name}.log", "ab")
        self.running[name] = subprocess.Popen(
            [PROGRAM, "host", "--placement", self.file, "--name", name, "--pki", f"{self.path}/pki/{name}",
             "--data", f"{self.path}/{name}"], stdout=log, stderr=log)
        log.close()

    def log(self, name):
        with open(f"{self.path}/{name}.log", encoding="utf-8") as file:
            return file.read()

    def start_all(self):
        self.make_pki()
        for name in self.names:
            self.start(name)
        for name in self.names:
            assert eventually(lambda n=name: "troupe: ready" in self.log(n)), self.log(name)
        assert eventually(lambda: self.run("links", host="host-a").count(" up ") == len(self.names) * (len(self.names) - 1))

    def row(self, actor, host="host-a", on=None):
        for line in self.run("ps", host=host).splitlines():
            words = line.split()
            if words[0] == actor and (on is None or words[2] == on):
                return line
        return ""


class Hosts(unittest.TestCase):
    def test_one_cluster(self):
        with Cluster() as cluster:
            cluster.start_all()
            for asked in NAMES:
                shown = cluster.run("ps", host=asked)
                for actor in ("store/pods", "apiserver/host-a", "apiserver/host-b", "scheduler"):
                    self.assertIn(f"\n{actor} ", shown)
                for name in NAMES:
                    self.assertIn("running", cluster.row("gate", asked, name))
            self.assertIn("scheduler killed", cluster.run("kill", "scheduler", host="host-a"))
            self.assertTrue(eventually(lambda: "running" in cluster.row("scheduler")))
            self.assertIn("killed by `troupe kill`", cluster.row("scheduler"))
            self.assertIn("`gate` runs on several hosts", cluster.run("kill", "gate", host="host-a", code=1))
            self.assertIn("no host `host-z`", cluster.run("kill", "gate", "--host", "host-z", host="host-a", code=1))
            cluster.run("kill", "gate", "--host", "host-b", host="host-b")  # from another host the answer would go with the link
            self.assertTrue(eventually(lambda: cluster.run("links", host="host-a").count(" up ") == 6))
            self.assertIn("no actor is named `schedular`; did you mean scheduler",
                          cluster.run("kill", "schedular", host="host-c", code=1))

            cluster.running["host-c"].send_signal(signal.SIGKILL)
            self.assertTrue(eventually(lambda: "host host-c does not answer" in cluster.run("ps", host="host-a")))
            links = cluster.run("links", host="host-b")
            self.assertRegex(links, r"host-a +host-c +down")
            cluster.start("host-c")
            self.assertTrue(eventually(lambda: "running" in cluster.row("scheduler")))

            for name in NAMES:
                cluster.running[name].send_signal(signal.SIGTERM)
                self.assertEqual(cluster.running[name].wait(PATIENCE), 0, cluster.log(name))
            self.assertIn("it closed the link: the host stops", cluster.log("host-c"))

    def test_refused_starts(self):
        with Cluster() as cluster:
            start = ["host", "--placement", cluster.file, "--name", "host-b", "--data", f"{cluster.path}/host-b"]
            self.assertIn(f"make them once with `troupe pki init {cluster.file} --out DIR`", cluster.run(*start, code=2))
            self.assertIn("mesh.crt is missing", cluster.run(*start, "--pki", f"{cluster.path}/nowhere", code=1))
            self.assertIn("made host-b/mesh.crt", cluster.make_pki())
            self.assertIn("kept host-b/mesh.crt", cluster.make_pki())
            wrong = cluster.run(*start, "--pki", f"{cluster.path}/pki/host-a", code=1)
            self.assertIn("is of host-a.troupe.internal, and this host is host-b.troupe.internal", wrong)
            with open(f"{cluster.path}/pki/host-b/mesh.key", "w", encoding="utf-8") as key:
                key.write("nonsense")
            self.assertIn("mesh.key is damaged", cluster.run(*start, "--pki", f"{cluster.path}/pki/host-b", code=1))

    def test_commands(self):
        with Cluster() as cluster:
            self.assertIn("option `--out` is missing", cluster.run("pki", "init", cluster.file, code=2))
            self.assertIn("knows no `make`", cluster.run("pki", "make", cluster.file, code=2))
            self.assertIn("cannot be read", cluster.run("pki", "init", f"{cluster.path}/none", "--out", "x", code=1))


if __name__ == "__main__":
    unittest.main()
