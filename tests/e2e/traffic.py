"""What goes on while a step disturbs the cluster: requests to a service, and writes to the API. Each runs in
threads of its own until stop(), which says what happened."""
import http.client
import json
import threading
import time

from cluster import Failed, require

REQUEST_SECONDS_MAX = 5
WRITE_SECONDS_MAX = 60  # one write, with all its attempts
PAUSE_SECONDS = 0.02


def fetch(address, port=80, path="/"):
    """The body of one GET over a connection of its own."""
    connection = http.client.HTTPConnection(address, port, timeout=REQUEST_SECONDS_MAX)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        body = response.read().decode().strip()
        if response.status != 200:
            raise Failed(f"{response.status} {body}")
        return body
    finally:
        connection.close()


class Requests:
    """Continuous requests: none may fail."""

    def __init__(self, address, threads=2):
        self.address, self.answers, self.errors = address, {}, []
        self.stopping, self.lock = threading.Event(), threading.Lock()
        self.began = time.monotonic()
        self.threads = [threading.Thread(target=self.loop, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def loop(self):
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                body = fetch(self.address)
                with self.lock:
                    self.answers[body] = self.answers.get(body, 0) + 1
            except (OSError, http.client.HTTPException, Failed) as error:
                with self.lock:
                    self.errors.append(f"at {began - self.began:.2f} s, after {time.monotonic() - began:.2f} s: {error!r}")
            self.stopping.wait(PAUSE_SECONDS)

    def versions(self):
        with self.lock:
            return {body.split()[-1] for body in self.answers}

    def count(self):
        with self.lock:
            return sum(self.answers.values())

    def stop(self):
        """The number of answered requests; fails if one was not answered."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(REQUEST_SECONDS_MAX + 1)
        require(not self.errors, f"{len(self.errors)} of {len(self.errors) + self.count()} requests failed:\n  "
                + "\n  ".join(self.errors[:10]))
        require(self.count() > 0, "no request was made")
        return self.count()


def write_bodies(namespace, number):
    """(collection's path, object): one object of each store shard in turn."""
    name, core = f"write-{number}", f"/api/v1/namespaces/{namespace}"
    metadata = {"name": name, "annotations": {"number": str(number)}}
    kind = number % 4
    if kind == 0:
        return f"{core}/configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"n": str(number)}}
    if kind == 1:
        return (f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases",
                {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": {"holderIdentity": name}})
    if kind == 2:
        return f"{core}/events", {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "type": "Normal", "reason": "Written",
                                  "involvedObject": {"kind": "Namespace", "name": namespace, "namespace": namespace}}
    # A pod that no scheduler takes: it only has to be kept.
    return f"{core}/pods", {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {
        "schedulerName": "nobody", "containers": [{"name": "main", "image": "troupe.local/busybox:1"}]}}


class Writes:
    """Continuous writes to every store shard: what was acknowledged must be there at the end, once, unchanged."""

    def __init__(self, cluster, namespace):
        self.cluster, self.namespace = cluster, namespace
        self.host, self.port, self.context = cluster.api_credentials()
        self.acknowledged, self.errors, self.retries = {}, [], 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def ask(self, connection, method, path, body=None):
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def connect(self):
        return http.client.HTTPSConnection(self.host, self.port, timeout=REQUEST_SECONDS_MAX, context=self.context)

    def write(self, connection, number):
        """Until it is acknowledged. After an attempt of unknown outcome "already exists" is success."""
        path, body = write_bodies(self.namespace, number)
        deadline, unsure = time.monotonic() + WRITE_SECONDS_MAX, False
        while True:
            try:
                status, answer = self.ask(connection, "POST", path, body)
                if status == 409 and unsure:
                    status, answer = self.ask(connection, "GET", f"{path}/{body['metadata']['name']}")
                if status in (200, 201):
                    return (path, body["metadata"]["name"]), answer["metadata"]["uid"]
                if status not in (429, 500, 503, 504):
                    raise Failed(f"POST {path}: {status} {answer.get('message')}")
                unsure = unsure or status in (500, 504)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                connection.close()  # the next request connects again
                unsure = True
            self.retries += 1
            if time.monotonic() > deadline:
                raise Failed(f"POST {path}: no success within {WRITE_SECONDS_MAX} s")
            time.sleep(PAUSE_SECONDS)

    def loop(self):
        connection, number = self.connect(), 0
        try:
            while not self.stopping.is_set():
                key, uid = self.write(connection, number)
                self.acknowledged[key] = uid
                number += 1
                time.sleep(PAUSE_SECONDS)
        except Failed as error:
            self.errors.append(str(error))
        finally:
            connection.close()

    def stop(self):
        """The number of acknowledged writes; fails unless all of them are there."""
        self.stopping.set()
        self.thread.join(WRITE_SECONDS_MAX + 5)
        require(not self.errors, f"a write failed after {len(self.acknowledged)} were done: {self.errors}")
        require(self.acknowledged, "nothing was written")
        connection = self.connect()
        stored = {}
        for path in {path for path, _ in self.acknowledged}:
            status, answer = self.ask(connection, "GET", path)
            require(status == 200, f"GET {path}: {status} {answer}")
            for item in answer["items"]:
                key = (path, item["metadata"]["name"])
                require(key not in stored, f"{key} is listed twice")
                stored[key] = item["metadata"]["uid"]
        connection.close()
        lost = [key for key, uid in self.acknowledged.items() if stored.get(key) != uid]
        require(not lost, f"{len(lost)} of {len(self.acknowledged)} acknowledged writes are lost or changed: {lost[:5]}")
        return len(self.acknowledged)
