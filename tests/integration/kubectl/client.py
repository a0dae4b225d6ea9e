"""One kubectl binary in one namespace: runs commands and compares what they print."""
import json
import os
import re
import shlex
import subprocess
import time

COMMAND_SECONDS_MAX = 40
POLL_SECONDS = 0.1


class Failed(Exception):
    """What kubectl did otherwise than upstream; the text is for the report."""


def require(condition, text):
    if not condition:
        raise Failed(text)


def version_of(binary):
    """(major, minor) and the version's text of a kubectl."""
    text = subprocess.run([binary, "version", "--client", "-o", "json"], capture_output=True, text=True, check=True).stdout
    version = json.loads(text)["clientVersion"]
    return int(version["minor"].rstrip("+")), version["gitVersion"]


class Kubectl:
    def __init__(self, binary, minor, host, namespace, home):
        self.binary, self.minor, self.host, self.namespace = binary, minor, host, namespace
        self.folder = os.path.join(home, namespace)  # for the scene's files
        os.makedirs(self.folder)
        self.environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        self.environment.update(HOME=home, KUBECONFIG=host.kubeconfig, TERM="dumb")
        self.count = 0

    def command(self, text):
        return [self.binary, "-n", self.namespace, *shlex.split(text)]

    def run(self, text, stdin=None, environment=None):
        """Any outcome: (exit code, standard output, standard error)."""
        self.count += 1
        try:
            done = subprocess.run(self.command(text), input=stdin, capture_output=True, text=True, cwd=self.folder,
                                  timeout=COMMAND_SECONDS_MAX, env={**self.environment, **(environment or {})})
        except subprocess.TimeoutExpired as error:
            raise Failed(f"kubectl {text}: no end within {COMMAND_SECONDS_MAX} s") from error
        return done.returncode, done.stdout.rstrip(), done.stderr.rstrip()

    def ok(self, text, stdin=None, environment=None):
        """Standard output of a command that succeeds."""
        code, out, err = self.run(text, stdin, environment)
        require(code == 0, f"kubectl {text}: exit code {code}\n{out}\n{err}")
        return out

    def says(self, text, wanted, stdin=None, environment=None):
        """Succeeds and prints exactly this on standard output."""
        out = self.ok(text, stdin, environment)
        require(out == wanted, f"kubectl {text}: expected\n{wanted}\nbut it prints\n{out}")

    def shows(self, text, *wanted):
        """Succeeds and prints these among other things; a compiled expression may stand for a text."""
        out = self.ok(text)
        for word in wanted:
            found = word.search(out) if isinstance(word, re.Pattern) else word in out
            require(found, f"kubectl {text}: no '{getattr(word, 'pattern', word)}' in\n{out}")
        return out

    def refused(self, text, wanted, stdin=None, code=1, environment=None):
        """Fails with exactly this on standard error (a compiled expression matches the whole of it)."""
        got, out, err = self.run(text, stdin, environment)
        require(got == code, f"kubectl {text}: exit code {got}, not {code}\n{out}\n{err}")
        same = wanted.fullmatch(err) if isinstance(wanted, re.Pattern) else err == wanted
        require(same, f"kubectl {text}: expected\n{getattr(wanted, 'pattern', wanted)}\nbut the error is\n{err}")

    def file(self, name, text):
        """Writes a manifest into the scene's folder, where commands run."""
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        return name

    def json(self, text):
        return json.loads(self.ok(f"{text} -o json"))

    def value(self, what, path):
        return self.ok(f"get {what} -o jsonpath='{{{path}}}'")

    def table(self, text):
        """Rows of a printed table: {column: text}. Columns are two or more spaces apart."""
        lines = self.ok(text).splitlines()
        header = [(match.group(), match.start()) for match in re.finditer(r"\S+( \S+)*", lines[0])]
        starts = [start for _, start in header] + [None]
        return [{name: line[start:end].strip() for (name, start), end in zip(header, starts[1:])} for line in lines[1:]]

    def wait(self, what, probe, seconds=20):
        deadline = time.monotonic() + seconds
        while True:
            result = probe()
            if result:
                return result
            require(time.monotonic() < deadline, f"not within {seconds} s: {what} (last: {result})")
            time.sleep(POLL_SECONDS)

    def follow(self, text, wanted, act, seconds=20):
        """A command that goes on for ever: once it has printed its first line, `act`; then until a line contains
        the text `wanted`. Returns all that it printed."""
        process = subprocess.Popen(self.command(text), env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        lines, deadline = [], time.monotonic() + seconds
        try:
            lines.append(process.stdout.readline())
            act()
            while time.monotonic() < deadline:
                lines.append(process.stdout.readline())
                if wanted in lines[-1]:
                    return "".join(lines)
                if not lines[-1]:
                    break
            raise Failed(f"kubectl {text}: no '{wanted}' in\n{''.join(lines)}")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
