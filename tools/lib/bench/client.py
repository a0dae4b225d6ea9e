"""A small client of the API over one kept connection, for preparing and checking; not for generating load."""
import http.client
import json
import socket

from bench.host import Failed

CALL_SECONDS_MAX = 120
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


class Client:
    def __init__(self, host):
        self.host = host
        self.connection = http.client.HTTPSConnection("127.0.0.1", host.port, timeout=CALL_SECONDS_MAX, context=host.tls())

    def close(self):
        self.connection.close()

    def abort(self):
        """Ends the connection also for a thread that reads an answer from it: closing alone would let it wait for its timeout."""
        if self.connection.sock:
            try:
                self.connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:  # the server was faster
                pass

    def open(self, method, path, body=None, accept="application/json"):
        headers = {"Authorization": f"Bearer {self.host.token}", "Accept": accept}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        self.connection.request(method, path, body, headers)
        return self.connection.getresponse()

    def call(self, method, path, body=None):
        """The answer as an object. Raises Failed with the server's words."""
        answer = self.open(method, path, body)
        text = answer.read()
        if answer.status >= 400:
            raise Failed(f"{method} {path}: {answer.status} {text[:500].decode(errors='replace')}")
        return json.loads(text)
