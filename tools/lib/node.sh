# shellcheck shell=bash
# What Troupe leaves on a machine outside its data folder, and how it is taken back: kernel settings,
# service rules, bridge, route, mounts, cgroups. Needs lib/shell.sh and lib/containerd.sh.

# Kernel settings live until the next boot, and so does this record of what they were before us.
machine_record=/run/troupe

# bridge_filter_enable: lets service rules see packets between two pods of one bridge.
bridge_filter_enable() {
  [ -d /proc/sys/net/bridge ] || modprobe br_netfilter 2>/dev/null || true
  [ -d /proc/sys/net/bridge ] || warn "no br_netfilter in this kernel: a pod may not reach itself through its own service"
}

# set_kernel_settings DATA: what pods and service rules need; remembers the old values and who uses them.
set_kernel_settings() {
  local data=$1 name old
  bridge_filter_enable
  mkdir -p "$machine_record/users" "$machine_record/sysctl"
  printf '%s\n' "$data" >"$machine_record/users/$(printf '%s' "$data" | sha256sum | cut -c1-16)"
  for name in net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables; do
    old=$(sysctl -n "$name" 2>/dev/null) || continue
    [ "$old" != 1 ] || continue
    [ -f "$machine_record/sysctl/$name" ] || printf '%s\n' "$old" >"$machine_record/sysctl/$name"
    sysctl -qw "$name=1" || die "cannot set $name=1" "pods need it; set it on the machine, then try again"
  done
}

# restore_kernel_settings DATA: when DATA was the last user of this machine.
restore_kernel_settings() {
  local data=$1 user path
  [ -d "$machine_record" ] || return 0
  for user in "$machine_record"/users/*; do
    [ -f "$user" ] || continue
    path=$(cat "$user")
    if [ "$path" = "$data" ] || [ ! -d "$path" ]; then rm -f "$user"; fi
  done
  if [ -n "$(ls -A "$machine_record/users")" ]; then return 0; fi
  for path in "$machine_record"/sysctl/*; do
    [ -f "$path" ] || continue
    sysctl -qw "${path##*/}=$(cat "$path")" || warn "cannot set ${path##*/} back to $(cat "$path")"
  done
  rm -rf "$machine_record"
}

# remove_service_rules TABLES SERVICE_CIDR: the proxy leaves its rules when it stops, so that connections go on.
# The proxy's tables are of family ip; a table of that name in another family is somebody else's.
remove_service_rules() {
  local table
  command -v nft >/dev/null || return 0
  for table in $1; do
    if nft list table ip "$table" >/dev/null 2>&1; then nft delete table ip "$table"; fi
  done
  if [ -n "$2" ]; then
    while ip -4 route show "$2" dev lo 2>/dev/null | grep -q .; do ip -4 route del "$2" dev lo; done
  fi
}

# remove_pod_network: what the role podnetwork marks as its own: routes of protocol 116, vxlan devices of group 0x7470.
remove_pod_network() {
  ip -4 route flush proto 116
  if [ -n "$(ip -br link show group 29808)" ]; then ip link delete group 29808; fi
}

# bridges_of DATA: the bridges that the CNI configuration of this data folder names.
bridges_of() {
  local list
  for list in "$1"/containerd/cni/net.d/*.conflist; do
    [ -f "$list" ] || continue
    jq -r '.plugins[] | select(.type == "bridge") | .bridge' "$list" 2>/dev/null || true
  done
}

remove_bridges() {
  local bridge port
  for bridge in $1; do
    [ -d "/sys/class/net/$bridge/bridge" ] || continue
    # The kernel takes its time to remove the interfaces of a namespace that has just ended.
    for port in "/sys/class/net/$bridge/brif"/*; do ip link delete "${port##*/}" 2>/dev/null || true; done
    ip link delete "$bridge"
  done
}

# cgroup_folders_of DATA: the cgroup of each container that containerd knows, relative to a hierarchy.
cgroup_folders_of() {
  local socket container
  socket=$(containerd_socket "$1")
  ctr -a "$socket" -n k8s.io containers ls -q 2>/dev/null | while read -r container; do
    ctr -a "$socket" -n k8s.io containers info "$container" | jq -r '.Spec.linux.cgroupsPath // empty'
  done
}

# cgroup_folders_of_runc DATA: the same from runc's own files, for when containerd does not answer.
cgroup_folders_of_runc() {
  local state
  for state in "$1"/containerd/runc/k8s.io/*/state.json; do
    [ -f "$state" ] || continue
    jq -r '.config.cgroups.path // empty' "$state" 2>/dev/null || true
  done
}

# sandboxes_of_runc DATA: ids of all containers and sandboxes, from runc's own files.
sandboxes_of_runc() { ls "$1/containerd/runc/k8s.io" 2>/dev/null || true; }

# remove_cgroups: reads cgroup folders; removes each, and its parents as long as they are empty, in every
# hierarchy (v1: one per controller; v2: one).
remove_cgroups() {
  local folder root path
  sort -ru | while read -r folder; do
    case $folder in /*) ;; *) continue ;; esac
    for root in /sys/fs/cgroup /sys/fs/cgroup/*/; do
      path=${root%/}$folder
      while [ "$path" != "${root%/}" ]; do
        if [ -d "$path" ]; then rmdir "$path" 2>/dev/null || break; fi
        path=${path%/*}
      done
    done
  done
}

# remove_node_cgroups NODES: the kubelet keeps all of a node's pods in one cgroup, /troupe-<node>.
remove_node_cgroups() {
  local node root
  for node in $1; do
    for root in /sys/fs/cgroup /sys/fs/cgroup/*/; do
      [ -d "${root%/}/troupe-$node" ] || continue
      find "${root%/}/troupe-$node" -depth -type d -exec rmdir {} + 2>/dev/null \
        || warn "the cgroup ${root%/}/troupe-$node is still in use"
    done
  done
}

# mounts_below FOLDER: deepest first.
mounts_below() {
  local point
  awk '{ print $5 }' /proc/self/mountinfo | while read -r point; do
    point=$(printf '%b' "$point")
    case $point in "$1"/*) printf '%s\n' "$point" ;; esac
  done | sort -r
}

remove_mounts() {
  local point
  mounts_below "$1" | while read -r point; do umount -l "$point" || warn "cannot unmount $point"; done
}

# shims_of DATA: pids of the processes that hold the containers of this data folder's containerd.
shims_of() {
  local socket folder line
  socket=$(containerd_socket "$1")
  for folder in /proc/[0-9]*; do
    line=$({ tr '\0' ' ' <"$folder/cmdline"; } 2>/dev/null) || continue
    case $line in *containerd-shim*"-address $socket "*) printf '%s\n' "${folder##*/}" ;; esac
  done
}

no_shims_of() { [ -z "$(shims_of "$1")" ]; }

# kill_shims DATA: what is left of containers after the runtime was asked to remove them.
kill_shims() {
  local data=$1 shim child
  for shim in $(shims_of "$data"); do
    for child in $(pgrep -P "$shim" || true); do kill -KILL "$child" 2>/dev/null || true; done
    kill -TERM "$shim" 2>/dev/null || true
  done
  if ! wait_until 5 no_shims_of "$data"; then
    for shim in $(shims_of "$data"); do kill -KILL "$shim" 2>/dev/null || true; done
    wait_until 5 no_shims_of "$data" || warn "shims do not end: $(shims_of "$data" | tr '\n' ' ')"
  fi
}

# remove_network_results IDS: libcni's record of each sandbox's network, kept outside our data folder.
remove_network_results() {
  local id
  for id in $1; do rm -f /var/lib/cni/results/*-"$id"-* 2>/dev/null || true; done
}

# remove_pods DATA: asks the container runtime, so that it undoes networks and mounts itself. Sets `sandboxes` and
# `cgroups`, for what it may leave.
remove_pods() {
  local data=$1 cri
  cri=$(dirname "${BASH_SOURCE[0]}")/cri.py
  sandboxes='' cgroups=''
  if [ ! -d "$data/containerd/root" ]; then return; fi
  if ! (start_containerd "$data"); then
    warn "containerd does not start: its containers are killed instead of removed"
    sandboxes=$(sandboxes_of_runc "$data")
    cgroups=$(cgroup_folders_of_runc "$data")
    return
  fi
  sandboxes=$("$cri" "$(containerd_socket "$data")" pods | cut -d' ' -f1 || true)
  cgroups=$(cgroup_folders_of "$data" || true)
  if [ -n "$sandboxes" ]; then step "removing $(wc -w <<<"$sandboxes") pods"; fi
  "$cri" "$(containerd_socket "$data")" remove-all-pods \
    || warn "the container runtime could not remove all pods: they are killed"
}

# remove_containers DATA NODES: the pods, containerd, and all that either has outside the data folder but bridges.
remove_containers() {
  local data=$1 nodes=$2 sandboxes cgroups
  remove_pods "$data"
  step "stopping containerd"
  stop_containerd "$data"
  kill_shims "$data"
  remove_network_results "$sandboxes"
  remove_mounts "$data"
  remove_cgroups <<<"$cgroups"
  remove_node_cgroups "$nodes"
}
