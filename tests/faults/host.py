"""The host that is to suffer: as tools/bench starts one, and it can be killed, started again, limited, and asked what it holds."""
import http.client
import json
import os
import resource
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from bench.host import Failed, Host, wait_for

END_SECONDS_MAX = 60
NAMESPACE = "faults"
CONFIGMAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
CALL_SECONDS_MAX = 20


SETTINGS = {"memory_limits": True}  # a program with sanitizers keeps what others give back


def require_memory(what, peak_mb, before_mb, more_mb):
    require(peak_mb <= before_mb + more_mb or not SETTINGS["memory_limits"],
            f"memory with {what}: {peak_mb:.0f} MB, {before_mb:.0f} MB before; the limit is {more_mb:.0f} MB more")


def require(condition, text):
    if not condition:
        raise Failed(text)


class FaultHost(Host):
    """`files_max`: its RLIMIT_NOFILE. `environment`: more of it. `data`: another folder for its data, kept by the caller.
    Used by one thread."""

    def __init__(self, program, folder, nodes=0, workers=False, files_max=None, environment=None, data=None):
        self.program, self.process, self.token = program, None, secrets.token_hex(16)
        self.files_max, self.environment = files_max, {**os.environ, **(environment or {})}
        self.folder = tempfile.mkdtemp(prefix="troupe-faults-", dir=folder)
        self.data = data or os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "log")
        self.kubeconfig = os.path.join(self.data, "admin.kubeconfig")
        try:
            self.configure(nodes, workers)
            self.start()
            self.make_namespace()
        except BaseException:
            self.stop()
            raise

    def start(self):
        self.begin()
        self.wait_until_ready(self.process)

    def begin(self):
        """Starts the process and does not wait for it."""
        def limit():
            if self.files_max:
                resource.setrlimit(resource.RLIMIT_NOFILE, (self.files_max, self.files_max))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "host", "--placement", self.placement, "--data", self.data],
                                            stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=limit, env=self.environment)

    def end(self):
        """Ends the process in order; the data stay. It is a fault when it does not come to an end by itself."""
        if self.process is None:
            return
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"the host did not stop within {END_SECONDS_MAX} s of SIGTERM\n{self.log_tail()}") from None
        finally:
            process.stdout.close()

    def stop(self):
        try:
            self.kill()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self):
        """SIGKILL, now."""
        if self.process is None:
            return
        process, self.process = self.process, None
        process.kill()
        process.wait()
        process.stdout.close()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def ended_text(self):
        return "" if self.alive() else f" (the host has ended: {self.process and self.process.poll()})"

    def make_namespace(self):
        with Caller(self) as caller:
            caller.must("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})

    def log_since(self, mark):
        with open(self.log, "rb") as file:
            file.seek(mark)
            return file.read().decode(errors="replace")

    def log_mark(self):
        return os.path.getsize(self.log)

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def own_mb(self):
        """Resident memory without the pages of the data files, which the kernel may take back at any time."""
        return self.resident_mb("RssAnon:")

    def reader_of_memory(self):
        return MemoryPeak(self)


class MemoryPeak:
    """The most that the process had while this was open, looked at every 50 ms."""

    def __init__(self, host):
        self.host, self.peak, self.over = host, host.own_mb(), threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while not self.over.wait(0.05):
            try:
                self.peak = max(self.peak, self.host.own_mb())
            except (OSError, AttributeError, StopIteration):
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Caller:
    """One kept connection; anew after an error. Used by one thread."""

    def __init__(self, host, seconds=CALL_SECONDS_MAX):
        self.host, self.seconds, self.connection, self.context = host, seconds, None, None

    def call(self, method, path, body=None, kind="application/json"):
        """(status, answer): status 0 when there was no answer, and what became of the request is unknown."""
        text = body if isinstance(body, (bytes, str)) or body is None else json.dumps(body)
        try:
            if self.connection is None:
                self.context = self.context or self.host.tls()
                self.connection = http.client.HTTPSConnection("127.0.0.1", self.host.port, timeout=self.seconds,
                                                              context=self.context)
            self.connection.request(method, path, text, {"Authorization": f"Bearer {self.host.token}", "Content-Type": kind})
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return 0, {"message": repr(error)}

    def must(self, method, path, body=None, kind="application/json"):
        status, answer = self.call(method, path, body, kind)
        require(200 <= status < 300, f"{method} {path}: {status} {str(answer)[:400]}{self.host.ended_text()}\n"
                                       f"{self.host.log_tail(5)}")
        return answer

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def configmap(name, data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": NAMESPACE}, "data": data}


def seconds_since(begin):
    return time.monotonic() - begin


__all__ = ["CONFIGMAPS", "NAMESPACE", "Caller", "Failed", "FaultHost", "configmap", "require", "require_memory", "seconds_since", "wait_for"]
