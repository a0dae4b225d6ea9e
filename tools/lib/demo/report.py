"""The report of a run of tools/demo: for people, and as JSON. Pure."""
from demo import judge

COLUMNS = (("works", "works again"), ("taken_over", "roles elsewhere"), ("whole", "all whole"),
           ("writes", "pause of writes"), ("application", "pause of app"))


def totals(history, attempts_failed):
    """Counts. `attempts_failed`: writes that had to be tried again."""
    writes = [write for write in history.written.values() if write.uid]
    gone = [write for write in writes if write.deletion == "acknowledged"]
    kept = sum(1 for key, write in history.written.items() if write.uid and key in history.found)
    gaps = {place: judge.longest_pause(times, history.begin, history.end)[1] for place, times in history.answers.items()}
    return {
        "seconds": round(history.end - history.begin, 1),
        "requests": {"answered": sum(map(len, history.answers.values())), "failed": sum(map(len, history.failures.values())),
                     "longestPauseSeconds": {place: round(gap, 2) for place, gap in sorted(gaps.items())}},
        "writes": {"acknowledged": sum(1 + write.acknowledged + (write.deletion == "acknowledged") for write in writes),
                   "objects": len(writes), "deleted": len(gone), "found": kept, "attemptsFailed": attempts_failed},
        "pods": {"seen": len(history.bindings), "containersStarted": len(history.runs)},
        "faults": len(history.recoveries),
    }


def cell(value):
    return f"{value['median']:6.2f} {value['worst']:6.2f}" if value else "     -      -"


def table(recoveries):
    rows = judge.sum_up(recoveries)
    width = max([len(label) for label in rows] + [len("fault")])
    head = f"  {'fault':{width}} count" + "".join(f"  {title:>15}" for _, title in COLUMNS)
    under = f"  {'':{width}}      " + "".join(f"  {'median worst':>15}" for _ in COLUMNS)
    return [head, under] + [f"  {label:{width}} {row['count']:5}" + "".join(f"  {cell(row[name]):>15}" for name, _ in COLUMNS)
                            for label, row in rows.items()]


def text(history, attempts_failed, problems):
    count = totals(history, attempts_failed)
    requests, writes, pods = count["requests"], count["writes"], count["pods"]
    gaps = ", ".join(f"{place} {gap:.2f} s" for place, gap in requests["longestPauseSeconds"].items())
    lines = [
        f"requests   {requests['answered']} answered, {requests['failed']} attempts failed; longest time without an answer: {gaps}",
        f"writes     {writes['acknowledged']} acknowledged ({writes['objects']} objects, {writes['deleted']} of them deleted "
        f"again), {writes['attemptsFailed']} attempts failed; {writes['found']} objects found",
        f"pods       {pods['seen']} seen, {pods['containersStarted']} containers started",
        f"faults     {count['faults']}; in seconds: from the fault until a new deployment is carried out, until the host's roles are",
        "           owned elsewhere, from the healing until everything is whole; longest pauses of writes and of the application",
        *table(history.recoveries)]
    flat = [(what, problem) for what, found in problems.items() for problem in found]
    for what, found in problems.items():
        lines += [f"WRONG      {what}: {problem}" for problem in found[:judge.PROBLEMS_MAX]]
        if len(found) > judge.PROBLEMS_MAX:
            lines.append(f"WRONG      {what}: and {len(found) - judge.PROBLEMS_MAX} more")
    lines.append(f"FAILED: {len(flat)} problems" if flat else
                 "all well: no acknowledged write is missing, no pod ran twice, the application was never away for "
                 f"{judge.OUTAGE_SECONDS_MAX:.0f} s")
    return "\n".join(lines)


def as_json(history, attempts_failed, problems, seed):
    return {"seed": seed, "good": not any(problems.values()), "problems": problems, **totals(history, attempts_failed),
            "recovery": judge.sum_up(history.recoveries), "timeline": [vars(each) for each in history.recoveries]}
