// `troupe top`.
#include "actors/host/commands/observe.hpp"
#include "actors/host/commands/top_table.hpp"
#include "actors/host/commands.hpp"
#include "runtime/control/measure.hpp"
#include "runtime/mesh/commands.hpp"

#include <boost/program_options.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

namespace actors::host::commands {

namespace {

namespace po = boost::program_options;

constexpr double interval_seconds = 1;
constexpr const char* redraw = "\033[H\033[J"; // home, erase what is below

int run(const client_arguments& given) {
  top_view view;
  auto order = parse_top_order(given.text("sort", "rate"));
  if (!order)
    throw std::runtime_error("unknown order `" + given.text("sort") + "`: rate, mailbox, latency or busy");
  view.order = *order;
  if (given.has("once")) {
    std::cout << render_top(measure(given), {}, view);
    return exit_done;
  }
  std::chrono::duration<double> interval{given.has("interval") ? positive_number(given.text("interval"), "interval") : interval_seconds};
  auto before = measure(given);
  std::cout << "\033[2J";
  while (std::cout) {
    std::this_thread::sleep_for(interval);
    auto now = measure(given);
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
      view.lines = size.ws_row;
      view.columns = size.ws_col;
    }
    std::cout << redraw << render_top(now, before, view) << std::flush;
    before = std::move(now);
  }
  return exit_done;
}

} // namespace

std::vector<runtime::telemetry::host_sample> measure(const client_arguments& given) {
  auto lines = runtime::mesh::answered_lines(given.ask({"all", "measure"}));
  auto samples = lines ? runtime::control::decode_samples(*lines) : std::nullopt;
  if (!samples)
    throw std::runtime_error("the host is of another version of troupe: its answer is not understood");
  return *samples;
}

double positive_number(const std::string& text, const char* option) {
  try {
    size_t used = 0;
    auto result = std::stod(text, &used);
    if (used == text.size() && result > 0 && result < 1e9)
      return result;
  } catch (const std::exception&) {
  }
  throw std::runtime_error("option `--" + std::string{option} + "` needs a number above 0, not `" + text + "`");
}

client_command top() {
  return {.name = "top",
          .summary = "show the busiest actors, live",
          .usage = "troupe top [--sort rate|mailbox|latency|busy] [--interval SECONDS] [--once]",
          .help = "Shows the actors of all hosts that can be reached, the busiest first, until Ctrl-C. HANDLER is the mean time of one\n"
                  "message since the last redraw, BUSY the share of one core, MOST TIME FOR the type of message that took most of it.",
          .add_options =
            [](po::options_description& options) {
              options.add_options()("sort", po::value<std::string>()->value_name("COLUMN"),
                                    "rate, mailbox, latency or busy (default: rate)");
              options.add_options()("interval", po::value<std::string>()->value_name("SECONDS"), "time between redraws (default: 1)");
              options.add_options()("once", "print once: the rates of the last second, the times since the start");
            },
          .run = run};
}

} // namespace actors::host::commands
