"""A data file or a log that is cut off or has a flipped bit: the host says which file, where, and what to do, or the damage changes nothing.
What is served is what was written, always. The data file is of a host that was ended; the log is of one that was killed, so that what it has is
nowhere else. (tests/unit/storage flips thousands of bits of smaller files.)"""
import os
import random
import re
import shutil
import struct
import tempfile
import time

from host import CONFIGMAPS, Caller, FaultHost, configmap, require

OBJECTS, LARGE_EVERY = 400, 10
PAGE, MARK = 4096, 64
LATER_OBJECTS = 60
KINDS = {0x01: "branch", 0x02: "leaf", 0x04: "value", 0x08: "meta"}
START_SECONDS_MAX = 20
RUNNING_SECONDS_MAX = 5


def fill(host):
    """{name: value}; some values are longer than a page, and there is a history."""
    truth = {}
    with Caller(host) as caller:
        for n in range(OBJECTS):
            value = f"{n}-" + "v" * (6_000 if n % LARGE_EVERY == 0 else 60)
            caller.must("POST", CONFIGMAPS, configmap(f"kept-{n}", {"value": "before"}))
            caller.must("PUT", f"{CONFIGMAPS}/kept-{n}", configmap(f"kept-{n}", {"value": value}))
            truth[f"kept-{n}"] = value
            if n % 3 == 0:
                caller.must("DELETE", f"{CONFIGMAPS}/kept-{n}")
                del truth[f"kept-{n}"]
    return truth


def served(caller):
    """{name: value} as the API lists it; None: it does not."""
    found, token = {}, ""
    while True:
        status, page = caller.call("GET", f"{CONFIGMAPS}?limit=200" + (f"&continue={token}" if token else ""))
        if status != 200:
            return None
        found.update({item["metadata"]["name"]: item["data"]["value"] for item in page["items"]
                      if item["metadata"]["name"].startswith("kept-")})
        token = page["metadata"].get("continue")
        if not token:
            return found


def places(path):
    """{kind: [page]}: by what their headers say; continuing pages of long values, and old ones that are free, are among them."""
    found = {kind: [] for kind in [*KINDS.values(), "other"]}
    with open(path, "rb") as file:
        data = file.read()
    last = max(struct.unpack_from("<Q", data, base + 16 + 24 + 96)[0] for base in (0, PAGE))
    for number in range(last + 1):
        own, _, flags = struct.unpack_from("<QHH", data, number * PAGE)
        found[KINDS.get(flags & 0x0f, "other") if own == number else "other"].append(number)
    return found


def flipper(offset, chance):
    bit = 1 << chance.randrange(8)

    def act(file):
        with open(file, "r+b") as data:
            data.seek(offset)
            byte = data.read(1)[0]
            data.seek(offset)
            data.write(bytes([byte ^ bit]))
    return act


def cut(length):
    return lambda file: os.truncate(file, length)


def clear(file):
    with open(file, "r+b") as data:
        data.write(bytes(os.path.getsize(file)))


def damages(path, chance, count):
    """(name, function that damages the file)."""
    size = os.path.getsize(path)
    pages = places(path)

    def flip(offset):
        return flipper(offset, chance)

    yield "cut to nothing", cut(0)
    yield "cut after 100 bytes", cut(100)
    yield "cut in the middle", cut(size // 2 // PAGE * PAGE)
    yield "cut within a page", cut(size // 3)
    yield "removed", os.remove
    yield "meta page 0, transaction number", flip(16 + 24 + 96 + 8)
    yield "meta page 1, transaction number", flip(PAGE + 16 + 24 + 96 + 8)
    kinds = [kind for kind in pages if pages[kind]]
    for n in range(count):
        kind = kinds[n % len(kinds)]
        number = chance.choice(pages[kind])
        within = chance.randrange(64) if n % 2 else chance.randrange(PAGE)
        yield f"bit of a {kind} page ({number}, byte {within})", flip(number * PAGE + within)


def marks_of(data):
    """{offset: generation} of a log's marks; some of them may be stale."""
    return {at: struct.unpack_from("<Q", data, at + 8)[0] for at in range(0, len(data), MARK) if data[at:at + 3] == b"TLG"}


def log_damages(path, chance, count):
    """As damages(), of a log's file."""
    with open(path, "rb") as file:
        data = file.read()
    marks = list(marks_of(data))
    used = len(data[:-MARK].rstrip(b"\0"))
    name = os.path.basename(path)
    yield f"{name} cut to nothing", cut(0)
    yield f"{name} cut within what is used", cut(used // 2)
    yield f"{name} cut behind what is used", cut(used + MARK)
    yield f"{name} all zeros", clear
    yield f"{name} removed", os.remove
    for n in range(count):
        at = chance.choice(marks) + chance.randrange(MARK) if n % 2 else chance.randrange(used)
        yield f"bit of {name} (byte {at} of {used})", flipper(at, chance)


class Judge:
    """Starts the host on a damaged copy of its data and looks what it does."""

    def __init__(self, host, truth, whole, store):
        self.host, self.truth, self.whole, self.store = host, truth, whole, store
        self.refused = self.partly = self.harmless = 0

    def look(self, name, damage):
        shutil.rmtree(self.host.data)
        shutil.copytree(self.whole, self.host.data)
        damage(os.path.join(self.host.data, self.store))
        mark = self.host.log_mark()
        self.host.begin()
        line = self.first_line()
        if "ready" in line:
            self.check_served(name)
            self.host.kill()
            return
        self.host.process.kill()
        code = self.host.process.wait()
        self.host.process.stdout.close()
        self.host.process = None
        text = self.host.log_since(mark)
        require(code == 1, f"{name}: the host ended with {code}\n{text[-600:]}")
        self.check_told(name, text)
        self.refused += 1

    def first_line(self):
        """What the host says; it may also be that it ends, or waits for a store that cannot be read."""
        end = time.monotonic() + START_SECONDS_MAX
        os.set_blocking(self.host.process.stdout.fileno(), False)
        while time.monotonic() < end:
            line = self.host.process.stdout.readline()
            if line:
                return line
            if self.host.process.poll() is not None:
                return ""
            time.sleep(0.01)
        return "late"

    def check_served(self, name):
        with Caller(self.host) as caller:
            found = served(caller)
            require(found is not None, f"{name}: ready, and does not list")
            wrong = {key for key in set(found) | set(self.truth) if found.get(key) != self.truth.get(key)}
            require(not wrong, f"{name}: served as good: {len(wrong)} objects are not what was written, such as {sorted(wrong)[:3]}")
            caller.must("POST", CONFIGMAPS, configmap("written-later", {"a": "b"}))
        self.harmless += 1

    def check_told(self, name, text):
        require(os.path.join(self.host.data, os.path.dirname(self.store)) in text and "backup" in text
                and re.search(r"page \d+|offset \d+|revision \d+|record|is missing|is empty|cut off", text),
                f"{name}: not told where the damage is and what to do:\n{text[-800:]}")


def write_later(host, truth):
    """What is in the log only, when the host is killed at once: at least the last one."""
    with Caller(host) as caller:
        for n in range(LATER_OBJECTS):
            value = f"later-{n}-" + "w" * (5_000 if n % LARGE_EVERY == 0 else 100)
            caller.must("POST", CONFIGMAPS, configmap(f"kept-later-{n}", {"value": value}))
            truth[f"kept-later-{n}"] = value
    host.kill()
    return value


def file_in_use(folder):
    def newest(name):
        with open(os.path.join(folder, name), "rb") as file:
            return max(marks_of(file.read()).values())
    return max(("log.0", "log.1"), key=newest)


def require_logged(folder, value):
    def has(name):
        with open(os.path.join(folder, name), "rb") as file:
            return value.encode() in file.read()
    require(has(file_in_use(folder)) and not has("data.mdb"), "the last write is not in the log only: nothing of the log can be judged")


def look_at_log(host, truth, whole, chance, count):
    """Of a host that was killed right after its last writes."""
    folder = os.path.join("store", "main")
    shutil.rmtree(host.data)
    shutil.copytree(whole, host.data)
    host.start()
    last = write_later(host, truth)
    shutil.rmtree(whole)
    shutil.copytree(host.data, whole, ignore=shutil.ignore_patterns("*.sock"))
    require_logged(os.path.join(whole, folder), last)
    in_use = file_in_use(os.path.join(whole, folder))
    total, refused, harmless = 0, 0, 0
    for name in ("log.0", "log.1"):
        judge = Judge(host, truth, whole, os.path.join(folder, name))
        judge.look("nothing is damaged", lambda file: None)
        for what, damage in log_damages(os.path.join(whole, folder, name), chance, count if name == in_use else 0):
            judge.look(what, damage)
            total += 1
        refused, harmless = refused + judge.refused, harmless + judge.harmless - 1
    return f"{total} damages of a log whose newest writes were nowhere else: {refused} refused, {harmless} changed nothing; none was served as good"


def run(program, folder, seed, count, sabotage=None):
    chance = random.Random(seed)
    host = FaultHost(program, folder)
    whole = tempfile.mkdtemp(prefix="troupe-faults-whole-", dir=folder)
    try:
        truth = fill(host)
        host.end()
        shutil.rmtree(whole)
        shutil.copytree(host.data, whole)
        store = os.path.join("store", "main", "data.mdb")
        judge = Judge(host, sabotage(truth) if sabotage else truth, whole, store)
        judge.look("nothing is damaged", lambda file: None)
        total = 0
        for name, damage in damages(os.path.join(whole, store), chance, count):
            judge.look(name, damage)
            total += 1
        pages = os.path.getsize(os.path.join(whole, store)) // PAGE
        log_text = look_at_log(host, judge.truth, whole, chance, count)
        return [f"{total} damages of a store of {pages} pages: {judge.refused} refused with file, "
                f"place and what to do; {judge.harmless - 1} changed nothing; none was served as good", log_text]
    finally:
        host.stop()
        shutil.rmtree(whole, ignore_errors=True)


__all__ = ["run"]
