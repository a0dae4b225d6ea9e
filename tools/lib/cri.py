#!/usr/bin/env python3
"""The few CRI calls that tear-down and tests need, without a generated client: gRPC over curl's HTTP/2.

usage: cri.py SOCKET pods             one line per sandbox: id state namespace/name
       cri.py SOCKET containers       one line per container: id state started-nanoseconds pod-sandbox-id name
       cri.py SOCKET remove-all-pods  stops and removes every sandbox with its containers
       cri.py SOCKET exec ID CMD...   runs CMD in a container, prints its output, exits with its code
"""
import os
import subprocess
import sys
import tempfile

CALL_SECONDS_MAX = 60
SERVICE = "/runtime.v1.RuntimeService/"


class CriError(Exception):
    pass


# ---- protobuf's wire format, as far as CRI's messages need it

def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def text_field(number, value):
    data = value.encode()
    return varint(number << 3 | 2) + varint(len(data)) + data


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """[(number, value)]: value is an int or bytes."""
    at, out = 0, []
    while at < len(data):
        tag, at = read_varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = read_varint(data, at)
        elif kind == 2:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise CriError(f"unexpected wire type {kind}")
        out.append((tag >> 3, value))
    return out


def first(message, number, otherwise=b""):
    return next((value for field, value in fields(message) if field == number), otherwise)


# ---- calls

def call(socket, method, request=b"", seconds=CALL_SECONDS_MAX):
    with tempfile.TemporaryDirectory() as folder:
        head, body, sent = (os.path.join(folder, name) for name in ("head", "body", "sent"))
        with open(sent, "wb") as file:
            file.write(b"\0" + len(request).to_bytes(4, "big") + request)
        done = subprocess.run(
            ["curl", "-sS", "--max-time", str(seconds), "--http2-prior-knowledge", "--unix-socket", socket,
             "-H", "content-type: application/grpc", "-H", "te: trailers", "--data-binary", "@" + sent,
             "-D", head, "-o", body, "http://localhost" + SERVICE + method], capture_output=True, text=True)
        if done.returncode != 0:
            raise CriError(f"{method}: {done.stderr.strip()}")
        with open(head, encoding="utf-8", errors="replace") as file:
            headers = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in file)}
        if headers.get("grpc-status", "0") != "0":
            raise CriError(f"{method}: code {headers['grpc-status']}: {headers.get('grpc-message', '')}")
        with open(body, "rb") as file:
            data = file.read()
        return data[5:5 + int.from_bytes(data[1:5], "big")]


def pods(socket):
    """[(id, ready, namespace, name)]"""
    out = []
    for number, item in fields(call(socket, "ListPodSandbox")):
        if number == 1:
            metadata = first(item, 2)
            out.append((first(item, 1).decode(), first(item, 3, 0) == 0, first(metadata, 3).decode(),
                        first(metadata, 1).decode()))
    return out


STATES = ["created", "running", "exited", "unknown"]


def containers(socket):
    """[(id, state, sandbox id, name, pod's labels)]"""
    out = []
    for number, item in fields(call(socket, "ListContainers")):
        if number == 1:
            labels = {first(v, 1).decode(): first(v, 2).decode() for field, v in fields(item) if field == 8}
            out.append((first(item, 1).decode(), STATES[first(item, 6, 0)], first(item, 2).decode(),
                        first(first(item, 3), 1).decode(), labels))
    return out


def started_at(socket, container):
    return first(first(call(socket, "ContainerStatus", text_field(1, container)), 1), 5, 0)


def remove_all_pods(socket):
    for pod, _, namespace, name in pods(socket):
        for attempt in range(3):
            try:
                call(socket, "StopPodSandbox", text_field(1, pod))
                call(socket, "RemovePodSandbox", text_field(1, pod))
                break
            except CriError as error:
                if attempt == 2:
                    raise CriError(f"pod {namespace}/{name}: {error}") from error


def execute(socket, container, command):
    request = text_field(1, container) + b"".join(text_field(2, word) for word in command) + varint(3 << 3) + varint(30)
    reply = call(socket, "ExecSync", request)
    return first(reply, 1), first(reply, 2), first(reply, 3, 0)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    socket, what = sys.argv[1], sys.argv[2]
    if what == "pods":
        for pod, ready, namespace, name in pods(socket):
            print(pod, "ready" if ready else "notready", f"{namespace}/{name}")
    elif what == "containers":
        for container, state, sandbox, name, _ in containers(socket):
            print(container, state, started_at(socket, container), sandbox, name)
    elif what == "remove-all-pods":
        remove_all_pods(socket)
    elif what == "exec":
        out, err, code = execute(socket, sys.argv[3], sys.argv[4:])
        sys.stdout.buffer.write(out)
        sys.stderr.buffer.write(err)
        sys.exit(code)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main()
    except CriError as error:
        sys.exit(f"cri.py: {error}")
