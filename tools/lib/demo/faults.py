"""How tools/demo carries a fault out and heals it, and what it measures meanwhile."""
import re
import threading
import time

import yaml

from demo.judge import Recovery, longest_pause
from demo.plan import label
from demo.scene import NAMESPACE, READY_SECONDS_MAX, deployment
from several_hosts import Wrong

HEAL_SECONDS_MAX = 60    # until a new deployment is carried out, and until all is whole again
PROBE_REPLICAS = 2
PROBE_POLL_SECONDS = 0.05
OWNER_POLL_SECONDS = 0.03
PROBATION = "1s"


class Probe(threading.Thread):
    """How long it takes until a new deployment is carried out: its pods are made and bound, and one of them is ready.

    On nodes of hosts that are well: pods on the others have to wait for their kubelet, as everywhere.
    """

    def __init__(self, scene, name, harmed=()):
        super().__init__(daemon=True)
        self.scene, self.name, self.took, self.stopping = scene, f"probe-{name}", None, threading.Event()
        nodes = [node for node, host in scene.node_hosts.items() if host not in harmed] or scene.nodes
        self.body = deployment(self.name, PROBE_REPLICAS, nodes, application=False)
        self.apis, self.begin, self.stages = scene.fresh_apis(), time.monotonic(), {}
        self.pods = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=part%3D{self.name}"
        self.deployments = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
        self.start()

    def reached(self, stage, count):
        if count:
            self.stages.setdefault(stage, time.monotonic() - self.begin)
        return stage in self.stages

    def carried_out(self):
        status, answer = self.scene.call("GET", self.pods, apis=self.apis)
        pods = answer.get("items", []) if status == 200 else []
        ready = [pod for pod in pods if any(each["type"] == "Ready" and each["status"] == "True"
                                            for each in pod.get("status", {}).get("conditions") or [])]
        return all([self.reached("pods", len(pods) >= PROBE_REPLICAS),
                    self.reached("bound", sum(1 for pod in pods if pod["spec"].get("nodeName")) >= PROBE_REPLICAS),
                    self.reached("ready", ready)])

    def run(self):
        while not self.stopping.is_set() and time.monotonic() - self.begin < HEAL_SECONDS_MAX:
            if "accepted" not in self.stages:
                self.reached("accepted", self.scene.call("POST", self.deployments, self.body, self.apis)[0] in (201, 409))
            elif self.carried_out():
                self.took = time.monotonic() - self.begin
                return
            self.stopping.wait(PROBE_POLL_SECONDS)

    def finish(self):
        """Seconds, or None. Removes what it made."""
        self.join(HEAL_SECONDS_MAX + READY_SECONDS_MAX)
        self.stopping.set()
        self.scene.call("DELETE", f"{self.deployments}/{self.name}")
        for api in self.apis.values():
            api.close()
        return self.took


class TakeOver(threading.Thread):
    """How long it takes until a harmed host owns no role any more; None: it had none, or has some to the end."""

    def __init__(self, scene, host):
        super().__init__(daemon=True)
        self.scene, self.host, self.took, self.stopping = scene, host, None, threading.Event()
        self.apis = {name: api for name, api in scene.fresh_apis().items() if name != host}
        self.had_some = bool(self.owned())
        self.begin = time.monotonic()

    def owned(self):
        status, answer = self.scene.call("GET", "/apis/troupe.dev/v1/roles", apis=self.apis)
        if status != 200:
            return None
        return [role for role in answer["items"] if role["spec"]["role"] in self.scene.topology.singletons
                and role.get("status", {}).get("host") == self.host]

    def run(self):
        while self.had_some and not self.stopping.is_set():
            if self.owned() == []:
                self.took = time.monotonic() - self.begin
                return
            self.stopping.wait(OWNER_POLL_SECONDS)

    def finish(self):
        self.stopping.set()
        if self.ident:  # it was started
            self.join(READY_SECONDS_MAX)
        for api in self.apis.values():
            api.close()
        return self.took


# ---- what each kind does. begin(scene, fault) returns notes for the line of progress

def someone_else(scene, host):
    """A host that is not harmed, to give commands at."""
    return next(name for name in scene.topology.hosts if name != host)


def kill_host(scene, fault):
    scene.hosts.do("kill", fault.target)


def start_host(scene, fault):
    scene.start(fault.target)
    scene.hosts.do("ready", fault.target, str(READY_SECONDS_MAX))


def kill_role(scene, fault):
    scene.hosts.troupe(scene.topology.hosts[0], "kill", fault.target)


def freeze(scene, fault):
    scene.hosts.do("freeze", fault.target)


def thaw(scene, fault):
    scene.hosts.do("thaw", fault.target)


def cut(scene, fault):
    peer, way = [fault.other] if fault.other else [], ["--one-way"] if fault.kind == "cut-one-way" else []
    scene.hosts.do("cut", fault.target, *peer, *way)


def slow(scene, fault):
    scene.hosts.do("slow", fault.target, fault.other)


def heal(scene, _):
    scene.hosts.do("heal")


def move(scene, fault):
    """To the host of the plan, or to the next one when the role is there already."""
    owner = scene.owners()[fault.target]["status"]["host"]
    hosts = scene.topology.hosts
    to = fault.other if fault.other != owner else hosts[(hosts.index(owner) + 1) % len(hosts)]
    scene.hosts.troupe(hosts[0], "move", fault.target, to)
    scene.wait(f"{fault.target} is on {to}", HEAL_SECONDS_MAX, lambda: owner_of(scene, fault.target) == to, OWNER_POLL_SECONDS)
    return f"from {owner} to {to}"


def move_shard(scene, fault):
    """To the host of the plan, or to the next one when the shard is there already."""
    owner, hosts = scene.shards()[fault.target]["host"], scene.topology.hosts
    to = fault.other if fault.other != owner else hosts[(hosts.index(owner) + 1) % len(hosts)]
    scene.hosts.troupe(hosts[0], "move", fault.target, to)
    scene.wait(f"{fault.target} is on {to}", HEAL_SECONDS_MAX, lambda: scene.shard_is_on(fault.target, to), OWNER_POLL_SECONDS)
    return f"from {owner} to {to}"


def owner_of(scene, role):
    return scene.owners().get(role, {}).get("status", {}).get("host")


def drain(scene, fault):
    """The host of the plan, or the next one that owns a role or a shard."""
    hosts = scene.topology.hosts
    owners = [entry["status"]["host"] for entry in scene.owners().values()] + [status["host"] for status in scene.shards().values()]
    first = hosts.index(fault.target)
    host = next((name for name in hosts[first:] + hosts[:first] if name in owners), fault.target)
    scene.hosts.troupe(someone_else(scene, host), "drain", host)
    scene.wait(f"{host} owns no role", HEAL_SECONDS_MAX, lambda: all(
        entry.get("status", {}).get("host") != host for entry in scene.owners().values() or [{"status": {"host": host}}]),
               OWNER_POLL_SECONDS)
    scene.wait(f"{host} has no shard", HEAL_SECONDS_MAX, lambda: all(
        status.get("host") not in (host, None) and status.get("phase") == "Running"
        for status in scene.shards().values() or [{}]), OWNER_POLL_SECONDS)
    return f"{owners.count(host)} roles of {host} moved"


def apply(scene, fault):
    """Ends what moves and drains have changed: roles with another list of hosts go to the first host of the file's list, and shards
    to theirs."""
    now = yaml.safe_load(scene.hosts.troupe(fault.target, "placement"))
    homes = dict(scene.topology.shards)
    lists = {role["role"]: role.get("hosts") for role in now["roles"]} | {shard: [host] for shard, host in homes.items()}
    changed = {role["role"] for role in now.get("overrides") or [] if role["hosts"] != lists[role["role"]]}
    names = changed - homes.keys()
    scene.hosts.troupe(fault.target, "apply", scene.placement)

    def back():
        found = {role: entry for role, entry in scene.owners().items() if role in names}
        return len(found) == len(names) and all(entry["spec"]["hosts"][0] == entry.get("status", {}).get("host")
                                                for entry in found.values())

    scene.wait("all changed roles are on the first hosts of their lists", HEAL_SECONDS_MAX, back, OWNER_POLL_SECONDS)
    scene.wait("all shards are on their hosts", HEAL_SECONDS_MAX,
               lambda: all(scene.shard_is_on(shard, host) for shard, host in homes.items()), OWNER_POLL_SECONDS)
    return f"{len(changed)} roles had been placed otherwise"


def version_of(scene, role, host):
    """(what runs there, its state), as `troupe swap --history` tells."""
    text = scene.hosts.troupe(scene.topology.hosts[0], "swap", role, "--history")
    match = re.search(rf"^{role}\s+{host}\s+(\S.*?)\s{{2,}}(\S.*)$", text, re.M)
    if not match:
        raise Wrong(f"troupe swap --history does not tell what {role} runs on {host}: {text}")
    return match.group(1), match.group(2)


def swap(scene, fault):
    """The plugin in the place of the built-in version, or back when a plugin runs where the role acts."""
    role, host = fault.target, owner_of(scene, fault.target)
    built_in = version_of(scene, role, host)[0].startswith("built-in")
    words = [scene.plugins[role], "--probation", PROBATION] if built_in else ["--rollback"]
    text = scene.hosts.troupe(someone_else(scene, host), "swap", role, *words)
    scene.wait(f"{role}'s version on {host} has passed its probation", HEAL_SECONDS_MAX,
               lambda: "probation" not in version_of(scene, role, host)[1])
    pause = re.search(r"pause ([0-9.]+ ms)", text)
    return f"{version_of(scene, role, host)[0]} on {host}" + (f", pause {pause.group(1)}" if pause else "")


BEGIN = {"kill-host": kill_host, "kill-role": kill_role, "freeze": freeze, "cut": cut, "cut-one-way": cut, "cut-pair": cut,
         "slow": slow, "move": move, "move-shard": move_shard, "drain": drain, "apply": apply, "swap": swap}
HEAL = {"kill-host": start_host, "freeze": thaw, "cut": heal, "cut-one-way": heal, "cut-pair": heal, "slow": heal}
# The host has no part in the cluster then: its roles are to be owned elsewhere.
AWAY = ("kill-host", "freeze", "cut", "cut-one-way")


class Carrier:
    """Carries faults out, one after the other, and keeps what each cost."""

    def __init__(self, scene, users, writers, say):
        self.scene, self.users, self.writers, self.say = scene, users, writers, say
        self.recoveries, self.skipped, self.wrong, self.count = [], {}, [], 0

    def carry_out(self, fault, since):
        """`since`: the run's begin. A command that fails is noted as wrong, and the run goes on."""
        scene = self.scene
        if fault.kind == "swap" and fault.target not in scene.plugins:
            self.skipped[fault.kind] = scene.no_plugins
            return
        self.say(fault.text())
        self.count += 1
        harmed = (fault.target, fault.other) if fault.kind in HEAL else ()
        store_hosts = scene.store_hosts()
        taken = TakeOver(scene, fault.target) if fault.kind in AWAY and fault.target not in store_hosts else None
        begin, note, probe = time.monotonic(), "", None
        recovery = Recovery(label(fault, store_hosts), fault.text(), begin - since)
        try:
            if harmed:  # it takes no time to do it, and then it lasts
                BEGIN[fault.kind](scene, fault)
            probe = Probe(scene, self.count, harmed)
            if taken:
                taken.start()
            if harmed:
                scene.rest(fault.hold)
            else:
                note = BEGIN[fault.kind](scene, fault)
        except Wrong as error:
            self.wrong.append(f"{recovery.begin:.1f} s: {fault.text()}: {error}")
        finally:
            if taken:
                recovery.taken_over = taken.finish()
            if harmed and not scene.interrupted():
                recovery.healed = time.monotonic() - begin
                HEAL[fault.kind](scene, fault)
        if probe:
            self.note_recovery(recovery, fault, probe, begin)
            self.say("  " + describe(recovery, note, probe.stages))

    def note_recovery(self, recovery, fault, probe, begin):
        healed = time.monotonic()
        try:
            self.scene.wait("everything is whole again", HEAL_SECONDS_MAX, self.scene.not_whole)
            recovery.whole = time.monotonic() - healed
        except Wrong as error:
            self.wrong.append(f"{recovery.begin:.1f} s: {fault.text()}: {error}")
        recovery.works = probe.finish()
        self.note_pauses(recovery, begin, time.monotonic())
        self.recoveries.append(recovery)

    def note_pauses(self, recovery, begin, end):
        recovery.writes = longest_pause(list(self.writers.acknowledged_at), begin, end)[1]
        recovery.application = max(longest_pause(list(times), begin, end)[1] for times in self.users.answers.values())


STAGES_SECONDS = 1.5  # from here on the line tells where the time went


def describe(recovery, note, stages):
    works = f"a new deployment after {recovery.works:.2f} s" if recovery.works is not None else "NO new deployment"
    if recovery.works is None or recovery.works > STAGES_SECONDS:
        works += " (" + ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in stages.items()) + ")"
    parts = [note] if note else []
    if recovery.taken_over is not None:
        parts.append(f"roles elsewhere after {recovery.taken_over:.2f} s")
    parts.append(works)
    if recovery.healed:
        parts.append(f"healed at {recovery.healed:.1f} s")
    parts.append(f"all whole after {recovery.whole:.2f} s more" if recovery.whole is not None else "NOT WHOLE AGAIN")
    parts.append(f"pauses: writes {recovery.writes:.2f} s, application {recovery.application:.2f} s")
    return "; ".join(parts)
