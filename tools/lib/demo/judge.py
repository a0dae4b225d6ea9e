"""What a run of tools/demo saw, judged: writes, pods, the application. Pure: recorded histories in, problems out."""
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

OUTAGE_SECONDS_MAX = 5.0
PROBLEMS_MAX = 20  # more of one kind are only counted


@dataclass
class Written:
    """What a client knows of one object: what was acknowledged, and what was tried."""
    uid: str = ""          # empty: its creation was not acknowledged
    acknowledged: int = 0  # the value of the last acknowledged write
    tried: int = 0         # the highest value that was sent
    deletion: str = ""     # "", "tried" or "acknowledged"


@dataclass
class Found:
    uid: str
    value: int


def check_writes(written, found):
    """`written`: {(collection, name): Written}, `found`: {(collection, name): Found} at the end."""
    problems = []
    for key, write in sorted(written.items()):
        name, seen = " ".join(key), found.get(key)
        if not write.uid:
            continue
        if write.deletion == "acknowledged":
            # With another uid it is what a creation has made that was given up as unanswered and carried out late.
            if seen and seen.uid == write.uid:
                problems.append(f"{name}: its deletion was acknowledged, and it is there")
        elif seen is None:
            if not write.deletion:
                problems.append(f"{name}: its creation was acknowledged, and it is missing")
        elif seen.uid != write.uid:
            problems.append(f"{name}: acknowledged as {write.uid}, and now it is {seen.uid}")
        elif not write.acknowledged <= seen.value <= write.tried:
            problems.append(f"{name}: its value is {seen.value}, acknowledged was {write.acknowledged}, tried {write.tried}")
    return problems


@dataclass
class Run:
    """One container that ran: on which host, of which pod, from when to when."""
    host: str
    container: str  # its id
    uid: str
    pod: str        # namespace/name
    name: str       # of the container in the pod
    begin: float
    end: float = None  # None: it still runs


def overlaps(runs):
    """Pairs of runs that were under way at the same time."""
    found, open_runs = [], []
    for run in sorted(runs, key=lambda each: each.begin):
        open_runs = [each for each in open_runs if each.end is None or each.end > run.begin]
        found += [(each, run) for each in open_runs]
        open_runs.append(run)
    return found


def check_runs(runs):
    """A container of a pod runs once at a time, on one host; and so does whatever has the pod's name."""
    groups, problems = defaultdict(list), []
    for run in runs:
        groups[run.pod, run.name].append(run)
    for (pod, name), group in sorted(groups.items()):
        for one, two in overlaps(group):
            what = "twice" if one.uid == two.uid else "beside another pod of that name"
            problems.append(f"pod {pod}, container {name}, ran {what}: on {one.host} (uid {one.uid}, {one.container[:12]}) and "
                            f"since {two.begin:.2f} on {two.host} (uid {two.uid}, {two.container[:12]})")
        nodes = defaultdict(set)
        for run in group:
            nodes[run.uid].add(run.host)
        problems += [f"pod {pod} (uid {uid}) ran on {' and '.join(sorted(hosts))}"
                     for uid, hosts in nodes.items() if len(hosts) > 1]
    return sorted(set(problems))


def check_bindings(bindings):
    """`bindings`: {uid: {"pod": namespace/name, "nodes": set of all nodes that were seen}}"""
    return [f"pod {entry['pod']} (uid {uid}) was bound to {' and '.join(sorted(entry['nodes']))}"
            for uid, entry in sorted(bindings.items()) if len(entry["nodes"]) > 1]


def pauses(times, begin, end):
    """[(from, seconds)]: the stretches without any of `times`, between begin and end."""
    inside = [time for time in sorted(times) if begin <= time <= end]
    marks = [begin, *inside, end]
    return [(before, after - before) for before, after in zip(marks, marks[1:])]


def longest_pause(times, begin, end):
    return max(pauses(times, begin, end), key=lambda each: each[1]) if end > begin else (begin, 0.0)


def check_application(answers, begin, end):
    """`answers`: {place: times of answered requests}. A place is one host's users, who try again until they are answered."""
    if not answers:
        return ["nobody requested the application"]
    problems = []
    for place, times in sorted(answers.items()):
        for start, seconds in pauses(times, begin, end):
            if seconds > OUTAGE_SECONDS_MAX:
                problems.append(f"the application was unreachable from {place} for {seconds:.1f} s, "
                                f"{start - begin:.1f} s after the start")
    return problems


@dataclass
class Recovery:
    """What one fault cost."""
    label: str
    text: str
    begin: float             # seconds since the start
    works: float = None      # seconds until a new deployment was carried out; None: it was not
    taken_over: float = None  # seconds until all roles of the harmed host were owned elsewhere; None: not measured
    healed: float = 0.0      # seconds after the beginning at which it was healed
    whole: float = None      # seconds from the healing until everything was as before; None: it never was
    writes: float = 0.0      # longest time without an acknowledged write
    application: float = 0.0  # longest time without an answer, at the place that was worst off


def summary_of(values):
    values = [value for value in values if value is not None]
    return {"median": median(values), "worst": max(values)} if values else None


def sum_up(recoveries):
    """{label: {"count", "works", "taken_over", "whole", "writes", "application"}}: medians and worst, in seconds."""
    groups = defaultdict(list)
    for recovery in recoveries:
        groups[recovery.label].append(recovery)
    return {label: {"count": len(group), **{name: summary_of([getattr(each, name) for each in group])
                                            for name in ("works", "taken_over", "whole", "writes", "application")}}
            for label, group in sorted(groups.items())}


def check_recoveries(recoveries, seconds_max):
    return [f"{each.begin:.1f} s: {each.text}: {what} within {seconds_max} s" for each in recoveries
            for value, what in ((each.works, "no new deployment was carried out"), (each.whole, "the cluster was not whole again"))
            if value is None]


@dataclass
class History:
    """Everything that was recorded between `begin` and `end` (one clock, seconds)."""
    begin: float
    end: float
    answers: dict = field(default_factory=dict)   # place -> times of answers
    failures: dict = field(default_factory=dict)  # place -> times of attempts that failed
    written: dict = field(default_factory=dict)
    found: dict = field(default_factory=dict)
    runs: list = field(default_factory=list)
    bindings: dict = field(default_factory=dict)
    recoveries: list = field(default_factory=list)
    others: list = field(default_factory=list)  # what was found wrong while it ran


def verdict(history, heal_seconds_max):
    """{what: problems}: the run was good when all lists are empty."""
    return {
        "writes": check_writes(history.written, history.found),
        "pods": check_runs(history.runs) + check_bindings(history.bindings),
        "application": check_application(history.answers, history.begin, history.end),
        "recovery": check_recoveries(history.recoveries, heal_seconds_max),
        "cluster": list(history.others),
    }
