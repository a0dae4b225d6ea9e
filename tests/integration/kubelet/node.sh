#!/usr/bin/env bash
# A containerd of its own in a folder, with the demo images, for the kubelet's integration test.
# usage: node.sh up|down DATA BRIDGE NODE
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
# shellcheck source=tools/lib/shell.sh
. "$root/tools/lib/shell.sh"
# shellcheck source=tools/lib/containerd.sh
. "$root/tools/lib/containerd.sh"
# shellcheck source=tools/lib/node.sh
. "$root/tools/lib/node.sh"
data=$2
case $1 in
  up)
    mkdir -p "$data/run" "$data/logs"
    "$root/tools/images/build" "$data/images"
    start_containerd "$data"
    import_images "$data" "$data/images"
    ;;
  down)
    stop_containerd "$data"
    remove_bridges "$3"
    remove_node_cgroups "$4"
    remove_mounts "$data"
    ;;
esac
