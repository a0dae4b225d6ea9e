#!/usr/bin/env python3
"""Checks that the tree keeps its layers: who may include whom, and who may link what.

usage: check_layers.py ROOT      prints one line per violation; exit code 1 if there is any

Layers, each using only those before it (DESIGN, "Folders"):
  messages -> storage and runtime (not each other) -> actors/client -> roles -> actors/host

  cycle         headers that include each other
  layer         an include or a link of a later layer, or of a sibling that is none of its business
  role          a role that includes or links another role; a controller another controller
  storage       only the store role includes or links storage
  caf           CAF only in runtime/, actors/client/, actors/host/ and files whose names say that they hold
                an actor; codec, storage and decisions know nothing of it
Tests may include everything.
"""
import os
import re
import sys

FOLDERS = ("messages", "storage", "runtime", "actors")
SOURCES = (".hpp", ".cpp", ".h", ".c", ".cc")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
TARGET = re.compile(r"\b(?:troupe_library|add_library|troupe_flatbuffers)\s*\(\s*([A-Za-z0-9_]+)")
RANKS = {"messages": 0, "storage": 1, "runtime": 1, "client": 2, "role": 3, "host": 4}
# Files that may use CAF although they are in a role: the actor, what it spawns, its public header.
CAF_FILE = re.compile(r"(_actor|_actor_.*|^spawn|_system)\.(hpp|cpp)$")


def layer_of(path):
    """(layer, part): part names the role ("store", "controllers/deployment"), or is the layer's name."""
    words = path.split("/")
    if words[0] != "actors":
        return words[0], words[0]
    if len(words) < 3:
        return "host", "host"
    if words[1] in ("client", "host"):
        return words[1], words[1]
    if words[1] == "controllers" and len(words) > 3:
        return "role", "controllers/" + words[2]
    return "role", words[1]


def may_use(user, used):
    """Why `user` (layer, part) may not use `used`, or None when it may."""
    if user == used or user[0] == "host":
        # The host sees every role; what it must not touch is the store's engine.
        return "storage: only actors/store uses storage" if user != used and used[0] == "storage" else None
    if used[0] == "storage" and user != ("role", "store"):
        return "storage: only actors/store uses storage"
    if user[0] == "role" and used[0] == "role":
        if used[1] == "controllers/framework" and user[1].startswith("controllers/"):
            return None
        return f"role: {user[1]} uses {used[1]}: roles know each other only by messages"
    if RANKS[used[0]] > RANKS[user[0]] or (RANKS[used[0]] == RANKS[user[0]] and used[0] != user[0]):
        return f"layer: {user[0]} uses {used[0]}, which comes after it"
    return None


def may_use_caf(path):
    layer, _ = layer_of(path)
    if layer in ("runtime", "client", "host"):
        return True
    return layer == "role" and CAF_FILE.search(os.path.basename(path)) is not None


def tree_files(root, wanted):
    for folder in FOLDERS:
        for parent, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if wanted(name):
                    yield os.path.relpath(os.path.join(parent, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def resolve(root, path, name):
    """The repository's path of an include, or None for a system or library header."""
    for candidate in (name, os.path.normpath(os.path.join(os.path.dirname(path), name))):
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    # Generated headers are in the build folder, under the path of what they are made from.
    if name.split("/")[0] in FOLDERS:
        return name
    return None


def check_includes(root):
    graph, problems = {}, []
    for path in tree_files(root, lambda name: name.endswith(SOURCES)):
        graph[path] = []
        for _, name in INCLUDE.findall(read(root, path)):
            if name.startswith("caf/"):
                if not may_use_caf(path):
                    problems.append(f"{path}: caf: includes <{name}>; only runtime, actors/client, actors/host "
                                    "and *_actor files may")
                continue
            used = resolve(root, path, name)
            if used is None:
                continue
            graph[path].append(used)
            why = may_use(layer_of(path), layer_of(used))
            if why:
                problems.append(f'{path}: {why} (includes "{name}")')
    return graph, problems


def find_cycles(graph):
    """Each cycle once, as a list of paths that begins and ends with the same one."""
    state, stack, cycles = {}, [], []

    def visit(path):
        state[path] = "open"
        stack.append(path)
        for used in graph.get(path, ()):
            if state.get(used) == "open":
                cycles.append(stack[stack.index(used):] + [used])
            elif used not in state:
                visit(used)
        stack.pop()
        state[path] = "done"

    for path in graph:
        if path not in state:
            visit(path)
    return cycles


def check_links(root):
    """The same rules for the targets that CMakeLists.txt files name."""
    lists = list(tree_files(root, lambda name: name == "CMakeLists.txt"))
    texts = {path: re.sub(r"#.*", "", read(root, path)) for path in lists}
    owner = {target: path for path, text in texts.items() for target in TARGET.findall(text)}
    problems = []
    for path, text in texts.items():
        for word in sorted(set(re.findall(r"[A-Za-z0-9_]+", text))):
            if word not in owner or owner[word] == path:
                continue
            why = may_use(layer_of(path), layer_of(owner[word]))
            if why:
                problems.append(f"{path}: {why} (links {word})")
    return problems


def check(root):
    sys.setrecursionlimit(10000)
    graph, problems = check_includes(root)
    problems += ["cycle: " + " -> ".join(cycle) for cycle in find_cycles(graph)]
    return problems + check_links(root), len(graph)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    problems, count = check(sys.argv[1])
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"{len(problems)} violations of the layers; the rules are on top of tests/layers/check_layers.py")
    print(f"{count} files keep their layers")


if __name__ == "__main__":
    main()
