#include "runtime/hotswap/commands.hpp"

#include <charconv>
#include <fmt/format.h>

namespace runtime::hotswap {

namespace {

using control::reply;
using control::words;

constexpr std::chrono::milliseconds answer_margin{1'000}; // the actor gives up before we do

/// Asks the role's actor; what it refuses is thrown.
swap_outcome ask(caf::actor_system& system, const caf::strong_actor_ptr& to, const swap_order& order) {
  caf::scoped_actor self{system};
  swap_outcome result;
  // First in the mailbox: a version that has fallen behind must not keep its own end waiting.
  self->request<caf::message_priority::high>(caf::actor_cast<swap_actor>(to), prepare_time_max + answer_margin, order)
    .receive([&](const swap_outcome& outcome) { result = outcome; },
             [&](const caf::error& error) {
               result.refused = error == caf::sec::request_timeout
                                  ? "its actor does not answer: it is busy in a handler, and nothing will be changed"
                                  : "its actor ended: " + telemetry::failure_text(error);
             });
  if (!result.refused.empty())
    throw refused(result.refused);
  return result;
}

reply table_of(const version& now, const version& before, const swap_outcome& outcome, int64_t probation_us) {
  return {.error = {},
          .lines = {{"version", describe(now)},
                    {"before", describe(before)},
                    {"prepare_us", std::to_string(outcome.prepare_us)},
                    {"pause_us", std::to_string(outcome.pause_us)},
                    {"keys", std::to_string(outcome.keys)},
                    {"state_bytes", std::to_string(outcome.state_bytes)},
                    {"probation_us", std::to_string(probation_us)}}};
}

probation_rules rules_of(const std::string& milliseconds) {
  int64_t value = 0;
  const auto end = milliseconds.data() + milliseconds.size();
  const auto [parsed, error] = std::from_chars(milliseconds.data(), end, value);
  if (error != std::errc{} || parsed != end || value < 1 || value > probation_max.count())
    throw refused("a probation is between 1 ms and " + std::to_string(probation_max.count()) + " ms");
  return {.duration_us = value * 1000};
}

/// Made here, so that a constructor that takes its time or throws touches no worker and no actor.
std::shared_ptr<swappable> make(const version& what, const host::role_context& context) {
  try {
    std::shared_ptr<swappable> result = what.make(context);
    if (!result)
      throw refused(what.name + " made nothing");
    return result;
  } catch (const refused&) {
    throw;
  } catch (const std::exception& error) {
    throw refused(what.name + " cannot be made: " + error.what());
  } catch (...) {
    throw refused(what.name + " cannot be made: it threw something that is no std::exception");
  }
}

reply swap(caf::actor_system& system, version_table& versions, const words& arguments) {
  const auto& role = arguments[0];
  const auto& file = arguments[1];
  const auto rules = rules_of(arguments[2]);
  version_table::turn turn{versions, role};
  version_ptr what;
  try {
    versions.check_no_trial(role);
    if (!turn.actor())
      throw refused("`" + role + "` does not run at the moment");
    const auto before = versions.running(role);
    what = versions.load(file, role);
    const auto until = turn.context().clock->monotonic_us() + std::chrono::microseconds{prepare_time_max}.count();
    const auto outcome =
      ask(system, turn.actor(), {.what = what, .object = make(*what, turn.context()), .rules = rules, .until_us = until});
    return table_of(*what, *before, outcome, rules.duration_us);
  } catch (const std::exception& error) {
    versions.refuse(role, what ? what->name : "", file, error.what());
    throw;
  }
}

reply roll_back(caf::actor_system& system, version_table& versions, const words& arguments) {
  const auto& role = arguments[0];
  version_table::turn turn{versions, role};
  const auto before = versions.running(role);
  const auto target = versions.rollback_target(role);
  if (!target)
    throw refused("`" + role + "` runs the version that it began with: there is nothing to go back to");
  const std::string reason = "by `troupe swap --rollback`";
  if (!turn.actor()) { // its supervisor waits before the next start, which takes the former version
    versions.rolled_back(role, reason, 0);
    return table_of(*target, *before, {}, 0);
  }
  const auto until = turn.context().clock->monotonic_us() + std::chrono::microseconds{prepare_time_max}.count();
  const auto outcome = ask(system, turn.actor(),
                           {.what = target, .object = make(*target, turn.context()), .back = true, .reason = reason, .until_us = until});
  return table_of(*target, *before, outcome, 0);
}

reply list(const version_table& versions, const words& arguments) {
  const auto wanted = [&](const std::string& role) { return arguments.empty() || arguments[0] == role; };
  reply result;
  for (const auto& item : versions.status())
    if (wanted(item.role))
      result.lines.push_back({"now", item.role, item.version, item.on_trial ? "on probation" : "settled",
                              std::to_string(item.trial_left_us), item.standby ? "standby" : "active"});
  if (!arguments.empty() && result.lines.empty())
    throw refused("no role `" + arguments[0] + "` that can be swapped runs on this host");
  for (const auto& item : versions.records())
    if (wanted(item.role))
      result.lines.push_back({"record", std::to_string(item.at_us), item.role, std::string{to_string(item.what)}, item.version,
                              item.file, item.hash, item.reason, std::to_string(item.pause_us)});
  return result;
}

} // namespace

void add_commands(control::command_table& commands, caf::actor_system& system,
                  const std::shared_ptr<version_table>& versions) {
  const auto add = [&](const char* name, size_t arguments_min, size_t arguments_max, auto run) {
    commands.add(name, [=](const words& request, std::chrono::steady_clock::time_point) {
      if (request.size() - 1 < arguments_min || request.size() - 1 > arguments_max)
        return control::refuse(fmt::format("`{}` takes {} to {} arguments", name, arguments_min, arguments_max));
      return run({request.begin() + 1, request.end()});
    });
  };
  add("swap", 3, 3, [&system, versions](const words& arguments) { return swap(system, *versions, arguments); });
  add("swap-rollback", 1, 1, [&system, versions](const words& arguments) { return roll_back(system, *versions, arguments); });
  add("swap-history", 0, 1, [versions](const words& arguments) { return list(*versions, arguments); });
}

} // namespace runtime::hotswap
