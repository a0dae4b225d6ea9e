"""What a cluster may leave on the machine: recorded while it runs, looked for after it was wiped."""
import glob
import json
import os
import subprocess

from cluster import BRIDGE, SERVICE_CIDR, TABLE, cri, require, wait_for


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def links():
    return {link["ifname"]: link for link in json.loads(output("ip", "-j", "link"))}


def tables():
    return {(entry["table"]["family"], entry["table"]["name"])
            for entry in json.loads(output("nft", "-j", "list", "tables"))["nftables"] if "table" in entry}


def mounts(folder):
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return [line.split()[4] for line in file if line.split()[4].startswith(folder + "/")]


def processes(text):
    """Command lines that name `text`, except our own family's."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line and int(path.split("/")[2]) != os.getpid():
            found.append(line.strip())
    return found


def cgroups(words):
    """Cgroup folders, in every hierarchy, whose path names one of `words`."""
    return [path for path, _, _ in os.walk("/sys/fs/cgroup") if any(word in path for word in words)]


def service_routes():
    return output("ip", "-4", "route", "show", "table", "all", SERVICE_CIDR).strip()


class Footprint:
    """What a running cluster has on the machine."""

    def __init__(self, cluster):
        self.folder = cluster.data
        pods = cluster.items("pods", "-A")
        self.words = {pod["metadata"]["uid"] for pod in pods}
        self.sandboxes = {sandbox for sandbox, *_ in cri.pods(cluster.socket)}
        self.words |= self.sandboxes | {container for container, *_ in cri.containers(cluster.socket)}
        self.ports = {name for name, link in links().items() if link.get("master") == BRIDGE}

    def check_there(self):
        """That the look-ups find what is there: otherwise finding nothing later means nothing."""
        require(BRIDGE in links() and self.ports, f"no bridge {BRIDGE} with ports")
        require(any(name == TABLE for _, name in tables()), f"no nftables table {TABLE}")
        require(mounts(self.folder), "no mounts below the data folder")
        require(cgroups(self.words), "no cgroups of pods")
        require(service_routes(), f"no route for {SERVICE_CIDR}")

    def check_gone(self):
        # The kernel removes the interfaces of an ended namespace a moment later.
        wait_for("no interfaces are left", 10, lambda: not (self.ports | {BRIDGE}) & set(links()))
        require(not any(name == TABLE for _, name in tables()), f"the nftables table {TABLE} is left")
        require(not mounts(self.folder), f"mounts are left: {mounts(self.folder)}")
        require(not service_routes(), f"a route is left: {service_routes()}")
        left = cgroups(self.words)
        require(not left, f"cgroups are left: {left[:10]}")
        require(not os.path.exists(self.folder), f"the data folder {self.folder} is left")
        left = processes(self.folder)
        require(not left, f"processes are left: {left}")
        left = [path for path in glob.glob("/var/lib/cni/**", recursive=True)
                if any(sandbox in path for sandbox in self.sandboxes)]
        require(not left, f"CNI's records are left: {left}")
