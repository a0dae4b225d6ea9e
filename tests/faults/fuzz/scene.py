"""Malformed requests in great number. Each gets an answer in HTTP (never a 5xx) or, when it is no request, its connection's end."""
import json
import multiprocessing
import random
import socket
import time

from fuzz.mutate import bent
from fuzz.samples import NAMESPACE, SAMPLES
from host import Caller, FaultHost, configmap, require, require_memory
from steady import Steady

PROCESSES = 2
ANSWER_SECONDS_MAX = 10
PATIENCE_SECONDS = 0.02  # then the rest of the request is missing, and it is told that there will be none
MB_MAX = 150
EXAMPLES_MAX = 8
SERVER_FAULTS_ALLOWED = {501, 504, 505}  # of HTTP what the server does not speak; a log of a node that is not there


class Prober:
    def __init__(self, host, seed, count):
        self.host, self.seed, self.count = host, seed, count
        self.context, self.wire = host.tls(), None
        self.statuses, self.wrong, self.ending, self.text = {}, [], False, b""

    def run(self):
        for n in range(self.count):
            chance = random.Random(f"{self.seed}-{n}")
            request = bent(chance.choice(SAMPLES), chance, self.host.token)
            try:
                status = self.probe(request)
            except (OSError, ValueError) as error:
                status = f"no answer: {type(error).__name__}"
                self.drop()
                if isinstance(error, (TimeoutError, ValueError)):
                    self.note(request, repr(error))
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if isinstance(status, int) and status >= 500 and status not in SERVER_FAULTS_ALLOWED:
                self.note(request, f"{status} {self.text[:300]!r}")
        self.drop()

    def note(self, request, what):
        if len(self.wrong) < EXAMPLES_MAX:
            self.wrong.append(f"{what} for {request[:600]!r}")

    def drop(self):
        if self.wire:
            self.wire.close()
        self.wire = None

    def probe(self, request):
        """The status of the first answer; "closed" when the connection was ended without one."""
        if self.wire is None:
            raw = socket.create_connection(("127.0.0.1", self.host.port), ANSWER_SECONDS_MAX)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.wire = self.context.wrap_socket(raw, server_hostname="127.0.0.1")
        try:
            self.wire.settimeout(ANSWER_SECONDS_MAX)
            self.wire.sendall(request)
        except OSError:
            pass  # refused before it was all sent: the answer may be there
        return self.answer(request.startswith(b"HEAD"))

    def first_block(self):
        """When nothing comes, the request's rest is missing: the server is told that there will be none."""
        self.wire.settimeout(PATIENCE_SECONDS)
        self.ending = False
        try:
            return self.wire.recv(65536)
        except TimeoutError:
            socket.socket.shutdown(self.wire, socket.SHUT_WR)
            self.ending = True
        finally:
            self.wire.settimeout(ANSWER_SECONDS_MAX)
        return self.wire.recv(65536)

    def answer(self, head_only):
        data = b""
        while b"\r\n\r\n" not in data:
            block = self.wire.recv(65536) if data else self.first_block()
            if not block:
                self.drop()
                require_nothing(data)
                return "closed"
            data += block
        head, body = data.split(b"\r\n\r\n", 1)
        words = head.split(b"\r\n", 1)[0].split(b" ", 2)
        if not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
            raise ValueError(f"no HTTP answer: {head[:200]!r}")
        status, lower = int(words[1]), head.lower()
        if status == 100:
            self.drop()
            return status
        length = next((int(line.split(b":")[1]) for line in lower.split(b"\r\n") if line.startswith(b"content-length:")), None)
        if length is None or head_only:  # a watch, a long list
            self.drop()
            return status
        while len(body) < length:
            block = self.wire.recv(65536)
            if not block:
                raise ValueError(f"an answer of {length} bytes ended after {len(body)}: {head[:200]!r}")
            body += block
        if b"content-type: application/json" in lower and length:
            json.loads(body[:length])
        self.text = body
        # What is left of a bent request is the next request: a fresh connection makes each count for itself.
        if b"connection: close" in lower or self.ending or len(body) > length or status >= 400:
            self.drop()
        return status


def require_nothing(data):
    if data:
        raise ValueError(f"half an answer: {data[:200]!r}")


def probe_all(host, seed, count, pipe):
    prober = Prober(host, seed, count)
    prober.run()
    pipe.send((prober.statuses, prober.wrong))


def run(program, folder, seed, count):
    host = FaultHost(program, folder)
    try:
        with Caller(host) as caller:
            caller.must("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
            item = configmap("c", {"k": "v"})
            item["metadata"]["namespace"] = NAMESPACE
            caller.must("POST", f"/api/v1/namespaces/{NAMESPACE}/configmaps", item)
        begin = time.monotonic()
        with Steady(host) as steady, host.reader_of_memory() as memory:
            before = host.own_mb()
            statuses, wrong = gather(host, seed, count)
            after = host.own_mb()
        took = time.monotonic() - begin
        require(host.alive(), f"the host has ended: {host.ended_text()}\n{host.log_tail()}")
        require(not wrong, f"{len(wrong)} malformed requests were treated wrongly:\n  " + "\n  ".join(wrong))
        require_memory("malformed requests", memory.peak, before, MB_MAX)
        host.end()
        return [f"{count} malformed requests in {took:.0f} s ({count / took:.0f}/s); answers: "
                f"{dict(sorted(statuses.items(), key=str))}", f"{before:.0f} MB before, {memory.peak:.0f} MB at most, {after:.0f} MB after",
                steady.text()]
    finally:
        host.stop()


def gather(host, seed, count):
    context = multiprocessing.get_context("fork")
    statuses, wrong, members = {}, [], []
    for number in range(PROCESSES):
        mine, theirs = context.Pipe()
        process = context.Process(target=probe_all, args=(host, f"{seed}-{number}", count // PROCESSES, theirs), daemon=True)
        process.start()
        theirs.close()
        members.append((process, mine))
    try:
        for _, pipe in members:
            try:
                counts, found = pipe.recv()
            except EOFError:
                require(False, f"a fuzzer ended without a result\n{host.log_tail()}")
            wrong += found
            for status, times in counts.items():
                statuses[status] = statuses.get(status, 0) + times
    finally:
        for process, _ in members:
            process.kill()
            process.join()
    return statuses, wrong
