# shellcheck shell=bash
# Shell functions that the tools share: messages, waiting for a condition, processes known by pid file.
# Sourced, never run. Needs bash with `set -euo pipefail`.

export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

# say TEXT: one line of progress. Stdout of the tools is for people; nothing parses it except the
# kubeconfig's path.
say() { printf '%s\n' "$*"; }

# step TEXT: the beginning of something that may take a while.
step() { printf '==> %s\n' "$*"; }

warn() { printf '%s: warning: %s\n' "${0##*/}" "$*" >&2; }

# die MESSAGE [HINT]: what is wrong, and what to do about it.
die() {
  printf '%s: error: %s\n' "${0##*/}" "$1" >&2
  if [ $# -gt 1 ]; then printf '  hint: %s\n' "$2" >&2; fi
  exit 1
}

# usage_error MESSAGE: a wrong command line ends with exit code 2, like troupe's own.
usage_error() {
  printf '%s: error: %s\n' "${0##*/}" "$1" >&2
  printf '  hint: %s --help lists what it takes\n' "${0##*/}" >&2
  exit 2
}

require_root() {
  if [ "$(id -u)" -ne 0 ]; then
    die "must run as root: it makes network namespaces, mounts and service rules" "sudo $0"
  fi
}

# wait_until SECONDS COMMAND...: runs COMMAND every 50 ms until it succeeds; fails at the deadline.
wait_until() {
  local deadline=$((SECONDS + $1)) && shift
  until "$@"; do
    if [ "$SECONDS" -ge "$deadline" ]; then return 1; fi
    sleep 0.05
  done
}

# process_start_time PID: the kernel's start time of a process, in ticks since boot: with the pid it
# names one process for ever. Fails when there is none.
process_start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086 # the fields of /proc/PID/stat are words
  set -- $stat
  # A zombie has ended; only its parent has not noticed yet.
  [ "$1" != Z ] || return 1
  printf '%s\n' "${20}"
}

# write_pid_file FILE PID: "pid start-time", so that a reused pid is never taken for ours.
write_pid_file() {
  local started
  started=$(process_start_time "$2") || return 1
  printf '%s %s\n' "$2" "$started" >"$1.new"
  mv -f "$1.new" "$1"
}

# pid_of FILE: the pid in FILE if that very process still runs; fails otherwise.
pid_of() {
  local pid started
  read -r pid started 2>/dev/null <"$1" || return 1
  [ -n "$pid" ] && [ -n "$started" ] || return 1
  [ "$(process_start_time "$pid")" = "$started" ] || return 1
  printf '%s\n' "$pid"
}

process_gone() { ! pid_of "$1" >/dev/null; }

# stop_process FILE SECONDS NAME: TERM, then KILL at the deadline. Removes FILE.
stop_process() {
  local file=$1 seconds=$2 name=$3 pid
  if pid=$(pid_of "$file"); then
    kill -TERM "$pid" 2>/dev/null || true
    if ! wait_until "$seconds" process_gone "$file"; then
      warn "$name (pid $pid) did not stop within $seconds s: killed"
      kill -KILL "$pid" 2>/dev/null || true
      wait_until 10 process_gone "$file" || die "$name (pid $pid) cannot be killed" "see: cat /proc/$pid/stack"
    fi
  fi
  rm -f "$file"
}

# start_process FILE LOG COMMAND...: detached (own session: a Ctrl-C in the terminal is for the tool,
# which stops its processes in order). Holds none of the caller's descriptors above 2. One that ends at once
# has no pid file: the caller's wait for it to be ready notices.
start_process() {
  local file=$1 log=$2 pid && shift 2
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
    done
    exec setsid "$@" </dev/null >>"$log" 2>&1
  ) &
  pid=$!
  write_pid_file "$file" "$pid" || rm -f "$file"
}

# rotate_log FILE: keeps the log of the run before as FILE.1, and only that one.
rotate_log() { if [ -s "$1" ]; then mv -f "$1" "$1.1"; fi; }
