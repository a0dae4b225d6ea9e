# shellcheck shell=bash
# The containerd that belongs to one data folder: configuration, start, stop, images. A system containerd
# is never touched: root, state, socket, runc state and CNI configuration are all below <data>/containerd.
# Needs lib/shell.sh.

# What containerd is started with, for one in a network namespace: nsenter --net=FILE. Not `ip netns exec`, which
# mounts /sys anew, so that containerd finds no cgroups.
containerd_launcher=()

containerd_socket() { printf '%s\n' "$1/containerd/containerd.sock"; }

# has_capability NUMBER: whether this process has the effective capability of that number.
has_capability() {
  local effective
  effective=$(awk '/^CapEff:/ { print $2 }' /proc/self/status)
  [ $(( (16#$effective >> $1) & 1 )) -eq 1 ]
}

# overlay_works FOLDER: whether overlayfs can be stacked on FOLDER's file system (not on another overlay).
overlay_works() {
  local probe=$1/.overlay-probe result=1
  mkdir -p "$probe"/{lower,upper,work,merged}
  if mount -t overlay overlay -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" \
    "$probe/merged" 2>/dev/null; then
    umount "$probe/merged"
    result=0
  fi
  rm -rf "$probe"
  return "$result"
}

# write_containerd_config DATA: <data>/containerd/config.toml for this machine.
write_containerd_config() {
  local data=$1 home=$1/containerd snapshotter=overlayfs restrict_oom=false apparmor_off=true
  mkdir -p "$home/cni/net.d"
  chmod 700 "$home"
  # Capability 24 is CAP_SYS_RESOURCE: without it runc may not lower a process's oom_score_adj.
  has_capability 24 || restrict_oom=true
  if [ -d /sys/kernel/security/apparmor ] && command -v apparmor_parser >/dev/null; then apparmor_off=false; fi
  if ! overlay_works "$home"; then
    warn "overlayfs does not work on $home: images are copied instead, which is slower"
    snapshotter=native
  fi
  cat >"$home/config.toml.new" <<TOML
# Written by tools/up at each start: changes here are lost.
version = 2
root = "$home/root"
state = "$home/state"
# The service manager of the machine knows nothing of this containerd: what it starts lives on without it.
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[debug]
  level = "warn"
[grpc]
  address = "$home/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "troupe.local/pause:1"
  restrict_oom_score_adj = $restrict_oom
  disable_apparmor = $apparmor_off
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  tolerate_missing_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$home/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$snapshotter"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        Root = "$home/runc"
        SystemdCgroup = false
TOML
  mv -f "$home/config.toml.new" "$home/config.toml"
}

containerd_answers() { ctr -a "$(containerd_socket "$1")" --connect-timeout 1s version >/dev/null 2>&1; }

# containerd_answers_or_ended DATA: ends the wait early when there is nothing left to wait for.
containerd_answers_or_ended() {
  containerd_answers "$1" || process_gone "$1/run/containerd.pid"
}

# start_containerd DATA: reuses the one that runs already.
start_containerd() {
  local data=$1 log=$1/logs/containerd.log socket
  socket=$(containerd_socket "$data")
  if pid_of "$data/run/containerd.pid" >/dev/null; then
    if containerd_answers "$data"; then return; fi
    stop_process "$data/run/containerd.pid" 10 containerd
  fi
  if [ ${#socket} -gt 104 ]; then
    die "the path of containerd's socket is too long for a Unix socket: $socket" "use a shorter --data folder"
  fi
  write_containerd_config "$data"
  rotate_log "$log"
  start_process "$data/run/containerd.pid" "$log" "${containerd_launcher[@]}" containerd --config "$data/containerd/config.toml"
  if ! wait_until 60 containerd_answers_or_ended "$data" || ! containerd_answers "$data"; then
    tail -n 20 "$log" >&2 || true
    die "containerd does not answer on $socket" "its log is above, and whole in $log"
  fi
}

stop_containerd() { stop_process "$1/run/containerd.pid" 30 containerd; }

# import_images DATA ARCHIVES: those that are missing or have changed since.
import_images() {
  local data=$1 archives=$2 socket archive name sum present imported=$1/containerd/imported
  socket=$(containerd_socket "$data")
  mkdir -p "$imported"
  present=$(ctr -a "$socket" -n k8s.io images ls -q)
  for archive in pause=pause:1 busybox=busybox:1 web-v1=web:v1 web-v2=web:v2; do
    name=troupe.local/${archive#*=}
    archive=${archive%%=*}
    sum=$(sha256sum <"$archives/$archive.tar")
    if [ "$(cat "$imported/$archive" 2>/dev/null)" = "$sum" ] && grep -qxF "$name" <<<"$present"; then continue; fi
    step "importing the image $name"
    ctr -a "$socket" -n k8s.io images import "$archives/$archive.tar" >/dev/null \
      || die "containerd cannot import $archives/$archive.tar" "its log: $data/logs/containerd.log"
    printf '%s\n' "$sum" >"$imported/$archive"
  done
}
