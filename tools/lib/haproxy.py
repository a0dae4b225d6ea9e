"""haproxy in front of the apiservers, with the configuration of config/examples/haproxy.cfg."""
import os
import re
import socket
import subprocess


def example_for(text, front, backends, stats):
    """The example's configuration with these addresses and a socket for statistics."""
    text = re.sub(r"bind \S+", f"bind {front}:6443", text)
    for index, address in enumerate(backends):
        text = re.sub(rf"(server host-{index + 1}) \S+", rf"\1 {address}:6443", text)
    return text.replace("global\n", f"global\n  stats socket {stats} mode 600 level admin\n", 1)


class Balancer:
    def __init__(self, folder, example, front, backends, launcher=()):
        """`launcher`: the words before the program's name, such as nsenter's."""
        self.stats = os.path.join(folder, "stats")
        path = os.path.join(folder, "haproxy.cfg")
        with open(example, encoding="utf-8") as file, open(path, "w", encoding="utf-8") as out:
            out.write(example_for(file.read(), front, backends, self.stats))
        with open(os.path.join(folder, "haproxy.log"), "wb") as log:
            self.process = subprocess.Popen([*launcher, "haproxy", "-db", "-f", path], stdout=log, stderr=log,
                                            start_new_session=True)

    def servers(self):
        """{name: (status, present connections, connections ever)}"""
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(self.stats)
                sock.sendall(b"show stat\n")
                text = b"".join(iter(lambda: sock.recv(65536), b"")).decode()
        except OSError:
            return {}
        lines = [line.lstrip("# ").split(",") for line in text.splitlines() if line]
        names = lines[0]
        rows = [dict(zip(names, line)) for line in lines[1:]]
        return {row["svname"]: (row["status"], int(row["scur"]), int(row["stot"])) for row in rows if row["svname"].startswith("host-")}

    def all_up(self):
        states = self.servers()
        return bool(states) and all(status == "UP" for status, *_ in states.values())

    def stop(self):
        self.process.terminate()
        self.process.wait()
