"""20 watchers in one process. Each goes on at its last revision after a lost connection; together they know whether one of them
missed a change, saw one twice, or out of order."""
import json
import selectors
import socket
import ssl
import time

from host import CONFIGMAPS

RETRY_SECONDS = 0.02
END_NAME = "the-end"
QUIET_SECONDS_MAX = 120
HEAD_END = b"\r\n\r\n"


class Common:
    """What all have seen: `order` is by revision. Who comes first adds; the others must see the same."""

    def __init__(self):
        self.order, self.events, self.troubles = [], {}, []

    def see(self, watcher, revision, event):
        at = watcher.at
        if at == len(self.order):
            if self.order and revision <= self.order[-1]:
                return self.wrong(watcher, revision, f"after revision {self.order[-1]}")
            self.order.append(revision)
            self.events[revision] = event
        elif self.order[at] != revision:
            return self.wrong(watcher, revision, f"where others saw revision {self.order[at]}")
        elif self.events[revision] != event:
            return self.wrong(watcher, revision, f"which to others was {self.events[revision]}")
        watcher.at += 1
        return None

    def wrong(self, watcher, revision, where):
        if len(self.troubles) < 20:
            self.troubles.append(f"watcher {watcher.number} saw revision {revision} {where}")
        watcher.failed = True


class Watcher:
    def __init__(self, host, number, start, common):
        self.host, self.number, self.last, self.common = host, number, start, common
        self.at, self.done, self.failed = 0, False, False
        self.connects, self.expired, self.events = 0, 0, 0
        self.socket, self.buffer, self.retry_at, self.in_body = None, b"", 0.0, False

    def connect(self, context):
        """Blocks for as long as a local handshake takes."""
        try:
            raw = socket.create_connection(("127.0.0.1", self.host.port), 10)
            self.socket = context.wrap_socket(raw, server_hostname="127.0.0.1")
            self.socket.sendall(f"GET {CONFIGMAPS}?watch=1&resourceVersion={self.last} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                f"Authorization: Bearer {self.host.token}\r\n\r\n".encode())
            self.socket.setblocking(False)
            self.connects += 1
            self.buffer, self.in_body = b"", False
            return True
        except OSError:
            self.lose()
            return False

    def lose(self):
        if self.socket:
            self.socket.close()
        self.socket, self.retry_at = None, time.monotonic() + RETRY_SECONDS

    def receive(self):
        """False: the connection is gone."""
        try:
            while True:
                block = self.socket.recv(65536)
                if not block:
                    return False
                self.buffer += block
                self.take_lines()
                if self.done or self.failed or self.socket is None:
                    return True
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False

    def take_lines(self):
        if not self.in_body:
            at = self.buffer.find(HEAD_END)
            if at < 0:
                return
            head, self.buffer, self.in_body = self.buffer[:at], self.buffer[at + 4:], True
            status = head.split(b" ", 2)[1]
            if status == b"410":
                self.expire(head.decode(errors="replace"))
                return
            if status != b"200":
                raise ConnectionResetError(head.decode(errors="replace"))  # 503 while it starts: try again
        *lines, self.buffer = self.buffer.split(b"\n")
        for line in lines:
            if line.startswith(b'{"type"') and not self.done:  # the rest is the framing of chunks
                self.take(json.loads(line))

    def expire(self, text):
        """The history is kept for minutes, and nobody here was away for so long."""
        self.expired += 1
        self.common.troubles.append(f"watcher {self.number}: {text} (it resumed at {self.last})")
        self.failed = True

    def take(self, event):
        thing = event["object"]
        if event["type"] == "ERROR":
            self.expire(f"{thing.get('code')} {thing.get('message')}")
            return
        if event["type"] == "BOOKMARK":
            return
        revision, name = int(thing["metadata"]["resourceVersion"]), thing["metadata"]["name"]
        self.events += 1
        self.common.see(self, revision, (event["type"], name, thing.get("data", {}).get("value")))
        self.last = revision
        self.done = name == END_NAME


def run_watchers(host, numbers, start, pipe):
    """The body of a process: until all have seen the object END_NAME; then sends what they saw."""
    context = host.tls()
    common = Common()
    watchers = [Watcher(host, number, start, common) for number in numbers]
    selector = selectors.DefaultSelector()
    last_event = time.monotonic()
    while not all(each.done or each.failed for each in watchers):
        now = time.monotonic()
        for each in watchers:
            if each.socket is None and not each.done and not each.failed and now >= each.retry_at and each.connect(context):
                selector.register(each.socket, selectors.EVENT_READ, each)
                each.receive()  # what came with the handshake wakes no selector
        for key, _ in selector.select(RETRY_SECONDS):
            each, kept = key.data, key.fileobj
            before = each.events
            if not each.receive() or each.done or each.failed:
                selector.unregister(kept)
                each.lose()
            if each.events != before:
                last_event = now
        if time.monotonic() - last_event > QUIET_SECONDS_MAX:
            common.troubles.append(f"no watcher saw anything for {QUIET_SECONDS_MAX} s")
            break
        if pipe.poll(0):
            break
    behind = [each.number for each in watchers if not each.done and not each.failed]
    if behind:
        common.troubles.append(f"these watchers did not see the end: {behind}")
    pipe.send({"order": common.order, "events": common.events, "troubles": common.troubles,
               "connects": sum(each.connects for each in watchers), "expired": sum(each.expired for each in watchers),
               "seen": [each.events for each in watchers]})
