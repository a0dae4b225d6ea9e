"""Which faults a run of tools/demo meets: an endless list that its seed decides. Pure."""
import random
from dataclasses import dataclass

SHARDS = ("pods", "events", "leases", "main")
RATES = ("512kbit", "1mbit", "2mbit")
PAUSE_SECONDS = 1.0    # between two faults, when all is whole
ROUND_SECONDS = 1.5    # what a fault takes beside its hold and the pause, for --plan; a run takes what it takes

# A deck of faults is dealt, and then the next, each in another order: a run that is long enough meets every kind.
DECK = ("kill-host", "kill-role", "kill-role", "freeze", "cut", "cut-one-way", "cut-pair", "slow", "move", "move-shard", "drain",
        "apply", "swap")
HOLDS = {"kill-host": (1.0, 4.0), "freeze": (3.0, 8.0), "cut": (3.0, 8.0), "cut-one-way": (3.0, 8.0),
         "cut-pair": (3.0, 8.0), "slow": (3.0, 8.0)}  # seconds; the others need no healing


@dataclass(frozen=True)
class Topology:
    """What of a placement the faults can meet."""
    hosts: tuple
    singletons: tuple  # ids of roles of which one instance works: they can be moved
    actors: tuple      # ids that `troupe kill` takes
    shards: tuple      # (id, host) of each store shard, as the placement has it before it moves


@dataclass(frozen=True)
class Fault:
    kind: str
    target: str       # a host or a role; of apply the host where the command is given
    other: str = ""   # the peer of cut-pair, the rate of slow, the new host of a move
    hold: float = 0.0  # seconds until it is healed

    def text(self):
        words = {"kill-host": "kill -9 {target}", "kill-role": "kill the role {target}", "freeze": "freeze {target}",
                 "cut": "cut {target} off", "cut-one-way": "lose all that {target} sends",
                 "cut-pair": "cut {target} from {other}", "slow": "slow {target} down to {other}",
                 "move": "move {target} to {other}", "move-shard": "move {target} with its data to {other}", "drain": "drain {target}",
                 "apply": "apply the placement file again, at {target}", "swap": "swap the version of {target}"}
        text = words[self.kind].format(target=self.target, other=self.other)
        return text + (f" for {self.hold:.1f} s" if self.hold else "")


def read_topology(placement):
    """From a placement file's content."""
    hosts, singletons, actors, shards = [host["name"] for host in placement["hosts"]], [], [], []
    roles = placement["roles"]
    elsewhere = {shard for role in roles if role["role"] == "store" for shard in role.get("shards", ())}
    for role in roles:
        name = role["role"]
        if name == "store":
            shards += [(f"store/{shard}", role["host"]) for shard in role.get("shards") or SHARDS
                       if "shards" in role or shard not in elsewhere]
        elif name == "apiserver":
            actors.append(f"apiserver/{role['host']}")
        elif name in ("kubelet", "proxy", "podnetwork"):
            actors.append(f"{name}/{role.get('node') or role['host']}")
        else:
            actors.append(name)
            if len(role.get("hosts", ())) > 1:
                singletons.append(name)
    actors += [f"keeper/{host}" for host in hosts] + [shard for shard, _ in shards]
    return Topology(tuple(hosts), tuple(singletons), tuple(actors), tuple(shards))


def draw(kind, topology, choose):
    low, high = HOLDS.get(kind, (0.0, 0.0))
    hold = round(choose.uniform(low, high), 1)
    if kind == "kill-role":
        return Fault(kind, choose.choice(topology.actors))
    if kind == "swap":
        return Fault(kind, choose.choice([role for role in topology.singletons if role == "controllers/replicaset"] or
                                         topology.singletons))
    if kind == "move":
        return Fault(kind, choose.choice(topology.singletons), choose.choice(topology.hosts))
    if kind == "move-shard":
        return Fault(kind, choose.choice(topology.shards)[0], choose.choice(topology.hosts))
    host = choose.choice(topology.hosts)
    if kind == "cut-pair":
        return Fault(kind, host, choose.choice([name for name in topology.hosts if name != host]), hold)
    if kind == "slow":
        return Fault(kind, host, choose.choice(RATES), hold)
    return Fault(kind, host, "", hold)


def faults(seed, topology):
    """The same seed and topology give the same list, whatever the run's length is."""
    choose = random.Random(seed)
    while True:
        deck = list(DECK)
        choose.shuffle(deck)
        for kind in deck:
            yield draw(kind, topology, choose)


def fits(fault, elapsed, seconds):
    """Whether a fault that begins now is over before the end."""
    return elapsed + fault.hold + ROUND_SECONDS <= seconds


def outline(seed, topology, seconds):
    """[(about when, fault)]: those that a run of this length meets, when each takes the time that it usually takes."""
    at, found = PAUSE_SECONDS, []
    for fault in faults(seed, topology):
        if not fits(fault, at, seconds):
            return found
        found.append((at, fault))
        at += fault.hold + ROUND_SECONDS + PAUSE_SECONDS


def label(fault, store_hosts):
    """The kind under which a fault is reported: where a shard is now, nothing can be written while its host is away."""
    if fault.kind == "kill-role":
        return f"kill-role {fault.target.split('/')[0]}"
    at_store = fault.target in store_hosts or fault.kind == "cut-pair" and fault.other in store_hosts
    return fault.kind + (" (store's host)" if fault.kind in HOLDS and at_store else "")
