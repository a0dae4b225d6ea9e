"""Clients that send a byte per second, and clients that send much: each is answered or ended in time, and others are served."""
import json
import selectors
import socket
import ssl
import threading
import time

from host import CONFIGMAPS, Caller, FaultHost, configmap, require, require_memory
from steady import Steady

SLOW, END_SECONDS_MAX = 200, 45  # the server's limit from the first byte to the last header is 30 s
SLOW_IN_GATE_SECONDS = 8
LARGE_CLIENTS, LARGE_REQUESTS = 8, 40
MEBIBYTE = 1024 * 1024
LARGE_MB_MAX = 700
OVERHEAD_BYTES = 2_000


def trickle(program, folder, to_the_end):
    """`to_the_end`: until the server has ended them all; else only while others must be served."""
    host = FaultHost(program, folder)
    try:
        with Steady(host) as steady:
            context = host.tls()
            request = f"GET {CONFIGMAPS} HTTP/1.1\r\nHost: x\r\nX-Slow: {'y' * 4000}".encode()
            clients = []
            for _ in range(SLOW):
                raw = socket.create_connection(("127.0.0.1", host.port), 10)
                clients.append(context.wrap_socket(raw, server_hostname="127.0.0.1"))
            selector = selectors.DefaultSelector()
            for each in clients:
                each.setblocking(False)
                selector.register(each, selectors.EVENT_READ)
            begin, answers, ended = time.monotonic(), [], []
            while len(ended) < SLOW and time.monotonic() - begin < (END_SECONDS_MAX if to_the_end else SLOW_IN_GATE_SECONDS):
                at = int(time.monotonic() - begin)
                for each in [entry.fileobj for entry in selector.get_map().values()]:
                    try:
                        each.send(request[at:at + 1])
                    except OSError:
                        pass  # it was ended: the answer is read below
                until = begin + at + 1
                while (left := until - time.monotonic()) > 0:
                    for key, _ in selector.select(left):
                        answer = receive(key.fileobj)
                        if answer is None:
                            continue
                        answers.append(answer[:12])
                        ended.append(time.monotonic() - begin)
                        selector.unregister(key.fileobj)
                        key.fileobj.close()
            for each in clients:
                each.close()
        if to_the_end:
            require(len(ended) == SLOW, f"{SLOW - len(ended)} of {SLOW} clients still send a byte per second after {END_SECONDS_MAX} s")
            require(set(answers) <= {b"HTTP/1.1 408"}, f"they were answered {set(answers)}")
        else:
            require(not ended, f"{len(ended)} clients were ended after {ended[:3]} s with {set(answers)}")
        host.end()
        end = f", all answered 408 after {min(ended):.0f} to {max(ended):.0f} s" if ended else ""
        return [f"{SLOW} clients that send a byte per second{end}", steady.text()]
    finally:
        host.stop()


def receive(wire):
    """What was answered; None: nothing yet."""
    try:
        return wire.recv(4096)
    except (ssl.SSLWantReadError, BlockingIOError):
        return None
    except OSError:
        return b""


def large_bodies():
    """(name, body, statuses that are right), each close to 3 MiB."""
    one = "x" * (1 * MEBIBYTE)
    value = "x" * (3 * MEBIBYTE - OVERHEAD_BYTES)
    return [
        ("one value of 3 MiB", json.dumps(configmap("large", {"value": value})), {413, 422}),
        ("1 MiB", json.dumps(configmap("large", {"value": one[:-OVERHEAD_BYTES]})), {201, 409}),
        ("800,000 small numbers", '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"l"},"data":[' + "1," * 800_000 + "1]}", {400}),
        ("200,000 keys", json.dumps(configmap("keys", {str(n): "" for n in range(200_000)})), {201, 409, 413, 422}),
        ("depth", '{"a":' * 400_000 + "1" + "}" * 400_000, {400}),
        ("labels", json.dumps({"metadata": {"name": "l", "labels": {f"k{n}": "v" for n in range(150_000)}}}), {201, 409, 413, 422}),
        ("no JSON", "{" + " " * (3 * MEBIBYTE - 100), {400}),
        ("above 3 MiB", "x" * (3 * MEBIBYTE + 1), {413}),
    ]


def large(program, folder):
    host = FaultHost(program, folder)
    try:
        wrong, counts = [], {}
        all_bodies = large_bodies()

        def client(number):
            with Caller(host, 60) as caller:
                for n in range(LARGE_REQUESTS):
                    name, body, right = all_bodies[(number + n) % len(all_bodies)]
                    status, answer = caller.call("POST", CONFIGMAPS, body)
                    counts[status] = counts.get(status, 0) + 1
                    if status not in right | {429}:
                        wrong.append(f"{name}: {status} {str(answer)[:200]}")

        with Steady(host) as steady, host.reader_of_memory() as memory:
            before = host.own_mb()
            threads = [threading.Thread(target=client, args=(number,)) for number in range(LARGE_CLIENTS)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            after = host.own_mb()
        require(not wrong, f"{len(wrong)} large requests were answered otherwise than right: " + "; ".join(wrong[:4]))
        require_memory("large requests", memory.peak, before, LARGE_MB_MAX)
        host.end()
        return [f"{LARGE_CLIENTS * LARGE_REQUESTS} requests of up to 3 MiB from {LARGE_CLIENTS} clients, statuses "
                f"{dict(sorted(counts.items()))}: {before:.0f} MB before, {memory.peak:.0f} MB at most, {after:.0f} MB after",
                steady.text()]
    finally:
        host.stop()
