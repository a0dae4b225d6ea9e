"""What must be true when all is over: the writers' acknowledgements, what the watchers saw, and what is there. Pure."""

EXAMPLES_MAX = 5


class Findings:
    def __init__(self):
        self.list = []

    def add(self, what, examples):
        examples = list(examples)
        if examples:
            self.list.append(f"{what}: {len(examples)}, such as {examples[:EXAMPLES_MAX]}")


def replay(order, events, findings):
    """The state after all events. Each name is made once, and each counter counts by ones."""
    state, created, wrong = {}, {}, []
    for revision in order:
        kind, name, value = events[revision]
        if kind == "ADDED":
            created[name] = created.get(name, 0) + 1
            if name in state:
                wrong.append(f"{name} added while it is there, revision {revision}")
            state[name] = value
        elif kind == "MODIFIED":
            if name not in state or not value.isdigit() or int(value) != int(state[name]) + 1:
                wrong.append(f"{name} from {state.get(name)} to {value} at revision {revision}")
            state[name] = value
        elif state.pop(name, None) is None:
            wrong.append(f"{name} deleted while it is not there, revision {revision}")
    findings.add("changes that do not follow from those before", wrong)
    findings.add("objects created more than once", [name for name, times in created.items() if times != 1])
    return state


def check(writers, seen, found, findings):
    """`found`: [(name, value)] of the last list. Returns the counts for the report."""
    order, events = seen["order"], seen["events"]
    for each in writers:
        findings.list += each["troubles"]
    findings.list += seen["troubles"]
    state = replay(order, events, findings)
    last = order[-1] if order else 0
    acknowledged = [(revision, what) for each in writers for revision, what in each["acknowledged"].items()]
    findings.add("revisions that two writers were given", duplicates(revision for revision, _ in acknowledged))
    findings.add("acknowledged writes that no watcher saw", [(revision, what) for revision, what in acknowledged
                                                             if revision <= last and events.get(revision) != tuple(what)])
    names = [name for name, _ in found]
    present = dict(found)
    findings.add("objects listed more than once", duplicates(names))
    findings.add("differences of the last list from the watches", sorted(set(present.items()) ^ set(state.items())))
    deleted = {name for each in writers for name in each["deleted"]}
    findings.add("acknowledged deletions that are there", deleted & set(names))
    created = {what[1] for _, what in acknowledged if what[0] == "ADDED"}
    # Of the last request of a writer the outcome may be unknown: it may be a deletion.
    asked = {each["names"][-1] for each in writers if each["names"]}
    findings.add("acknowledged creations that are missing", created - deleted - set(names) - asked)
    findings.add("counters behind what was acknowledged",
                 [(each["number"], present.get(f"counter-{each['number']}"), each["count"]) for each in writers
                  if int(present.get(f"counter-{each['number']}", 0)) < each["count"]])
    attempted = {name for each in writers for name in each["names"]}
    findings.add("objects that nobody made", [name for name in names if name not in attempted and name.startswith("w")])
    return {"acknowledged": len(acknowledged) + len(deleted), "events": len(order),
            "unknown": sum(each["unknown"] for each in writers)}


def duplicates(values):
    seen, twice = set(), []
    for value in values:
        if value in seen:
            twice.append(value)
        seen.add(value)
    return twice
