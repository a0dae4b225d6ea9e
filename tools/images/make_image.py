#!/usr/bin/env python3
"""Writes one container image as a docker-archive, from a description and files, with the same bytes each time.

usage: make_image.py OUT.tar NAME CONFIG_JSON ENTRY...

CONFIG_JSON is the image's configuration ({"Entrypoint": [...], "Env": [...]}). An ENTRY is
  /path=FILE            a file from the disk, mode 755
  /path@TARGET          a symbolic link
  /path:MODE            a folder with an octal mode
  /path+MODE=TEXT       a small file with that text (\\n for a new line)
No daemon, registry or network is needed: `ctr images import` reads the result.
"""
import hashlib
import io
import json
import os
import platform
import re
import sys
import tarfile

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "riscv64": "riscv64", "ppc64le": "ppc64le", "s390x": "s390x"}


def add(archive, name, data=b"", mode=0o644, kind=tarfile.REGTYPE, target=""):
    """One entry; owner, time and order are fixed, so that equal input gives equal bytes."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.type, info.linkname = len(data), mode, kind, target
    archive.addfile(info, io.BytesIO(data) if data else None)


def layer_bytes(entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for entry in entries:
            if match := re.fullmatch(r"/([^=@:+]+)=(.+)", entry):
                with open(match[2], "rb") as file:
                    add(archive, match[1], file.read(), 0o755)
            elif match := re.fullmatch(r"/([^=@:+]+)@(.+)", entry):
                add(archive, match[1], kind=tarfile.SYMTYPE, mode=0o777, target=match[2])
            elif match := re.fullmatch(r"/([^=@:+]+):([0-7]+)", entry):
                add(archive, match[1], kind=tarfile.DIRTYPE, mode=int(match[2], 8))
            elif match := re.fullmatch(r"/([^=@:+]+)\+([0-7]+)=(.*)", entry):
                add(archive, match[1], match[3].replace("\\n", "\n").encode(), int(match[2], 8))
            else:
                sys.exit(f"make_image.py: bad entry '{entry}': see the text at the top of this file")
    return buffer.getvalue()


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    out, name, config, entries = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4:]
    layer = layer_bytes(entries)
    image = json.dumps({
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux",
        "created": "1970-01-01T00:00:00Z", "config": config,
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
    }, sort_keys=True).encode()
    image_file = hashlib.sha256(image).hexdigest() + ".json"
    manifest = json.dumps([{"Config": image_file, "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(out + ".new", "w", format=tarfile.USTAR_FORMAT) as archive:
        add(archive, image_file, image)
        add(archive, "layer.tar", layer)
        add(archive, "manifest.json", manifest)
    os.replace(out + ".new", out)


main()
