"""Bends a right request: its URL, its headers, its JSON, its Protobuf, its bytes. Pure: the same random numbers, the same bytes."""
import copy
import json

WORDS = [b"", b"0", b"-1", b"1e999", b"99999999999999999999999", b"true", b"null", b"%00", b"%", b"%zz", b"../", b"//", b"\xff\xfe",
         b"\x00", b"a" * 5000, b"\r\n", b"{}", b"[]", b"\"", b"k8s\x00", b"*", b"?", b"&", b"=", b",", b"!=", b" in (a,b)", b"~1", b"-"]
VALUES = [None, True, False, 0, -1, 1 << 31, 1 << 63, 1e308, 0.5, "", "x", "\u0000", "\ud800", "9" * 400, "100m", "1e-9", [], {}, [[]],
          {"a": {}}, [None], "2020-01-01T00:00:00Z", "-1", "50%", ["a", 1, {}]]
HEADERS = [("Content-Length", "-1"), ("Content-Length", "5"), ("Content-Length", "18446744073709551616"), ("Content-Length", "abc"),
           ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "gzip, chunked"), ("Transfer-Encoding", "identity"),
           ("Content-Type", "application/json; charset=x; charset=y"), ("Content-Type", ""), ("Content-Type", "application/yaml"),
           ("Content-Type", "application/vnd.kubernetes.protobuf"), ("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io;;;q=x"),
           ("Accept", "*/*;q=0"), ("Accept", "a" * 3000), ("Authorization", "Bearer "), ("Authorization", "Basic x"),
           ("Connection", "upgrade"), ("Upgrade", "SPDY/3.1"), ("Expect", "100-continue"), ("Expect", "x"), ("Host", ""),
           ("X-Long", "v" * 70000), ("Impersonate-User", "system:admin"), ("Content-Encoding", "gzip"), ("Te", "trailers"),
           ("Bad Name", "x"), ("", "x"), ("Connection", "close"), ("Accept-Encoding", "gzip;q=-1")]
NEST_MAX, NESTED_MAX = 3000, 300  # made; and taken apart again


def bent(sample, chance, token):
    """The bytes of one request, and whether it says of itself that the connection is kept."""
    method, path, headers, body = sample
    path, headers = path.encode(), list(headers)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        what = chance.randrange(6)
        if what == 0:
            path = bend_path(path, chance, method)
        elif what == 1:
            headers.insert(chance.randrange(len(headers) + 1), chance.choice(HEADERS))
        elif what == 2 and body is not None:
            body = bend_bytes(body, chance)
        elif what == 3 and body is not None:
            body = bend_json(body, chance)
        elif what == 4:
            method = chance.choice(("GET", "POST", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "B\xe4d", "", "P" * 300, method))
        elif what == 5 and body is not None and len(body) > 1:
            headers.append(("Content-Length", str(chance.randrange(2 * len(body)))))
    return render(method, path, headers, body, chance, token)


def render(method, path, headers, body, chance, token):
    if chance.random() < 0.97:
        headers.append(("Authorization", f"Bearer {token}"))
    out = method.encode("latin-1") + b" " + path + b" HTTP/1.1\r\n"
    if body is not None and chance.random() < 0.2:  # in chunks, some of them wrong
        headers.append(("Transfer-Encoding", "chunked"))
        body = chunks(body, chance)
    elif body is not None:
        headers.append(("Content-Length", str(len(body))))
    for name, value in headers:
        out += f"{name}: {value}\r\n".encode()
    out += b"\r\n" + (body or b"")
    if chance.random() < 0.1:
        out = bend_bytes(out, chance)
    return out


def chunks(body, chance):
    out, at = b"", 0
    while at < len(body):
        size = chance.randint(1, max(1, len(body)))
        part = body[at:at + size]
        at += size
        shown = len(part) + (chance.choice((-1, 1, 1000)) if chance.random() < 0.05 else 0)
        out += f"{shown:x}{';x=y' if chance.random() < 0.1 else ''}\r\n".encode() + part + b"\r\n"
    return out + (b"0\r\n\r\n" if chance.random() < 0.95 else b"0\r\nX: y\r\n\r\n")


def bend_path(path, chance, method):
    at = chance.randrange(len(path) + 1)
    if method == "DELETE":  # what is cut short would be another thing, and is not ours
        at = path.find(b"?") + 1 or len(path)
    kind = chance.randrange(4)
    if kind == 0:
        return path[:at] + chance.choice(WORDS).replace(b"\r\n", b"%0d%0a") + path[at:]
    if kind == 1 and method != "DELETE":
        return path[:at]
    if kind == 2:
        return path + (b"&" if b"?" in path else b"?") + chance.choice(
            (b"limit=", b"resourceVersion=", b"timeoutSeconds=", b"continue=", b"labelSelector=", b"fieldSelector=", b"dryRun=",
             b"fieldValidation=", b"watch=", b"propagationPolicy=", b"gracePeriodSeconds=", b"includeObject=", b"pretty=")) + \
            chance.choice(WORDS).replace(b"\r\n", b"%0a").replace(b"\x00", b"%00")
    return path.replace(b"=", b"=" + chance.choice(WORDS[:9]), 1)


def bend_bytes(data, chance):
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(4)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at:at] = chance.choice(WORDS)
        elif kind == 2:
            del data[at:at + chance.randint(1, 20)]
        elif len(data) > 1:
            data[at:at] = data[max(0, at - 30):at]
    return bytes(data)


def bend_json(body, chance):
    try:
        thing = json.loads(body) if body.count(b"{") + body.count(b"[") < NESTED_MAX else None
    except ValueError:
        thing = None
    if thing is None:
        return bend_bytes(body, chance)
    if chance.random() < 0.1:
        depth = chance.randint(1, NEST_MAX)
        return b'{"metadata":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    places = list(places_of(thing))
    holder, key = chance.choice(places) if places else (None, None)
    if holder is None:
        return json.dumps(chance.choice(VALUES)).encode()
    kind = chance.randrange(4)
    if kind == 0:
        holder[key] = copy.deepcopy(chance.choice(VALUES))
    elif kind == 1 and isinstance(holder, dict):
        holder[chance.choice(("x", "", "metadata", "spec", "status", "$patch", "kind", "\u0000"))] = copy.deepcopy(chance.choice(VALUES))
    elif kind == 2 and isinstance(holder, list):
        holder.extend(copy.deepcopy(holder) * chance.choice((1, 1, 50)))
    else:
        other_holder, other = chance.choice(places)
        holder[key] = copy.deepcopy(other_holder[other])
    text = json.dumps(thing)
    if chance.random() < 0.1:
        text = text.replace("{", '{"kind":"x",', 1)  # the same key twice
    return text.encode("utf-8", "surrogatepass")


def places_of(thing):
    """(holder, key or index) of everything in it."""
    if isinstance(thing, dict):
        inner = list(thing.items())
    elif isinstance(thing, list):
        inner = list(enumerate(thing))
    else:
        return
    for key, value in inner:
        yield thing, key
        yield from places_of(value)
