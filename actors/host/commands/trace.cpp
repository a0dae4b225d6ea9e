// `troupe trace`.
#include "actors/host/commands/observe.hpp"
#include "actors/host/commands.hpp"
#include "runtime/control/trace_stream.hpp"
#include "runtime/mesh/commands.hpp"

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include <ctime>
#include <functional>
#include <iostream>
#include <random>
#include <stdexcept>
#include <unistd.h>

namespace actors::host::commands {

namespace {

namespace po = boost::program_options;
using runtime::control::words;

std::string clock_text(int64_t wall_us) {
  auto seconds = static_cast<time_t>(wall_us / 1'000'000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return fmt::format("{:02}:{:02}:{:02}.{:06}", parts.tm_hour, parts.tm_min, parts.tm_sec, wall_us % 1'000'000);
}

std::string render(const runtime::telemetry::trace_event& event) {
  auto time = event.seconds < 0 ? std::string{"-"} : fmt::format("{}us", static_cast<int64_t>(event.seconds * 1e6));
  return fmt::format("{} {:<3} {:<28} {:<26} {:>8}  {}\n", clock_text(event.wall_us), event.out ? "out" : "in", event.peer,
                     event.type, time, event.text);
}

/// "50" or "50/s".
double rate_of(const client_arguments& given) {
  auto text = given.text("rate");
  if (text.empty())
    return runtime::telemetry::trace_filter{}.rate;
  auto rate = positive_number(text.ends_with("/s") ? text.substr(0, text.size() - 2) : text, "rate");
  if (rate > runtime::telemetry::trace_rate_max)
    throw std::runtime_error(fmt::format("a trace shows at most {:.0f} messages a second", runtime::telemetry::trace_rate_max));
  return rate;
}

/// The host of the actor: the given one, or the only one that has it. "": the host that is asked.
std::string host_of(const client_arguments& given) {
  if (given.has("host"))
    return given.text("host");
  const auto answered = runtime::mesh::split_hosts(given.ask({"all", "ps"}));
  if (!answered)
    throw std::runtime_error("the host is of another version of troupe: its answer is not understood");
  std::vector<std::string> found;
  for (const auto& host : *answered)
    for (const auto& line : host.lines)
      if (const auto row = runtime::control::decode_row(line); row && row->id == given.words[0])
        found.push_back(host.host);
  // On several, such as `directory`: the host that is asked, which comes first.
  return found.empty() || found.front() == answered->front().host ? std::string{} : found.front();
}

/// A trace of an actor on another host; its lines come in pieces.
void follow_at(const client_arguments& given, const std::string& host, const runtime::telemetry::trace_filter& filter,
               const std::function<bool(const words&)>& line) {
  const auto session = fmt::format("{:x}-{}", std::random_device{}(), ::getpid());
  words request{"at", host, "trace-piece", session};
  const auto wanted = runtime::control::encode_trace_request(filter);
  request.insert(request.end(), wanted.begin() + 1, wanted.end());
  for (bool going = true; going;)
    for (const auto& each : given.ask(request).lines)
      going = going && line(each);
}

int run(const client_arguments& given) {
  runtime::telemetry::trace_filter filter{
    .actor = given.words[0], .type = given.text("type"), .match = given.text("match"), .rate = rate_of(given)};
  auto count_max = given.has("count") ? static_cast<uint64_t>(positive_number(given.text("count"), "count")) : 0;
  uint64_t count = 0;
  std::string error = "the host refused the trace: it serves too many clients; try again"; // until its first line
  const auto show = [&](const words& line) {
    error.clear();
    if (line.size() == 2 && line[0] == "error") {
      error = line[1];
      return false;
    }
    if (line.size() == 2 && line[0] == "left") {
      if (line[1] != "0")
        std::cout << "... " << line[1] << " more were left out\n" << std::flush;
      return static_cast<bool>(std::cout);
    }
    auto event = runtime::control::decode_trace_event(line);
    if (!event) {
      error = "the host is of another version of troupe: its answer is not understood";
      return false;
    }
    std::cout << render(*event) << std::flush;
    return std::cout && (count_max == 0 || ++count < count_max);
  };
  if (const auto host = host_of(given); host.empty())
    runtime::control::follow(given.data, runtime::control::encode_trace_request(filter), show);
  else
    follow_at(given, host, filter, show);
  if (!error.empty())
    throw std::runtime_error(error);
  return exit_done;
}

} // namespace

client_command trace() {
  return {.name = "trace",
          .summary = "show the messages in and out of an actor, live",
          .usage = "troupe trace ACTOR [--type T] [--match TEXT] [--rate N/s] [--count N] [--host HOST]",
          .help = "Shows each message that the actor handles (in: when its handler was done, and how long it took) or sends (out), until\n"
                  "Ctrl-C. ACTOR is an id that `troupe ps` prints, on any host; it may be restarted meanwhile. Messages\n"
                  "beyond the rate are counted and left out. Answers to other hosts are not shown.",
          .words_min = 1,
          .words_max = 1,
          .words_help = "the name of the actor to trace is missing",
          .add_options =
            [](po::options_description& options) {
              auto add = options.add_options();
              add("type", po::value<std::string>()->value_name("T"), "only messages whose type holds this, such as WatchBatch");
              add("match", po::value<std::string>()->value_name("TEXT"), "only messages whose text holds this, such as default/web");
              add("rate", po::value<std::string>()->value_name("N/s"), "messages a second (default: 100/s)");
              add("count", po::value<std::string>()->value_name("N"), "end after this many (default: never)");
              add("host", po::value<std::string>()->value_name("HOST"), "of which host, when several have the actor");
            },
          .run = run};
}

} // namespace actors::host::commands
