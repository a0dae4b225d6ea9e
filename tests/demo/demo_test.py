#!/usr/bin/env python3
"""The pure parts of tools/demo: the list of faults that a seed gives, and what the judge says of recorded histories."""
import itertools
import json
import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "lib"))
from demo import judge, plan, report  # noqa: E402
from demo.judge import Found, History, Recovery, Run, Written  # noqa: E402
from demo.observe import read_event  # noqa: E402

PLACEMENT = {
    "hosts": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
    "roles": [{"role": "store", "host": "a"}, {"role": "apiserver", "host": "b"}, {"role": "kubelet", "host": "c", "node": "n"},
              {"role": "controllers/deployment", "hosts": ["b", "a"]}, {"role": "scheduler", "hosts": ["c", "b"]},
              {"role": "controllers/namespace", "host": "a"}]}
TOPOLOGY = plan.read_topology(PLACEMENT)


def first(count, seed):
    return list(itertools.islice(plan.faults(seed, TOPOLOGY), count))


class Plans(unittest.TestCase):
    def test_a_seed_gives_one_list(self):
        self.assertEqual(first(200, 7), first(200, 7))
        self.assertNotEqual(first(200, 7), first(200, 8))

    def test_a_longer_run_begins_like_a_shorter_one(self):
        short, long = (plan.outline(3, TOPOLOGY, seconds) for seconds in (60, 600))
        self.assertGreater(len(short), 3)
        self.assertEqual(short, long[:len(short)])

    def test_a_deck_has_every_kind(self):
        kinds = {fault.kind for fault in first(len(plan.DECK), 5)}
        self.assertEqual(kinds, set(plan.DECK))

    def test_faults_meet_what_is_there(self):
        for fault in first(500, 11):
            if fault.kind == "kill-role":
                self.assertIn(fault.target, TOPOLOGY.actors)
            elif fault.kind in ("move", "swap"):
                self.assertIn(fault.target, TOPOLOGY.singletons)
            elif fault.kind == "move-shard":
                self.assertIn(fault.target, dict(TOPOLOGY.shards))
            else:
                self.assertIn(fault.target, TOPOLOGY.hosts)
            if fault.kind == "cut-pair":
                self.assertNotEqual(fault.target, fault.other)
            low, high = plan.HOLDS.get(fault.kind, (0, 0))
            self.assertTrue(low <= fault.hold <= high)

    def test_nothing_goes_beyond_the_end(self):
        for at, fault in plan.outline(1, TOPOLOGY, 45):
            self.assertLessEqual(at + fault.hold, 45)

    def test_topology(self):
        self.assertEqual(TOPOLOGY.singletons, ("controllers/deployment", "scheduler"))
        self.assertEqual(TOPOLOGY.shards, tuple((f"store/{shard}", "a") for shard in plan.SHARDS))
        for actor in ("store/main", "store/pods", "apiserver/b", "kubelet/n", "controllers/namespace", "keeper/c"):
            self.assertIn(actor, TOPOLOGY.actors)

    def test_shards_that_are_spread(self):
        spread = plan.read_topology({"hosts": PLACEMENT["hosts"], "roles": [
            {"role": "store", "host": "a"}, {"role": "store", "host": "b", "shards": ["pods"]}]})
        self.assertEqual(sorted(spread.shards), [("store/events", "a"), ("store/leases", "a"), ("store/main", "a"), ("store/pods", "b")])
        self.assertEqual(sorted(actor for actor in spread.actors if actor.startswith("store/")),
                         ["store/events", "store/leases", "store/main", "store/pods"])

    def test_the_command_prints_it(self):
        command = [os.path.join(ROOT, "tools", "demo"), "--plan", "--seed", "4", "--seconds", "60"]
        one, two = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2))
        self.assertEqual(one, two)
        self.assertIn("seed 4\n", one)

    def test_bad_command_lines(self):
        for words in (["--seconds", "3"], ["--seconds", "x"], ["--seed"], ["--placement", "/nowhere"], ["more"],
                      ["--placement", os.path.join(ROOT, "config", "placement", "single.yaml")]):
            done = subprocess.run([os.path.join(ROOT, "tools", "demo"), "--plan", *words], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("error:", done.stderr)


class Writes(unittest.TestCase):
    KEY = ("configmaps", "x")

    def problems(self, write, found):
        return judge.check_writes({self.KEY: write}, {self.KEY: found} if found else {})

    def test_what_is_right(self):
        self.assertEqual(self.problems(Written("u", 2, 2), Found("u", 2)), [])
        self.assertEqual(self.problems(Written("u", 1, 2), Found("u", 2)), [])  # not acknowledged, and done all the same
        self.assertEqual(self.problems(Written("u", 1, 2), Found("u", 1)), [])
        self.assertEqual(self.problems(Written("u", 2, 2, "acknowledged"), None), [])
        self.assertEqual(self.problems(Written("u", 2, 2, "tried"), None), [])
        self.assertEqual(self.problems(Written("u", 2, 2, "tried"), Found("u", 2)), [])
        self.assertEqual(self.problems(Written(), None), [])  # its creation was not acknowledged
        self.assertEqual(self.problems(Written(), Found("u", 0)), [])

    def test_a_lost_object(self):
        self.assertIn("missing", self.problems(Written("u", 0, 0), None)[0])
        self.assertIn("missing", self.problems(Written("u", 2, 2), None)[0])

    def test_a_lost_change(self):
        self.assertIn("value is 1", self.problems(Written("u", 2, 2), Found("u", 1))[0])

    def test_another_object_in_its_place(self):
        self.assertIn("now it is v", self.problems(Written("u", 0, 0), Found("v", 0))[0])

    def test_a_deletion_that_did_not_last(self):
        self.assertIn("deletion", self.problems(Written("u", 2, 2, "acknowledged"), Found("u", 2))[0])


def ran(host, uid, begin, end, pod="default/p", container=None):
    return Run(host, container or f"{host}-{uid}-{begin}", uid, pod, "main", begin, end)


class Pods(unittest.TestCase):
    def test_one_after_the_other(self):
        self.assertEqual(judge.check_runs([ran("a", "u", 1, 2), ran("a", "u", 2, 3), ran("b", "v", 3.5, None)]), [])

    def test_pods_of_other_names(self):
        self.assertEqual(judge.check_runs([ran("a", "u", 1, None), ran("b", "v", 1, None, "default/q")]), [])

    def test_twice_on_two_hosts(self):
        text = " ".join(judge.check_runs([ran("a", "u", 1, 5), ran("b", "u", 4, 6)]))
        self.assertIn("ran twice", text)
        self.assertIn("ran on a and b", text)

    def test_twice_on_one_host(self):
        self.assertIn("ran twice", judge.check_runs([ran("a", "u", 1, None), ran("a", "u", 4, 6)])[0])

    def test_one_after_the_other_on_two_hosts(self):
        self.assertIn("ran on a and b", judge.check_runs([ran("a", "u", 1, 2), ran("b", "u", 4, 6)])[0])

    def test_a_name_that_runs_twice(self):
        self.assertIn("beside another pod", judge.check_runs([ran("a", "u", 1, 5), ran("b", "v", 4, 6)])[0])

    def test_bound_twice(self):
        seen = {"u": {"pod": "default/p", "nodes": {"n"}}, "v": {"pod": "default/q", "nodes": {"n", "m"}}}
        self.assertEqual(judge.check_bindings(seen), ["pod default/q (uid v) was bound to m and n"])

    def test_events_of_the_runtime(self):
        when, topic, content = read_event(
            '2026-11-23 12:25:08.228149171 +0000 UTC k8s.io /tasks/start {"container_id":"d625","pid":382}')
        self.assertAlmostEqual(when % 60, 8.228149171, places=5)
        self.assertEqual((topic, content["container_id"]), ("/tasks/start", "d625"))
        self.assertIsNone(read_event('2026-11-23 12:25:08.06 +0000 UTC k8s.io /snapshot/prepare {"key":"d6"}'))
        self.assertIsNone(read_event("something else"))


class Application(unittest.TestCase):
    def test_answers_all_the_time(self):
        self.assertEqual(judge.check_application({"a": [at / 2 for at in range(40)]}, 0, 20), [])

    def test_an_outage(self):
        times = [1, 2, 3, 9, 10]
        self.assertIn("unreachable from b for 6.0 s, 3.0 s after", judge.check_application({"a": range(11), "b": times}, 0, 10)[0])

    def test_an_outage_at_either_end(self):
        self.assertEqual(len(judge.check_application({"a": [6, 7]}, 0, 13)), 2)

    def test_no_answer_at_all(self):
        self.assertEqual(len(judge.check_application({"a": []}, 0, 6)), 1)
        self.assertEqual(len(judge.check_application({}, 0, 6)), 1)

    def test_five_seconds_are_allowed(self):
        self.assertEqual(judge.check_application({"a": [5]}, 0, 10), [])


class Verdicts(unittest.TestCase):
    def history(self, **changes):
        good = {"begin": 0, "end": 4, "answers": {"a": [1, 2, 3]}, "failures": {"a": [2.5]},
                "written": {("pods", "x"): Written("u", 2, 2), ("pods", "y"): Written("v", 2, 2, "acknowledged")},
                "found": {("pods", "x"): Found("u", 2)}, "runs": [ran("a", "u", 1, None)],
                "recoveries": [Recovery("move", "move s to b", 1.0, works=0.4, whole=0.1), Recovery("move", "move s to c", 2.0, works=0.8, whole=0.3)]}
        return History(**{**good, **changes})

    def test_a_good_run(self):
        history = self.history()
        problems = judge.verdict(history, 60)
        self.assertFalse(any(problems.values()))
        text = report.text(history, 3, problems)
        self.assertIn("3 answered, 1 attempts failed", text)
        self.assertIn("7 acknowledged (2 objects, 1 of them deleted again), 3 attempts failed; 1 objects found", text)
        self.assertIn("all well", text)
        self.assertRegex(text, r"move\s+2\s+0\.60\s+0\.80")

    def test_each_kind_of_failure_counts(self):
        for name, changes in (("writes", {"found": {}}), ("pods", {"runs": [ran("a", "u", 1, None), ran("b", "u", 2, 3)]}),
                              ("application", {"end": 9}), ("cluster", {"others": ["a worker ended"]}),
                              ("recovery", {"recoveries": [Recovery("move", "move s to b", 1.0, works=0.4)]})):
            history = self.history(**changes)
            problems = judge.verdict(history, 60)
            self.assertEqual([what for what, found in problems.items() if found], [name])
            self.assertIn("FAILED", report.text(history, 0, problems))
            self.assertFalse(report.as_json(history, 0, problems, 1)["good"])

    def test_json(self):
        history = self.history()
        again = json.loads(json.dumps(report.as_json(history, 0, judge.verdict(history, 60), 9)))
        self.assertEqual((again["seed"], again["good"], again["recovery"]["move"]["count"]), (9, True, 2))
        self.assertEqual(again["recovery"]["move"]["works"]["worst"], 0.8)


if __name__ == "__main__":
    unittest.main()
