#!/usr/bin/env python3
"""Store shards that move between hosts, under load, with either side killed at random moments.

usage: run.py TROUPE [--seed N] [--rounds N] [--megabytes N] [--measure]
--measure: only one move, of so many megabytes, for the pause of a large shard: run.py TROUPE --measure --megabytes 1024
"""
import argparse
import os
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import CONFIGMAPS, Cluster, Watcher, Writer, Wrong, require, wait_for  # noqa: E402

PAUSE_SECONDS = 1.0
BLOCK = 400_000  # bytes of one object that only fills the shard
MOVE_SECONDS = 120


def is_at(api, shard, host):
    status = api.shard(shard)
    return status.get("host") == host and status.get("phase") == "Running"


def fill(api, megabytes):
    begin = time.monotonic()
    for number in range(megabytes * 1_000_000 // BLOCK):
        code, answer = api.call("POST", CONFIGMAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"fill-{number}"},
                                                     "data": {"value": "x" * BLOCK}})
        require(code == 201, f"fill: {code} {answer.get('message')}")
    print(f"{megabytes} MB written in {time.monotonic() - begin:.1f} s")


class Test:
    def __init__(self, cluster, seed):
        self.cluster, self.random = cluster, random.Random(seed)
        self.api = cluster.api(cluster.names[-1])
        self.loads = 0

    def load(self):
        revision = self.api.call("GET", f"{CONFIGMAPS}?limit=1")[1]["metadata"]["resourceVersion"]
        self.loads += 1
        self.name = f"load-{self.loads}"
        self.watcher = Watcher(self.name, self.cluster, self.cluster.names[-1], int(revision))
        self.writers = [Writer(self.name, f"w{index}", self.cluster.api(name)) for index, name in enumerate(self.cluster.names)]
        wait_for("the load is under way", 10, lambda: all(len(w.acknowledged) > 20 for w in self.writers))

    def move(self, shard, host, asked=None):
        begin = time.monotonic()
        while True:
            out = self.cluster.troupe(asked or self.cluster.names[-1], "move", f"store/{shard}", host, code=None)
            if "with its data" in out:
                return begin
            require(time.monotonic() - begin < 20, out)  # a host that was killed just before may not be known to be back
            time.sleep(0.2)

    def moved(self, shard, host, begin):
        wait_for(f"{shard} is on {host}", MOVE_SECONDS, lambda: is_at(self.api, shard, host))
        return time.monotonic() - begin

    def verify(self):
        """Every acknowledged write is found through every apiserver, and was seen by the watch, once."""
        for writer in self.writers:
            writer.finish()
            require(not writer.wrong, f"writes were refused: {writer.wrong[:3]}")
        acknowledged = {name: revision for w in self.writers for name, revision in w.acknowledged.items()}
        unknown = set().union(*(w.unknown for w in self.writers))
        require(len(set(acknowledged.values())) == len(acknowledged), "two writes have one revision")
        for host in self.cluster.names:
            code, answer = self.cluster.api(host).call("GET", f"{CONFIGMAPS}?labelSelector=load%3D{self.name}")
            require(code == 200, f"list at {host}: {code} {answer.get('message')}")
            found = {item["metadata"]["name"]: int(item["metadata"]["resourceVersion"]) for item in answer["items"]}
            missing = [name for name, revision in acknowledged.items() if found.get(name) != revision]
            require(not missing, f"{host}: acknowledged writes are missing: {sorted(missing)[:5]} of {len(missing)}")
            more = set(found) - set(acknowledged) - unknown
            require(not more, f"{host}: nobody wrote {sorted(more)[:5]}")
        wait_for("the watch has all", 20, lambda: self.watcher.wrong or set(found) <= set(self.watcher.seen))
        require(not self.watcher.wrong, f"the watch: {self.watcher.wrong[:3]}")
        self.watcher.stopping = True
        print(f"{len(acknowledged)} acknowledged writes found, {len(unknown)} of unknown outcome; the watch had each once")

    # ---- one part each

    def moves_under_load(self):
        self.load()
        for shard, host in (("main", 1), ("main", 0), ("events", 1)):
            host = self.cluster.names[host]
            begin = self.move(shard, host)
            took = self.moved(shard, host, begin)
            longest = max(w.longest(begin) for w in self.writers)
            print(f"store/{shard} moved to {host} in {took:.2f} s; the longest write meanwhile took {1000 * longest:.0f} ms")
            require(longest <= PAUSE_SECONDS or shard != "main", f"the move stopped writes for {longest:.2f} s")
        for writer in self.writers:
            require(not writer.unknown, f"writes without an answer: {sorted(writer.unknown)[:3]}")
        self.verify()
        require(any("no host took writes" in text for text in self.api.events("Moved")), "no Event tells of the move's end")
        require(any("copies store/main from" in text for text in self.api.events("MoveStarted")), "no Event tells of the move's begin")
        for text in self.api.events("Moved"):
            print(f"  Event: {text}")

    def refusals(self):
        a, b, c = self.cluster.names
        refused = lambda *words: self.cluster.troupe(c, *words, code=1)
        require("no host is named `host-z`" in refused("move", "store/main", "host-z"), "an unknown host")
        require("did you mean" in refused("move", "store/mian", b), "an unknown shard")
        self.cluster.kill(b)
        conditions = lambda: self.api.call("GET", f"/apis/troupe.dev/v1/hosts/{b}")[1].get("status", {}).get("conditions", [])
        wait_for("host-b is known to be lost", 20, lambda: any(one["type"] == "Ready" and one["status"] != "True" for one in conditions()))
        require("not up" in refused("move", "store/main", b), "a host that is down")
        none = f"{self.cluster.path}/none.yaml"
        with open(none, "w", encoding="utf-8") as out:
            out.write(self.cluster.text.replace("  - { role: store, host: host-a }\n", ""))
        require("store" in self.cluster.troupe(c, "apply", none, code=1), "a file without a store")
        self.cluster.start(b)
        wait_for("host-b is up", 30, lambda: self.cluster.log(b).count("troupe: ready") > 1)
        self.moved("events", b, time.monotonic())

    def a_move_called_off(self):
        a, b, c = self.cluster.names
        begin = self.move("main", b)
        wait_for("it is copied", 30, lambda: self.api.shard("main").get("phase") == "Moving" or is_at(self.api, "main", b), 0.01)
        if not is_at(self.api, "main", b):
            out = self.cluster.troupe(c, "move", "store/main", c, code=1) if self.api.shard("main").get("phase") == "Moving" else ""
            require(not out or "is on its way from" in out or "with its data" in out, out)
        self.cluster.troupe(c, "move", "store/main", a)
        self.moved("main", a, begin)
        wait_for("the half copy is removed", 30, lambda: not os.path.exists(f"{self.cluster.path}/{b}/store/main/data.mdb"))
        print("a move was called off")

    def kills(self, rounds):
        self.load()
        here, there = self.cluster.names[:2]
        for number in range(rounds):
            victim = self.random.choice([here, there])
            begin = self.move("main", there)
            time.sleep(self.random.uniform(0.0, 1.2))
            self.cluster.kill(victim)
            time.sleep(self.random.uniform(0.0, 0.5))
            self.cluster.start(victim)
            took = self.moved("main", there, begin)
            role = "source" if victim == here else "target"
            print(f"round {number + 1}: {role} {victim} killed; store/main is on {there} after {took:.1f} s")
            here, there = there, here
            time.sleep(0.3)
        self.verify()

    def drain(self):
        a, b, c = self.cluster.names
        out = self.cluster.troupe(c, "drain", b)
        require("with its data" in out, out)
        wait_for("host-b has no shard", MOVE_SECONDS, lambda: not any(self.api.shard(s).get("host") == b for s in ("main", "pods", "events", "leases"))
                 and self.api.shard("events").get("phase") == "Running")
        wait_for("its folders are set aside", 30, lambda: not os.path.exists(f"{self.cluster.path}/{b}/store/events/data.mdb"))
        print("host-b was drained")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("troupe")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--megabytes", type=int, default=60)
    parser.add_argument("--measure", action="store_true")
    given = parser.parse_args()
    print(f"seed {given.seed}")
    names = ["host-a", "host-b"] if given.measure else ["host-a", "host-b", "host-c"]
    with Cluster(os.path.abspath(given.troupe), names) as cluster:
        try:
            cluster.start_all()
            test = Test(cluster, given.seed)
            fill(test.api, given.megabytes)
            if given.measure:
                test.load()
                begin = test.move("main", "host-b")
                took = test.moved("main", "host-b", begin)
                print(f"{given.megabytes} MB moved in {took:.1f} s; the longest write meanwhile took "
                      f"{1000 * max(w.longest(begin) for w in test.writers):.0f} ms; {test.api.events('Moved')}")
                test.verify()
                return
            test.moves_under_load()
            test.refusals()
            test.a_move_called_off()
            test.kills(given.rounds)
            test.drain()
        except Wrong as wrong:
            print(f"FAILED (seed {given.seed}): {wrong}")
            for name in names:
                print(f"---- {name}\n" + "\n".join(cluster.log(name).splitlines()[-40:]))
            sys.exit(1)
    print("all well")


if __name__ == "__main__":
    main()
