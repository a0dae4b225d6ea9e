"""A disk that fills: an ext4 of its own in a file. Writes are refused with the reason, reads go on, nothing acknowledged is missing,
and writes go on by themselves when there is space; also when the host was killed meanwhile and has to start on the full disk."""
import os
import shutil
import subprocess
import tempfile

from host import CONFIGMAPS, Caller, FaultHost, configmap, require, wait_for
from steady import Steady

DISK_MB, BALLAST_MB = 48, 6
LARGE_BYTES, SMALL_BYTES = 100_000, 300
REFUSALS_IN_A_ROW = 5
WRITES_MAX = 20_000
RECOVERY_SECONDS_MAX = 15


class SmallDisk:
    def __init__(self, folder):
        self.folder = tempfile.mkdtemp(prefix="troupe-faults-disk-", dir=folder)
        self.image, self.where = os.path.join(self.folder, "image"), os.path.join(self.folder, "disk")
        os.mkdir(self.where)
        self.mounted = False

    def mount(self):
        """What is the matter, or nothing."""
        with open(self.image, "wb") as file:
            file.truncate(DISK_MB << 20)
        for command in (["mkfs.ext4", "-q", "-m", "0", self.image], ["mount", "-o", "loop", self.image, self.where]):
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            except FileNotFoundError:
                return f"{command[0]} is not installed"
            if done.returncode != 0:
                return done.stderr.strip()
        self.mounted = True
        return None

    def path(self, name):
        return os.path.join(self.where, name)

    def put_ballast(self, name):
        with open(self.path(name), "wb") as file:
            file.write(b"\1" * (BALLAST_MB << 20))
            os.fsync(file.fileno())

    def free_bytes(self):
        state = os.statvfs(self.where)
        return state.f_bavail * state.f_frsize

    def remove(self):
        if self.mounted:
            subprocess.run(["umount", self.where], check=False, capture_output=True, timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)


class Filler:
    def __init__(self, host):
        self.host, self.caller, self.number = host, Caller(host), 0
        self.acknowledged, self.doubtful, self.refusals = {}, set(), []

    def write(self, size):
        self.number += 1
        name, value = f"fill-{self.number}", "x" * size + str(self.number)
        status, answer = self.caller.call("POST", CONFIGMAPS, configmap(name, {"value": value}))
        if status == 201:
            self.acknowledged[name] = len(value)
        else:
            if status == 0:
                self.doubtful.add(name)
            self.refusals.append((status, answer.get("message", "")))
        return status

    def fill(self):
        """Until nothing fits any more, small things neither."""
        for size in (LARGE_BYTES, SMALL_BYTES):
            refused = 0
            for _ in range(WRITES_MAX):
                refused = 0 if self.write(size) == 201 else refused + 1
                if refused == REFUSALS_IN_A_ROW:
                    break
            require(refused == REFUSALS_IN_A_ROW, f"{WRITES_MAX} writes of {size} bytes did not fill {DISK_MB} MB")

    def check_refusals(self):
        for status, message in self.refusals:
            require(status in (500, 503, 507) and "no space left" in message and "free some space" in message,
                    f"a write to a full disk was refused with {status} and not told why: {message}")

    def check_all_there(self):
        found, token = {}, ""
        while True:
            page = self.caller.must("GET", f"{CONFIGMAPS}?limit=100" + (f"&continue={token}" if token else ""))
            found.update({item["metadata"]["name"]: len(item["data"]["value"]) for item in page["items"]
                          if item["metadata"]["name"].startswith("fill-")})
            token = page["metadata"].get("continue")
            if not token:
                break
        missing = [name for name, size in self.acknowledged.items() if found.get(name) != size]
        require(not missing, f"{len(missing)} acknowledged writes are missing or other than written, such as {missing[:5]}")
        extra = [name for name in found if name not in self.acknowledged and name not in self.doubtful]
        require(not extra, f"{len(extra)} refused writes are there, such as {extra[:5]}")


def wait_for_writes(filler):
    wait_for("a write succeeds after space was freed", RECOVERY_SECONDS_MAX, lambda: filler.write(SMALL_BYTES) == 201, 0.1)


def run(program, folder, sabotage=None):
    """`sabotage`: does something to the full cluster that the check must find."""
    disk, host = SmallDisk(folder), None
    try:
        trouble = disk.mount()
        if trouble:
            return [f"SKIPPED: a disk that fills: {trouble}"]
        for name in ("ballast-1", "ballast-2"):
            disk.put_ballast(name)
        host = FaultHost(program, folder, data=disk.path("data"))
        filler = Filler(host)
        with Steady(host, writes=False) as steady:
            filler.fill()
            first = len(filler.acknowledged)
            filler.check_refusals()
            filler.check_all_there()
            os.remove(disk.path("ballast-1"))
            filler.refusals.clear()
            wait_for_writes(filler)
            filler.fill()
            filler.check_refusals()
        full = disk.free_bytes()
        host.kill()
        filler.caller.close()
        host.start()
        if sabotage:
            sabotage(filler)
        filler.check_all_there()
        os.remove(disk.path("ballast-2"))
        wait_for_writes(filler)
        filler.check_all_there()
        host.end()
        return [f"ext4 of {DISK_MB} MB: {first} writes until it was full, {len(filler.acknowledged)} after some space was freed twice; "
                f"all found, also after kill -9 and a start with {full // 1024} KB free", steady.text()]
    finally:
        if host:
            host.stop()
        disk.remove()
