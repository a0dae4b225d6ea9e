"""Other versions of roles for `troupe swap`: plugins that are built with the tests."""
import os

TARGETS = {"controllers/replicaset": "demo_replicaset"}  # role -> the build's target


def find_versions(root, preset):
    """({role: path of its plugin}, why one is missing)."""
    folder = os.path.join(root, "build", preset, "tests", "integration", "demo")
    paths = {role: os.path.join(folder, target + ".so") for role, target in TARGETS.items()}
    there = {role: path for role, path in paths.items() if os.path.exists(path)}
    return there, f"not built: {', '.join(sorted(set(paths.values()) - set(there.values())))}"
