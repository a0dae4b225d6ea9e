"""64 concurrent writers: create, count up and delete, and remember what was acknowledged. What was not is made sure of before going on."""
import threading
import time

from host import CONFIGMAPS, Caller, configmap

RETRY_SECONDS = 0.02
GIVE_UP_SECONDS = 120
KEEP_EVERY, COUNT_EVERY = 8, 2  # what is not kept is deleted at once, so that a long run's state stays small


class Writer(threading.Thread):
    """`acknowledged`: revision -> (event, name, value); deletes, whose answer has no revision, are in `deleted`.
    `attempted`: every (name, value) that was ever sent."""

    def __init__(self, host, number, stop):
        super().__init__(daemon=True)
        self.caller, self.number, self.stop = Caller(host), number, stop
        self.acknowledged, self.deleted, self.names = {}, [], []
        self.answers, self.unknown, self.troubles = {}, 0, []
        self.count, self.revision = 0, None  # of the counter

    def run(self):
        try:
            n = 0
            while not self.stop.is_set():
                n += 1
                name = f"w{self.number}-{n}"
                self.names.append(name)
                if not self.create(name):
                    return
                if n % KEEP_EVERY and not self.delete(name):
                    return
                if n % COUNT_EVERY == 0 and not self.count_up():
                    return
        except Exception as error:  # pylint: disable=broad-except  # it is the report's, not this thread's
            self.troubles.append(f"writer {self.number}: {error!r}")
        finally:
            self.caller.close()

    def ask(self, method, path, body=None):
        status, answer = self.caller.call(method, path, body)
        self.answers[status] = self.answers.get(status, 0) + 1
        return status, answer

    def until_decided(self, method, path, body, decided):
        """Repeats the request until its status is in `decided`. None: the test is over, the outcome is unknown."""
        begin, first = time.monotonic(), True
        while True:
            status, answer = self.ask(method, path, body)
            if status in decided:
                return status, answer, first
            first = False
            self.unknown += 1
            if status not in (0, 429, 500, 503, 504):
                self.troubles.append(f"{method} {path}: {status} {str(answer)[:300]}")
                return None, answer, first
            if time.monotonic() - begin > GIVE_UP_SECONDS:
                self.troubles.append(f"{method} {path}: no decision after {GIVE_UP_SECONDS} s, last {status} {str(answer)[:300]}")
                return None, answer, first
            time.sleep(RETRY_SECONDS)

    def acknowledge(self, event, name, value, answer):
        revision = int(answer["metadata"]["resourceVersion"])
        if revision in self.acknowledged:
            self.troubles.append(f"revision {revision} was given twice: {self.acknowledged[revision]} and {name}")
        self.acknowledged[revision] = (event, name, value)
        return revision

    def create(self, name):
        status, answer, first = self.until_decided("POST", CONFIGMAPS, configmap(name, {"value": name}), {201, 409})
        if status == 201:
            self.acknowledge("ADDED", name, name, answer)
        elif status == 409 and first:
            self.troubles.append(f"{name} exists before it was created")
        return status is not None

    def delete(self, name):
        status, _, first = self.until_decided("DELETE", f"{CONFIGMAPS}/{name}", None, {200, 404})
        if status == 404 and first:
            self.troubles.append(f"{name} was acknowledged and is not there")
        if status is not None:
            self.deleted.append(name)
        return status is not None

    def count_up(self):
        """By compare-and-swap, so that no count is skipped or done twice."""
        name = f"counter-{self.number}"
        body = configmap(name, {"value": str(self.count + 1)})
        if self.revision is None:
            method, path, decided = "POST", CONFIGMAPS, {201, 409}
        else:
            method, path, decided = "PUT", f"{CONFIGMAPS}/{name}", {200, 409}
            body["metadata"]["resourceVersion"] = self.revision
        status, answer, first = self.until_decided(method, path, body, decided)
        if status is None:
            return False
        if status == 409:  # an attempt before landed, and nobody else writes this one
            if first:
                self.troubles.append(f"{name}: a conflict at the first attempt: {answer.get('message')}")
            status, answer, _ = self.until_decided("GET", path if method == "PUT" else f"{path}/{name}", None, {200, 404})
            if status != 200 or answer["data"]["value"] != str(self.count + 1):
                self.troubles.append(f"{name} is {str(answer)[:300]} after {self.count + 1} was attempted")
                return False
        else:
            self.acknowledge("ADDED" if method == "POST" else "MODIFIED", name, str(self.count + 1), answer)
        self.count += 1
        self.revision = answer["metadata"]["resourceVersion"]
        return True


def run_writers(host, numbers, pipe):
    """The body of a process: until something comes through the pipe, then sends what its writers know."""
    stop = threading.Event()
    writers = [Writer(host, number, stop) for number in numbers]
    for each in writers:
        each.start()
    while not pipe.poll(1):
        pass
    stop.set()
    for each in writers:
        each.join(GIVE_UP_SECONDS)
    pipe.send([{"number": each.number, "acknowledged": each.acknowledged, "deleted": each.deleted, "names": each.names,
                "count": each.count, "answers": each.answers, "unknown": each.unknown,
                "troubles": each.troubles + ([f"writer {each.number} hangs"] if each.is_alive() else [])} for each in writers])
