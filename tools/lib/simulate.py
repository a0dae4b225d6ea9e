#!/usr/bin/env python3
"""Runs `troupe simulate` for tools/sim: slices of seeds, several at a time, added up to one report."""
import argparse
import os
import queue
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from xml.sax.saxutils import quoteattr

SUMMARY = re.compile(r"^seeds=(\d+) .*failed=(\d+) steps=(\d+) virtual=(\d+)s wall=([\d.]+)s")
SLICE = 10  # seeds of one process, so that a limit in time is met
BROKEN_MAX = 5  # runs that report nothing: then the program is at fault, not a seed, and the search ends
FAILURES_SHOWN_MAX = 40  # lines a scenario, in the report; each is also shown when it is found
PROGRESS_SECONDS = 60
# Rare branches that a search should reach; what stays at 0 is named in the report.
RARE = [
    "fault: crash-role", "fault: crash-at-message", "fault: crash-host", "fault: freeze-host", "fault: partition",
    "fault: reset-link", "fault: replace-link", "fault: slow-link", "fault: slow-disk", "fault: full-disk",
    "fault: failing-disk", "fault: clock-jump", "fault: lagging-watch", "fault: skipping-watch", "fault: takeover",
    "host: ended by itself", "keeper: role taken over", "keeper: stopping a role", "store: commit failed",
    "store: watcher dropped", "store: a shard was moved here",
    "store: the copy waits", "operator: done", "operator: refused", "operator: swap", "fencing: refused by shard main",
    "fencing: refused by shard pods", "fencing: refused by shard leases", "fencing: refused by shard events",
]


def say(text):
    """What a search of hours should not keep to itself until it ends."""
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.seeds, self.failed, self.steps, self.virtual, self.wall = Counter(), Counter(), 0, 0.0, 0.0
        self.probes, self.failures, self.broken = Counter(), {}, []
        self.told = time.monotonic()

    def add(self, scenario, output, code, probes):
        with self.lock:
            lines = output.splitlines()
            found = [m for m in map(SUMMARY.match, lines) if m]
            if not found:
                self.broken.append(f"{scenario}: exit code {code}\n" + "\n".join(lines[-20:]))
                say(f"did not report: {self.broken[-1]}")
                return
            seeds, failed, steps, virtual, wall = found[-1].groups()
            self.seeds[scenario] += int(seeds)
            self.failed[scenario] += int(failed)
            self.steps += int(steps)
            self.virtual += float(virtual)
            self.wall += float(wall)
            self.probes.update(probes)
            if int(failed):
                shown = [line for line in lines if not SUMMARY.match(line)]
                say("\n".join([f"failed: {scenario}", *shown]))
                kept = self.failures.setdefault(scenario, [])
                kept.extend(shown[:FAILURES_SHOWN_MAX - len(kept)])
            self.tell_progress()

    def tell_progress(self):
        if time.monotonic() - self.told > PROGRESS_SECONDS:
            self.told = time.monotonic()
            say(f"{sum(self.seeds.values())} seeds, {sum(self.failed.values())} failed, {self.virtual / 3600:.1f} virtual hours")


def read_probes(path):
    counts = Counter()
    with open(path, encoding="utf-8") as file:
        for line in file:
            count, text = line.rstrip("\n").split("\t", 1)
            counts[text] += int(count)
    return counts


def work(options, slices, tally):
    while True:
        try:
            scenario, first, last = slices.get_nowait()
        except queue.Empty:
            return
        if options.until and time.monotonic() > options.until or len(tally.broken) >= BROKEN_MAX:
            return
        with tempfile.NamedTemporaryFile(prefix="troupe-probes-") as probes:
            last = max(last, first + 1)  # a range, for the summary
            done = subprocess.run([options.program, "simulate", "--seeds", f"{first}-{last}", "--scenario", scenario,
                                   "--probes", probes.name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            tally.add(scenario, done.stdout, done.returncode, read_probes(probes.name))


def plan(options):
    """Slices of seeds, the scenarios in turn."""
    slices = queue.Queue()
    first = options.first
    if options.hours:
        rounds = 1_000_000 // (SLICE * len(options.scenarios))
    else:
        rounds = -(-options.seeds // (SLICE * len(options.scenarios)))
    for _ in range(rounds):
        for scenario in options.scenarios:
            slices.put((scenario, first, first + SLICE - 1))
        first += SLICE
    return slices


def write_junit(path, options, tally):
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<testsuite name="simulation" tests="{len(options.scenarios)}">\n')
        for scenario in options.scenarios:
            file.write(f"  <testcase classname=\"simulation\" name={quoteattr(os.path.basename(scenario))}>")
            text = "\n".join(tally.failures.get(scenario, []) + [b for b in tally.broken if b.startswith(scenario + ":")])
            if text:
                file.write(f"<failure message={quoteattr(text[:4000])}/>")
            file.write("</testcase>\n")
        file.write("</testsuite>\n")


def report(tally, seconds):
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime
    for scenario, seeds in sorted(tally.seeds.items()):
        print(f"{scenario:40} {seeds:7} seeds {tally.failed[scenario]:5} failed")
    for scenario, lines in sorted(tally.failures.items()):
        print(f"-- {scenario}")
        print("\n".join(lines))
    for text in tally.broken:
        print("-- did not report:", text)
    print(f"{len(tally.probes)} different things were reached; of the rare ones:")
    for name in RARE:
        print(f"  {tally.probes[name]:9} {name}")
    print(f"{sum(tally.seeds.values())} seeds, {sum(tally.failed.values())} failed, {tally.steps} steps, "
          f"{tally.virtual / 3600:.1f} virtual hours in {seconds:.0f} s: {tally.virtual / 3600 / max(seconds, 1e-9):.3f} virtual hours "
          f"per second, {tally.virtual / max(seconds, 1e-9):.0f} virtual seconds per second "
          f"({tally.virtual / max(processor, 1e-9):.0f} per second of one processor's time)")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (("program", str), ("hours", float), ("seeds", int), ("jobs", int), ("junit", str)):
        parser.add_argument("--" + name, type=kind)
    parser.add_argument("--from", dest="first", type=int)
    parser.add_argument("scenarios", nargs="+")
    options = parser.parse_args()
    began = time.monotonic()
    options.until = began + options.hours * 3600 if options.hours else 0
    tally, slices = Tally(), plan(options)
    workers = [threading.Thread(target=work, args=(options, slices, tally)) for _ in range(options.jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    report(tally, time.monotonic() - began)
    if options.junit:
        write_junit(options.junit, options, tally)
    sys.exit(1 if tally.broken or sum(tally.failed.values()) else 0)


if __name__ == "__main__":
    main()
