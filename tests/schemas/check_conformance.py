#!/usr/bin/env python3
"""Checks that today's schemas evolve from released ones compatibly: what an older host or an older store wrote can be read.

usage: check_conformance.py ROOT RELEASED [FLATC]

RELEASED is a folder with the .fbs files of a release, at their paths from ROOT. Prints one line per violation; exit code 1
if there is any. `flatc --conform` finds fields that moved, changed their type or their default; that a type or a field is gone is
found here (a field that nobody needs becomes `(deprecated)`, so that nobody takes its place).
"""
import os
import re
import subprocess
import sys

TYPE = re.compile(r"^\s*(?:table|struct|enum|union)\s+([A-Za-z0-9_]+)[^{]*\{([^}]*)\}", re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*")
ATTRIBUTES = re.compile(r"\([^()]*\)")
FIELD = re.compile(r"([A-Za-z0-9_]+)\s*:")


def schemas(folder):
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith(".fbs"):
                yield os.path.relpath(os.path.join(parent, name), folder)


def types_of(folder):
    """(folder, type) -> (file, names of its fields), of every schema."""
    found = {}
    for path in schemas(folder):
        with open(os.path.join(folder, path), encoding="utf-8") as file:
            for name, body in TYPE.findall(COMMENT.sub("", file.read())):
                found[os.path.dirname(path), name] = path, FIELD.findall(ATTRIBUTES.sub("", body))
    return found


def check(root, released, flatc="flatc"):
    problems = []
    today = types_of(os.path.join(root, "messages"))
    before = types_of(os.path.join(released, "messages"))
    for key, (path, fields) in sorted(before.items()):
        if key not in today:
            problems.append(f"messages/{path}: {key[1]} is gone")
        else:
            problems += [f"messages/{path}: {key[1]}.{field} is gone" for field in fields if field not in today[key][1]]
    for path in schemas(os.path.join(released, "messages")):
        now = os.path.join(root, "messages", path)
        if not os.path.exists(now):
            continue  # a file may be split; its types were looked for above
        run = subprocess.run([flatc, "-I", root, "--conform", os.path.join(released, "messages", path),
                              "--conform-includes", released, now], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            problems.append(f"messages/{path}: {(run.stdout + run.stderr).strip()}")
    return problems


def main():
    problems = check(*sys.argv[1:])
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
