"""The well-behaved client, in a process of its own: asks all the time and measures how long each answer takes."""
import multiprocessing
import os
import time

from host import CONFIGMAPS, Caller, configmap, require

PAUSE_SECONDS = 0.02
P99_SECONDS_MAX = 1.0
NEW_CONNECTION_EVERY = 10
ANSWERS_MIN = 20


class Steady:
    """`writes`: also writes. What was not answered well is a fault, but for the statuses in `allowed`."""

    def __init__(self, host, name="steady", writes=True, allowed=(), connect=True):
        self.host, self.name, self.writes, self.allowed, self.connect = host, name, writes, set(allowed), connect
        self.times, self.troubles = [], []

    def __enter__(self):
        with Caller(self.host) as caller:
            caller.must("POST", CONFIGMAPS, configmap(self.name, {"n": "0"}))
        context = multiprocessing.get_context("fork")
        self.pipe, end = context.Pipe()
        self.process = context.Process(target=self.run, args=(end,), daemon=True)
        self.process.start()
        end.close()
        require(self.pipe.poll(60) and self.pipe.recv() == "begun", "the well-behaved client had no answer for 60 s")
        return self

    def __exit__(self, kind, *_):
        self.pipe.send("stop")
        if self.pipe.poll(60):
            self.times, self.troubles = self.pipe.recv()
        self.process.join(10)
        self.process.kill()
        if kind is None:
            self.check()

    def run(self, pipe):
        times, troubles, n = [], [], 0
        caller = Caller(self.host)
        parent = os.getppid()
        while not pipe.poll(PAUSE_SECONDS) and os.getppid() == parent:
            n += 1
            method, path, body = self.request(n)
            if self.connect and n % NEW_CONNECTION_EVERY == 0:
                caller.close()
            begin = time.monotonic()
            status, answer = caller.call(method, path, body)
            times.append(time.monotonic() - begin)
            if n == 1:
                pipe.send("begun")
            if not 200 <= status < 300 and status not in self.allowed:
                troubles.append(f"{method} {path}: {status} {answer.get('message', '')[:200]} after {times[-1]:.2f} s")
        pipe.send((times, troubles))

    def request(self, n):
        path = f"{CONFIGMAPS}/{self.name}"
        if n % 4 == 1:
            return "GET", CONFIGMAPS + "?limit=10", None
        if n % 4 == 3 and self.writes:
            return "PUT", path, configmap(self.name, {"n": str(n)})
        return "GET", path, None

    def quantile(self, q):
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * q))]

    def check(self):
        require(len(self.times) >= ANSWERS_MIN, f"the well-behaved client had only {len(self.times)} answers")
        require(not self.troubles, f"the well-behaved client was not served well {len(self.troubles)} times of "
                                   f"{len(self.times)}: " + "; ".join(self.troubles[:5]))
        require(self.quantile(0.99) < P99_SECONDS_MAX,
                f"the well-behaved client's p99 is {self.quantile(0.99):.2f} s (limit {P99_SECONDS_MAX} s)")

    def text(self):
        return (f"well-behaved client: {len(self.times)} requests, median {self.quantile(0.5) * 1e3:.1f} ms, "
                f"p99 {self.quantile(0.99) * 1e3:.0f} ms, worst {max(self.times) * 1e3:.0f} ms")
