"""One `troupe host` with hollow nodes and its data in a temporary folder."""
import os
import shutil
import socket
import subprocess
import tempfile
import threading

START_SECONDS_MAX, STOP_SECONDS_MAX = 30, 20
NODES = 3
PLACEMENT = """apiVersion: troupe.dev/v1
kind: Placement
cluster:
  name: troupe-kubectl-test
  podCIDR: 10.246.0.0/16
  serviceCIDR: 10.98.0.0/16
  nodePortRange: 30000-32767
hosts:
  - {{ name: host-k, address: 127.0.0.1:{mail} }}
roles:
  - {{ role: store, host: host-k, engine: lmdb }}
  - {{ role: apiserver, host: host-k, address: 127.0.0.1:{api} }}
{controllers}
  - {{ role: scheduler, host: host-k }}
  - {{ role: kubelet, host: host-k, node: hollow, hollow: {nodes} }}
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Host:
    def __init__(self, troupe):
        self.folder = tempfile.mkdtemp(prefix="troupe-kubectl-")
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "log")
        self.kubeconfig = os.path.join(self.data, "admin.kubeconfig")
        help_text = subprocess.run([troupe, "host", "--help"], capture_output=True, text=True, check=True).stdout
        self.roles = [line.split()[0] for line in help_text.splitlines() if line.startswith("  controllers/")]
        mail, api = free_ports(2)
        placement = os.path.join(self.folder, "placement.yaml")
        with open(placement, "w", encoding="utf-8") as file:
            file.write(PLACEMENT.format(mail=mail, api=api, nodes=NODES, controllers="\n".join(
                f"  - {{ role: {role}, host: host-k }}" for role in self.roles)))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([troupe, "host", "--placement", placement, "--data", self.data],
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        late = threading.Timer(START_SECONDS_MAX, self.process.kill)
        late.start()
        line = self.process.stdout.readline()  # "troupe: ready: ADDRESS", or nothing when the process ended
        late.cancel()
        if "ready" not in line:
            text = self.log_tail()
            self.stop()
            raise RuntimeError(f"troupe host did not start\n{text}")

    def log_tail(self, lines=30):
        """The last lines that are not about normal work."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join([line for line in file if "level=info" not in line][-lines:])

    def stop(self):
        """Ends the process in order and removes its data. Returns its exit code."""
        self.process.terminate()
        try:
            code = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "killed: it did not stop"
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return code
