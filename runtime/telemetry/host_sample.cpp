#include "runtime/telemetry/host_sample.hpp"

#include "runtime/telemetry/prometheus.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

namespace runtime::telemetry {

namespace {

/// What /metrics shows as one actor.
struct shown_actor {
  const std::string* host;
  std::string id;
  actor_sample sum;
};

void add(actor_sample& sum, const actor_sample& more) {
  sum.row.starts += more.row.restarts();
  sum.row.mailbox_depth += more.row.mailbox_depth;
  sum.handled += more.handled;
  sum.takeovers += more.takeovers;
  sum.swaps += more.swaps;
  for (auto& times : more.times) {
    auto same = std::find_if(sum.times.begin(), sum.times.end(), [&](auto& item) { return item.message == times.message; });
    if (same == sum.times.end())
      sum.times.push_back(times);
    else
      *same += times;
  }
}

std::vector<shown_actor> shown_actors(std::span<const host_sample> hosts) {
  std::vector<shown_actor> result;
  for (auto& host : hosts) {
    std::map<std::string, size_t> count;
    std::map<std::string, size_t> others; // by role: index in the result
    for (auto& actor : host.actors) {
      if (++count[actor.row.role] <= metrics_actors_max) {
        result.push_back({&host.host, actor.row.id, actor});
        continue;
      }
      auto [at, added] = others.emplace(actor.row.role, result.size());
      if (added) {
        actor_sample sum;
        sum.row.role = actor.row.role;
        sum.row.starts = 1; // restarts are starts less one
        sum.row.state = actor_state::running;
        result.push_back({&host.host, "others", std::move(sum)});
      }
      add(result[at->second].sum, actor);
    }
  }
  return result;
}

metric_labels labels_of(const shown_actor& actor) {
  return {{"host", *actor.host}, {"role", actor.sum.row.role}, {"actor", actor.id}};
}

void append_actors(const std::vector<shown_actor>& actors, metric_writer& out) {
  auto each = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
    out.begin(name, type, help);
    for (auto& actor : actors)
      out.sample(labels_of(actor), value(actor.sum));
  };
  each("troupe_actor_messages_total", "counter", "Messages that the actor has handled.",
       [](auto& a) { return a.handled; });
  each("troupe_actor_mailbox_depth", "gauge", "Messages that wait in the actor's mailbox.",
       [](auto& a) { return a.row.mailbox_depth; });
  each("troupe_actor_restarts_total", "counter", "Restarts of the actor by its supervisor.",
       [](auto& a) { return a.row.restarts(); });
  each("troupe_actor_swaps_total", "counter", "Replacements of the actor's code while it ran.",
       [](auto& a) { return a.swaps; });
  each("troupe_actor_takeovers_total", "counter", "How often this host took the singleton role over.",
       [](auto& a) { return a.takeovers; });
  each("troupe_actor_epoch", "gauge", "Epoch under which the singleton role acts; 0 in standby and for roles without one.",
       [](auto& a) { return a.epoch; });
  out.begin("troupe_actor_state", "gauge", "1 for the state in which the actor is.");
  for (auto& actor : actors) {
    auto labels = labels_of(actor);
    labels.emplace_back("state", to_string(actor.sum.row.state));
    out.sample(labels, uint64_t{1});
  }
  out.begin("troupe_actor_handler_duration_seconds", "histogram", "Time that the actor's handler took, by type of message.");
  for (auto& actor : actors)
    for (auto& times : actor.sum.times) {
      auto labels = labels_of(actor);
      labels.emplace_back("message", times.message);
      out.histogram(labels, latency_bound_names, times.buckets, times.seconds);
    }
}

void append_links(std::span<const host_sample> hosts, metric_writer& out) {
  auto each = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
    out.begin(name, type, help);
    for (auto& host : hosts)
      for (auto& link : host.links)
        out.sample({{"host", host.host}, {"peer", link.peer}}, value(link));
  };
  each("troupe_link_up", "gauge", "1 while the link to the other host carries messages.",
       [](auto& l) { return uint64_t{l.state != "down"}; });
  each("troupe_link_slow", "gauge", "1 while the link to the other host is slow.",
       [](auto& l) { return uint64_t{l.state == "slow"}; });
  each("troupe_link_received_bytes_total", "counter", "Bytes received from the other host.",
       [](auto& l) { return l.bytes_in; });
  each("troupe_link_sent_bytes_total", "counter", "Bytes sent to the other host.", [](auto& l) { return l.bytes_out; });
  out.begin("troupe_link_round_trip_seconds", "gauge", "Last measured round trip to the other host.");
  for (auto& host : hosts)
    for (auto& link : host.links)
      if (link.round_trip_us >= 0)
        out.sample({{"host", host.host}, {"peer", link.peer}}, static_cast<double>(link.round_trip_us) * 1e-6);
  out.begin("troupe_link_refused_total", "counter", "Connections of would-be peers that were refused, by reason.");
  for (auto& host : hosts)
    for (auto& [reason, count] : host.refused_links)
      out.sample({{"host", host.host}, {"reason", reason}}, count);
}

void append_processes(std::span<const host_sample> hosts, metric_writer& out) {
  out.begin("troupe_host_info", "gauge", "1 for each host that answered, with its version.");
  for (auto& host : hosts)
    out.sample({{"host", host.host}, {"version", host.version}}, uint64_t{1});
  auto each = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
    out.begin(name, type, help);
    for (auto& host : hosts)
      out.sample({{"host", host.host}}, value(host.process));
  };
  each("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.",
       [](auto& p) { return p.cpu_seconds; });
  each("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
       [](auto& p) { return p.resident_bytes; });
  each("process_open_fds", "gauge", "Number of open file descriptors.", [](auto& p) { return p.descriptors; });
  each("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.",
       [](auto& p) { return p.start_seconds; });
}

uint64_t count_descriptors() {
  uint64_t result = 0;
  if (auto folder = ::opendir("/proc/self/fd")) {
    while (auto entry = ::readdir(folder))
      result += entry->d_name[0] != '.';
    ::closedir(folder);
  }
  return result > 0 ? result - 1 : 0; // without the one that reads
}

/// Seconds since the machine's start at which this process started, plus the machine's own.
int64_t start_time() {
  std::ifstream stat{"/proc/self/stat"};
  std::string text{std::istreambuf_iterator<char>{stat}, {}};
  constexpr int fields_between = 19; // from the state, behind the name in parentheses, to starttime
  auto after_name = text.rfind(')');
  if (after_name == text.npos)
    return 0;
  std::istringstream fields{text.substr(after_name + 1)};
  std::string skipped;
  for (int i = 0; i < fields_between; ++i)
    fields >> skipped;
  int64_t ticks = 0;
  fields >> ticks;
  std::ifstream machine{"/proc/stat"};
  for (std::string line; std::getline(machine, line);)
    if (line.starts_with("btime "))
      return std::stoll(line.substr(6)) + ticks / ::sysconf(_SC_CLK_TCK);
  return 0;
}

} // namespace

process_sample read_process() {
  static const int64_t started = start_time();
  process_sample result;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    result.cpu_seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
                         + static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
  std::ifstream memory{"/proc/self/statm"};
  uint64_t size = 0, resident = 0;
  if (memory >> size >> resident)
    result.resident_bytes = resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  result.descriptors = count_descriptors();
  result.start_seconds = started;
  return result;
}

void append_metrics(std::span<const host_sample> hosts, std::string& out) {
  metric_writer writer{out};
  append_processes(hosts, writer);
  append_actors(shown_actors(hosts), writer);
  append_links(hosts, writer);
}

} // namespace runtime::telemetry
