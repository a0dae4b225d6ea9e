#!/usr/bin/env python3
"""What an operator sees of a running host: top, tree, trace, why, /metrics, and the web page.

usage: run.py TROUPE PLUGIN [--screenshot FILE]
PLUGIN: another version of controllers/replicaset, which the page's button swaps in.
The page is tested in a headless Chromium (CHROMIUM or PATH); without one that part is skipped, and says so.
"""
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "kubectl")]
import browser  # noqa: E402
from api import Api  # noqa: E402
from host import Host  # noqa: E402

REPLICAS = 4
COMMAND_SECONDS_MAX = 30
DEPLOYMENT = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
    "spec": {"replicas": REPLICAS, "selector": {"matchLabels": {"app": "web"}}, "template": {
        "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "example.com/web:1"}]}}}}


class Failed(Exception):
    pass


def require(condition, text):
    if not condition:
        raise Failed(text)


def eventually(what, condition, seconds=20):
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        require(time.monotonic() < until, f"not within {seconds} s: {what}")
        time.sleep(0.05)


class See:
    def __init__(self, troupe, plugin, host, screenshot):
        self.program, self.plugin, self.host, self.screenshot = troupe, plugin, host, screenshot
        self.api = Api(host.kubeconfig)

    def troupe(self, *words, code=0):
        done = subprocess.run([self.program, *words, "--data", self.host.data], capture_output=True, text=True,
                              timeout=COMMAND_SECONDS_MAX)
        require(done.returncode == code, f"troupe {' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stderr

    def pods(self):
        return self.api.get("/api/v1/namespaces/default/pods")["items"]

    def deploy(self):
        eventually("the namespace is there", lambda: self.api.ask("GET", "/api/v1/namespaces/default")[0] == 200)
        code, text = self.api.ask("POST", "/apis/apps/v1/namespaces/default/deployments", DEPLOYMENT)
        require(code == 201, f"creating a deployment: {code} {text}")
        eventually("all pods run", lambda: [p for p in self.pods() if p["status"].get("phase") == "Running"].__len__() == REPLICAS)

    # ---- one part each ----

    def check_top(self):
        out = self.troupe("top", "--once")
        require(re.search(r"^ACTOR +HOST +STATE +MSG/S +MAILBOX +HANDLER", out, re.MULTILINE), out)
        require(re.search(r"^scheduler +host-k +running", out, re.MULTILINE), out)
        require("unknown order" in self.troupe("top", "--sort", "name", code=1), "a wrong order is told")
        # Live: redrawn until its reader goes.
        live = subprocess.Popen([self.program, "top", "--interval", "0.2", "--sort", "busy", "--data", self.host.data],
                                stdout=subprocess.PIPE, text=True)
        seen = ""
        while seen.count("ACTOR ") < 3:
            line = live.stdout.readline()
            require(line, "top ended by itself")
            seen += line
        live.stdout.close()
        live.terminate()
        live.wait(COMMAND_SECONDS_MAX)
        require("\033[H\033[J" in seen, "top redraws in place")

    def check_tree(self):
        out = self.troupe("tree")
        for part in ("\nsupervisor ", "├─ supervisor/controllers", "─ store/pods ", "one_for_one"):
            require(part in out, out)

    def check_trace(self):
        trace = subprocess.Popen([self.program, "trace", "scheduler", "--count", "6", "--rate", "1000/s", "--data", self.host.data],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        name = self.pods()[0]["metadata"]["name"]
        until = time.monotonic() + 20
        while trace.poll() is None and time.monotonic() < until:
            self.relabel(name)
            time.sleep(0.05)
        require(trace.poll() == 0, "a trace of 6 messages ends")
        out, error = trace.communicate()
        require(re.search(r"^\d\d:\d\d:\d\d\.\d{6} in  apiserver/host-k +apiserver\.WatchBatch +\S+ .*revision", out, re.MULTILINE), out + error)
        require(re.search(r" out apiserver/host-k +apiserver\.WatchAck", out), out)
        require("did you mean scheduler?" in self.troupe("trace", "schedulr", code=1), "a wrong name is told")
        require("at most" in self.troupe("trace", "scheduler", "--rate", "1000000", code=1), "a rate beyond the limit is told")

    def relabel(self, name):
        pod = self.api.get(f"/api/v1/namespaces/default/pods/{name}")
        pod["metadata"].setdefault("annotations", {})["seen"] = str(time.monotonic())
        self.api.ask("PUT", f"/api/v1/namespaces/default/pods/{name}", pod)

    def check_why(self):
        name = next(p["metadata"]["name"] for p in self.pods() if "annotations" not in p["metadata"])
        out = self.troupe("why", f"pod/{name}")
        wanted = [f"pods/default/{name} @", "status patched", "(kubelet/", f"because of pods/default/{name} @", "bound to its node",
                  "system:kube-scheduler (scheduler on host-k", "created", "(controllers/replicaset on host-k",
                  "because of replicasets.apps/default/web-", "(controllers/deployment on host-k",
                  "because of deployments.apps/default/web @", "(see-test/1 from 127.0.0.1:", "a client's request"]
        at = 0
        for part in wanted:
            found = out.find(part, at)
            require(found >= 0, f"troupe why pod/{name} lacks, in this order: {part}\n{out}")
            at = found
        require("by kubernetes-admin (see-test/1" in self.troupe("why", "deploy/web").split("\n")[-2], "the chain ends with the client")
        require("no write of pods/default/none is known" in self.troupe("why", "pod/none", code=1), "unknown object")
        require("has no kind `thing`" in self.troupe("why", "thing/none", code=1), "unknown kind")
        require("KIND/NAME" in self.troupe("why", "web", code=1), "no kind at all")

    def check_metrics(self):
        code, text = self.api.ask("GET", "/metrics")
        require(code == 200, text)
        def value(name, *labels):
            for line in text.splitlines():
                if line.startswith(name + "{") and all(label in line for label in labels):
                    return float(line.rsplit(" ", 1)[1])
            raise Failed(f"/metrics lacks {name} {labels}")
        require(value("troupe_actor_messages_total", 'actor="scheduler"') > 0, "messages of the scheduler")
        require(value("troupe_actor_handler_duration_seconds_count", 'actor="store/pods"', 'message="store.CommitRequest"') > 0,
                "commits of the pods' shard")
        require(value("apiserver_request_total", 'resource="deployments"', 'verb="POST"', 'code="201"') == 1, "one deployment was created")
        value("troupe_actor_mailbox_depth", 'actor="apiserver/host-k"')

    def check_page(self):
        address = self.troupe("ui").strip()
        require(re.fullmatch(r"https://[\d.:]+/ui/#token=[0-9a-f]+", address), address)
        page = browser.Browser(browser.find())
        try:
            self.walk(page, address)
        finally:
            page.stop()

    def walk(self, page, address):
        page.call("Page.navigate", url=address)
        page.wait("document.querySelectorAll('#view tbody tr').length > 5")
        require(page.run("location.href").endswith("/ui/"), "the token has left the address")
        require("host-k" in page.run("document.querySelector('#view h2').textContent"), "the host is shown")
        if self.screenshot:
            eventually("rates are shown", lambda: page.run("/[1-9]/.test(document.querySelector('#summary').textContent)"))
            time.sleep(3)  # for rates that look like life
            page.screenshot(self.screenshot)
        # By keyboard only: views, the filter, a button, the confirmation.
        page.press("5")
        page.wait(f"document.querySelectorAll('#view tbody tr').length === {REPLICAS}")
        require("Running" in page.run("document.querySelector('#view').innerText"), "pods are shown")
        page.press("4")
        page.wait("document.querySelector('#view').innerText.includes('Ready')")
        page.press("3")
        page.wait("document.querySelector('.tree').innerText.includes('supervisor/scheduler')")
        page.press("2")
        page.wait("document.querySelectorAll('#view tbody tr').length > 5")
        page.press("/")
        page.wait("document.activeElement.id === 'filter'")
        for letter in "scheduler":
            page.press(letter)
        page.wait("document.querySelectorAll('#view tbody tr').length >= 1 && "
                  "[...document.querySelectorAll('#view tbody tr')].every((row) => row.innerText.includes('scheduler'))")
        self.kill_by_page(page)
        self.swap_by_page(page)
        page.call("Page.navigate", url="about:blank")  # else only the fragment would change, which loads nothing
        page.call("Page.navigate", url=address)
        page.wait("document.querySelector('#login') && !document.querySelector('#login').hidden")
        require("used or is too old" in page.run("document.querySelector('#status').textContent"), "an address is good for one use")
        expected = ("401", "403", "409 (Conflict)")  # an address that was used, and a swap that is refused
        problems = [problem for problem in page.problems() if not any(text in json.dumps(problem) for text in expected)]
        require(not problems, f"the page complains: {problems}")

    def kill_by_page(self, page):
        restarts = self.restarts("scheduler")
        page.run("document.querySelector('[data-focus=\"kill host-k scheduler\"]').focus()")
        shown = page.run("state.timeMicros")
        page.wait(f"state.timeMicros > {shown}")  # a refresh, which must not take the focus away
        require(page.run("document.activeElement.dataset.focus") == "kill host-k scheduler", "the focus survives a refresh")
        page.press("Enter")
        page.wait("document.querySelector('#confirm').open")
        require(self.restarts("scheduler") == restarts, "nothing happens before it is confirmed")
        shown = page.run("state.timeMicros")
        page.wait(f"state.timeMicros > {shown}")  # a refresh behind the dialog, after which the button is another one
        page.press("Escape")
        page.wait("!document.querySelector('#confirm').open")
        require(self.restarts("scheduler") == restarts, "nothing happens when it is cancelled")
        page.press("Enter")
        page.wait("document.querySelector('#confirm').open")
        page.press("Tab")  # from Cancel to Kill
        page.press("Enter")
        page.wait("document.querySelector('#status').textContent.includes('scheduler was killed')")
        require(self.restarts("scheduler") == restarts + 1, "the scheduler was killed")

    def swap_by_page(self, page):
        page.press("/")
        page.wait("document.activeElement.id === 'filter'")
        page.press("Escape")
        page.wait("document.querySelector('[data-focus=\"swap host-k controllers/replicaset\"]') !== null")

        def ask_for(file):
            page.run("document.querySelector('[data-focus=\"swap host-k controllers/replicaset\"]').focus()")
            page.press("Enter")
            page.wait("document.querySelector('#confirm').open && document.activeElement.id === 'confirm-input'")
            page.call("Input.insertText", text=file)
            page.press("Enter")

        ask_for("/nowhere/version.so")
        page.wait("document.querySelector('#status').textContent.includes('/nowhere/version.so')")
        require("probation" not in page.run("document.querySelector('#status').textContent"), "a file that is not there is refused")
        ask_for(self.plugin)
        page.wait("document.querySelector('#status').textContent.includes('on probation')")
        history = self.troupe("swap", "controllers/replicaset", "--history")
        require(os.path.basename(self.plugin) in history, f"the history tells of the swap: {history}")

    def restarts(self, actor):
        rows = json.loads(self.troupe("ps", "-o", "json"))
        return next(row["restarts"] for row in rows if row["id"] == actor)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    screenshot = sys.argv[4] if sys.argv[3:4] == ["--screenshot"] else None
    host = Host(sys.argv[1])
    passed, failed = 0, 0
    try:
        see = See(sys.argv[1], sys.argv[2], host, screenshot)
        see.deploy()
        checks = [see.check_why, see.check_top, see.check_tree, see.check_trace, see.check_metrics]
        if browser.find():
            checks.append(see.check_page)
        else:
            print("SKIPPED page: no chromium in CHROMIUM or PATH")
        for check in checks:
            began = time.monotonic()
            try:
                check()
                passed += 1
                print(f"ok      {check.__name__[6:]} ({time.monotonic() - began:.1f} s)")
            except (Failed, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"FAILED  {check.__name__[6:]}: {error}")
        if failed:
            print(host.log_tail())
    finally:
        code = host.stop()
    if code != 0:
        failed += 1
        print(f"FAILED  the host's end: {code}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
