"""The API over HTTPS with the administrator's certificate, and nothing but Python's own library."""
import base64
import http.client
import json
import os
import re
import ssl
import tempfile


def field(text, name):
    return re.search(rf"^\s*{name}:\s*\"?([^\"\s]+)", text, re.MULTILINE).group(1)


class Api:
    def __init__(self, kubeconfig):
        with open(kubeconfig, encoding="utf-8") as file:
            text = file.read()
        self.address = field(text, "server").split("//")[1]
        self.context = ssl.create_default_context(cadata=base64.b64decode(field(text, "certificate-authority-data")).decode())
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for name in ("client-certificate-data", "client-key-data"):
                files.append(os.path.join(folder, name))
                with open(files[-1], "wb") as file:
                    os.fchmod(file.fileno(), 0o600)
                    file.write(base64.b64decode(field(text, name)))
            self.context.load_cert_chain(*files)

    def ask(self, method, path, body=None):
        """(code, text)"""
        connection = http.client.HTTPSConnection(self.address, context=self.context, timeout=20)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json", "User-Agent": "see-test/1"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def get(self, path):
        code, text = self.ask("GET", path)
        if code != 200:
            raise RuntimeError(f"GET {path}: {code} {text}")
        return json.loads(text)
