"""What goes on in the cluster while tools/demo disturbs it: users of the application, writers, pods that come and go.

Each runs in threads of its own until stop(). All times are those of time.monotonic().
"""
import http.client
import threading
import time

from demo.judge import Found, Written
from several_hosts import Api, enter_namespace, require

USERS_PER_PLACE = 4
ATTEMPT_SECONDS = 0.5     # then a user tries again
USER_PAUSE_SECONDS = 0.1
WRITE_SECONDS = 2.0       # one attempt of a write
WRITE_PAUSE_SECONDS = 0.1
POD_SECONDS_MAX = 30      # until a pod of `Pods` runs, or is gone; then it goes on with the next step
POD_PAUSE_SECONDS = 0.5
JOIN_SECONDS_MAX = 30


class Workers:
    """Threads in a network namespace, until stop()."""

    def __init__(self):
        self.stopping, self.threads, self.errors = threading.Event(), [], []

    def begin(self, namespace, work, *arguments):
        def run():
            try:
                enter_namespace(namespace)
                work(*arguments)
            except Exception as error:  # a dead worker must not look like a quiet one
                self.errors.append(f"{type(self).__name__} ended: {error!r}")

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(JOIN_SECONDS_MAX)
            if thread.is_alive():
                self.errors.append(f"{type(self).__name__} does not end")


class Users(Workers):
    """At each host some users of the application, who ask for its service's address again and again."""

    def __init__(self, namespaces, address):
        super().__init__()
        self.address = address
        self.answers = {place: [] for place in namespaces}
        self.failures = {place: [] for place in namespaces}
        self.answered_by = {}
        for place, namespace in namespaces.items():
            for _ in range(USERS_PER_PLACE):
                self.begin(namespace, self.use, place)

    def ask(self):
        connection = http.client.HTTPConnection(self.address, 80, timeout=ATTEMPT_SECONDS)
        try:
            connection.request("GET", "/", headers={"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read().decode().split()
            if answer.status != 200 or len(body) != 2:
                raise http.client.HTTPException(f"{answer.status} {body}")
            return body[0]
        finally:
            connection.close()

    def use(self, place):
        while not self.stopping.is_set():
            try:
                pod = self.ask()
                self.answers[place].append(time.monotonic())
                self.answered_by[pod] = self.answered_by.get(pod, 0) + 1
            except (OSError, http.client.HTTPException):
                self.failures[place].append(time.monotonic())
            self.stopping.wait(USER_PAUSE_SECONDS)


def collections(namespace):
    """{name: (path, object without metadata)}: one kind of object for each store shard."""
    core = f"/api/v1/namespaces/{namespace}"
    return {
        "configmaps": (f"{core}/configmaps", {"apiVersion": "v1", "kind": "ConfigMap"}),
        "leases": (f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases",
                   {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": {}}),
        "events": (f"{core}/events", {"apiVersion": "v1", "kind": "Event", "type": "Normal", "reason": "Written",
                                      "involvedObject": {"kind": "Namespace", "name": namespace, "namespace": namespace}}),
        # Pods that no scheduler takes: they only have to be kept.
        "pods": (f"{core}/pods", {"apiVersion": "v1", "kind": "Pod", "spec": {
            "schedulerName": "nobody", "containers": [{"name": "main", "image": "troupe.local/busybox:1"}]}}),
    }


class Writers(Workers):
    """One writer per kind: creates an object, changes it twice, deletes every fourth, and remembers what was acknowledged."""

    def __init__(self, client_namespace, address, context, namespace):
        super().__init__()
        self.address, self.context, self.collections = address, context, collections(namespace)
        self.written, self.acknowledged_at, self.attempts_failed, self.refusals = {}, [], 0, {}
        self.lock = threading.Lock()
        for collection in self.collections:
            self.begin(client_namespace, self.write_all, collection)

    def until_acknowledged(self, api, method, path, body, success):
        """The answer, or None when the run ended before. An attempt without an answer may have been carried out."""
        while not self.stopping.is_set():
            status, answer = api.call(method, path, body)
            if status in success:
                with self.lock:
                    self.acknowledged_at.append(time.monotonic())
                self.stopping.wait(WRITE_PAUSE_SECONDS)
                return status, answer
            with self.lock:
                self.attempts_failed += 1
                reason = f"{status} {answer.get('reason') or ''}".strip() if status else "no answer"
                self.refusals[reason] = self.refusals.get(reason, 0) + 1
            require(status in (0, 409, 429, 500, 502, 503, 504), f"{method} {path}: {status} {answer.get('message')}")
            self.stopping.wait(WRITE_PAUSE_SECONDS)
        return None

    def change(self, api, own, before, value):
        """Names the version that it changes, so that an attempt that was given up cannot undo a later one."""
        while True:
            version = before["metadata"]["resourceVersion"]
            patch = {"metadata": {"resourceVersion": version, "annotations": {"value": str(value)}}}
            done = self.until_acknowledged(api, "PATCH", own, patch, (200, 409))
            if done and done[0] == 409:
                done = self.until_acknowledged(api, "GET", own, None, (200,))
                if done and done[1]["metadata"]["annotations"]["value"] != str(value):
                    before = done[1]
                    continue
            return done

    def write_one(self, api, collection, number):
        path, template = self.collections[collection]
        name = f"write-{number}"
        own = f"{path}/{name}"
        note = self.written[collection, name] = Written()
        body = {**template, "metadata": {"name": name, "annotations": {"value": "0"}}}
        done = self.until_acknowledged(api, "POST", path, body, (201, 409))
        if done and done[0] == 409:  # an attempt without an answer made it
            done = self.until_acknowledged(api, "GET", own, None, (200,))
        if not done:
            return
        note.uid = done[1]["metadata"]["uid"]
        for value in (1, 2):
            note.tried = value
            done = self.change(api, own, done[1], value)
            if not done:
                return
            note.acknowledged = value
        if number % 4 == 0:
            note.deletion = "tried"
            if self.until_acknowledged(api, "DELETE", own, None, (200, 404)):
                note.deletion = "acknowledged"

    def write_all(self, collection):
        api, number = Api(self.address, self.context, seconds=WRITE_SECONDS), 0
        while not self.stopping.is_set():
            self.write_one(api, collection, number)
            number += 1
        api.close()

    def read_back(self, api):
        """{(collection, name): Found}: what the API lists now."""
        found = {}
        for collection, (path, _) in self.collections.items():
            status, answer = api.call("GET", path)
            require(status == 200, f"GET {path}: {status} {answer.get('message')}")
            for item in answer["items"]:
                value = item["metadata"].get("annotations", {}).get("value")
                if value is not None:
                    key = collection, item["metadata"]["name"]
                    require(key not in found, f"{' '.join(key)} is listed twice")
                    found[key] = Found(item["metadata"]["uid"], int(value))
        return found


class Pods(Workers):
    """Pods with real containers that are made and deleted again and again under the same names: a name must never run twice."""

    def __init__(self, client_namespace, address, context, namespace, names):
        super().__init__()
        self.path = f"/api/v1/namespaces/{namespace}/pods"
        self.address, self.context, self.rounds, self.late = address, context, 0, 0
        for name in names:
            self.begin(client_namespace, self.cycle, name)

    def body(self, name):
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
            "terminationGracePeriodSeconds": 2, "containers": [{
                "name": "main", "image": "troupe.local/web:v1", "env": [{"name": "DRAIN_SECONDS", "value": "0"}]}]}}

    def until(self, probe):
        end = time.monotonic() + POD_SECONDS_MAX
        while not self.stopping.is_set() and time.monotonic() < end:
            if probe():
                return True
            self.stopping.wait(WRITE_PAUSE_SECONDS)
        self.late += not self.stopping.is_set()
        return False

    def cycle(self, name):
        api = Api(self.address, self.context, seconds=WRITE_SECONDS)
        own = f"{self.path}/{name}"

        def runs():
            status, answer = api.call("GET", own)
            return status == 404 or answer.get("status", {}).get("phase") == "Running"

        while not self.stopping.is_set():
            self.until(lambda: api.call("POST", self.path, self.body(name))[0] in (201, 409))
            self.until(runs)
            self.until(lambda: api.call("DELETE", own)[0] in (200, 404))
            self.until(lambda: api.call("GET", own)[0] == 404)
            self.rounds += 1
            self.stopping.wait(POD_PAUSE_SECONDS)
        api.close()


