"""kill -9 of the whole host at random moments, with writers, watchers, controllers, the scheduler and hollow nodes at work."""
import multiprocessing
import os
import random
import time

from host import CONFIGMAPS, Caller, FaultHost, configmap, require, wait_for
from kills.check import Findings, check
from kills.watchers import END_NAME, run_watchers
from kills.writers import run_writers

WRITERS, WRITER_PROCESSES, WATCHERS, NODES = 64, 2, 20, 3
DELAY_SECONDS_MAX = 0.8
FROM_START_EVERY = 5  # in every fifth round the moment counts from the start, so that starting is hit too
ANSWER_SECONDS_MAX = 180
REPLICAS = 4
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "through-it-all"},
              "spec": {"replicas": REPLICAS, "selector": {"matchLabels": {"app": "x"}}, "template": {
                  "metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "none"}]}}}}


class Crew:
    """The processes of writers and watchers. They end with this one."""

    def __init__(self, host, start):
        context = multiprocessing.get_context("fork")
        self.members = []
        share = WRITERS // WRITER_PROCESSES
        jobs = [(run_writers, (host, range(i * share, (i + 1) * share))) for i in range(WRITER_PROCESSES)]
        jobs.append((run_watchers, (host, range(WATCHERS), start)))
        for body, arguments in jobs:
            mine, theirs = context.Pipe()
            process = context.Process(target=body, args=(*arguments, theirs), daemon=True)
            process.start()
            theirs.close()
            self.members.append((process, mine))

    def writers_results(self):
        results = []
        for _, pipe in self.members[:-1]:
            pipe.send("stop")
        for process, pipe in self.members[:-1]:
            results += self.result(process, pipe)
        return results

    def watchers_result(self):
        return self.result(*self.members[-1])

    @staticmethod
    def result(process, pipe):
        require(pipe.poll(ANSWER_SECONDS_MAX), f"{process.name} has no result after {ANSWER_SECONDS_MAX} s")
        return pipe.recv()

    def end(self):
        for process, _ in self.members:
            process.kill()
            process.join()


def list_all(caller):
    found, token = [], ""
    while True:
        page = caller.must("GET", f"{CONFIGMAPS}?limit=500" + (f"&continue={token}" if token else ""))
        found += [(item["metadata"]["name"], item.get("data", {}).get("value")) for item in page["items"]]
        token = page["metadata"].get("continue")
        if not token:
            return [entry for entry in found if entry[0] not in ("kube-root-ca.crt", END_NAME)]


def deployment_is_whole(caller):
    status, answer = caller.call("GET", "/api/v1/namespaces/default/pods?labelSelector=app%3Dx")
    pods = [item for item in answer.get("items", []) if "deletionTimestamp" not in item["metadata"]]
    return status == 200 and len(pods) == REPLICAS and all(item["status"].get("phase") == "Running" for item in pods)


def run(program, folder, seed, kills, sabotage=None):
    """Lines of the report. `sabotage`: called with what was found before it is checked, to show that the check can fail."""
    moments = random.Random(seed)
    host = FaultHost(program, folder, nodes=NODES, workers=True)
    crew = None
    try:
        with Caller(host) as caller:
            start = int(caller.must("GET", f"{CONFIGMAPS}?limit=1")["metadata"]["resourceVersion"])
            caller.must("POST", "/apis/apps/v1/namespaces/default/deployments", DEPLOYMENT)
        crew = Crew(host, start)
        restarts = [kill_once(host, moments, n) for n in range(kills)]
        with Caller(host, 60) as caller:
            wait_for("the deployment is whole again", 60, lambda: deployment_is_whole(caller))
            writers = crew.writers_results()
            caller.must("POST", CONFIGMAPS, configmap(END_NAME, {"value": "0"}))
            seen = crew.watchers_result()
            found = list_all(caller)
        drop_end(seen)
        if sabotage:
            sabotage(writers, seen, found)
        findings = Findings()
        counts = check(writers, seen, found, findings)
        host.end()
        require(not findings.list, "\n  ".join(["what must not be:", *findings.list, host.log_tail(5)]))
        return report(kills, counts, writers, seen, sorted(restarts))
    finally:
        if crew:
            crew.end()
        host.stop()


def kill_once(host, moments, number):
    """Returns the seconds from the new process' start until it is ready; 0 when it was killed before."""
    delay = moments.uniform(0, DELAY_SECONDS_MAX)
    time.sleep(delay)  # the moment is the test
    require(host.alive(), f"the host ended by itself before kill {number}\n{host.log_tail()}")
    host.kill()
    begin = time.monotonic()
    host.begin()
    if number % FROM_START_EVERY == FROM_START_EVERY - 1:
        time.sleep(moments.uniform(0, 0.2))
        require(host.alive(), f"the host ended by itself while it started, after kill {number}\n{host.log_tail()}")
        host.kill()
        begin = time.monotonic()
        host.begin()
    host.wait_until_ready(host.process)
    return time.monotonic() - begin


def drop_end(seen):
    revision = next((r for r in reversed(seen["order"]) if seen["events"][r][1] == END_NAME), None)
    if revision is not None:
        seen["order"].remove(revision)
        del seen["events"][revision]


def report(kills, counts, writers, seen, restarts):
    answers = {}
    for each in writers:
        for status, times in each["answers"].items():
            answers[status] = answers.get(status, 0) + times
    extra = kills // FROM_START_EVERY
    return [f"{kills + extra} kills (-9), {extra} of them while it started; {WRITERS} writers, {WATCHERS} watchers, "
            f"processor count {os.cpu_count()}",
            f"acknowledged writes: {counts['acknowledged']}, all found, each once; attempts without an answer or refused: "
            f"{counts['unknown']}; answers by status: {dict(sorted(answers.items()))}",
            f"changes: {counts['events']}, seen by each watcher once and in order ({sum(seen['seen'])} in all); "
            f"watches begun: {seen['connects']}, 410: {seen['expired']}",
            f"from start to ready: median {restarts[len(restarts) // 2]:.2f} s, worst {restarts[-1]:.2f} s"]
