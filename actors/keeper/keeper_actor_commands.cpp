// troupe plan, apply, move, drain, placement: checked here against the placement in force, then written to the store; every
// keeper sees it there.
#include "actors/keeper/keeper_actor.hpp"

#include <fmt/format.h>

namespace actors::keeper {

using client::draft;
using client::entry;
using runtime::control::refuse;
using runtime::control::reply;
using runtime::control::words;

namespace {

constexpr const char* command_names[] = {"placement", "plan", "apply", "move", "drain"};

reply lines_of(const std::vector<std::string>& lines) {
  reply result;
  for (auto& line : lines)
    result.lines.push_back({line});
  return result;
}

} // namespace

/// A keeper that ends leaves them to its successor: they hold it weakly.
void keeper_actor::add_commands() {
  if (!context_.commands)
    return;
  for (auto name : command_names)
    context_.commands->add(name, [self = caf::actor_cast<caf::actor_addr>(this)](const words& request, auto until) {
      auto keeper = caf::actor_cast<caf::actor>(self);
      if (!keeper)
        return refuse("the keeper is being restarted: try again");
      auto answer = std::make_shared<std::promise<reply>>();
      auto future = answer->get_future();
      caf::anon_send(keeper, operator_command{request, std::move(answer)}); // the keeper alone holds it: its end is noticed
      if (future.wait_until(until) != std::future_status::ready)
        return refuse("the keeper did not answer in time; `troupe placement` says what is in force");
      try {
        return future.get();
      } catch (const std::future_error&) { // it ended with the request in its hands
        return refuse("the keeper was restarted meanwhile; `troupe placement` says what is in force");
      }
    });
}

void keeper_actor::on_command(const operator_command& command) {
  const auto& request = command.request;
  const auto answer = [&](reply value) { command.answer->set_value(std::move(value)); };
  if (!api_.synced() || generation_ == 0)
    return answer(refuse("the placement in force is not known yet: no apiserver is reached"));
  const auto view = [this](const std::string& host) { return see(host); };
  if (request[0] == "placement")
    return answer({.error = {}, .lines = {{std::to_string(generation_)}, {text_}}});
  if (request[0] == "plan" && request.size() == 2)
    return answer(show_plan(request[1]));
  if (request[0] == "apply" && request.size() == 2)
    return apply(request[1], command, {});
  const auto owned = owners();
  edit changed;
  if (request[0] == "move" && request.size() == 3)
    changed = move_role(placement_, request[1], request[2], generation_ + 1, view);
  else if (request[0] == "drain" && request.size() == 2)
    changed = drain_host(placement_, request[1], owned, generation_ + 1, view);
  else
    return answer(refuse("`" + request[0] + "` with other words than expected"));
  if (!changed.refusal.empty())
    return answer(refuse(changed.refusal));
  if (request[0] == "move" && is_at(request[1], request[2], owned))
    return answer(lines_of({fmt::format("{} runs on {} already", request[1], request[2])}));
  apply(with_overrides(text_, changed.overrides), command, changed.notes);
}

/// Of each role, where it is known.
std::map<std::string, std::string> keeper_actor::owners() const {
  std::map<std::string, std::string> result;
  for (auto& role : placement_.roles)
    if (role.role != store_role)
      result[role.id] = owner_of(role.id);
  for (auto& [id, up] : shards_up_)
    result[id] = up.host; // while it moves, its Role tells of where it is to be
  return result;
}

/// A shard that is on its way somewhere can be called back to where it is.
bool keeper_actor::is_at(const std::string& id, const std::string& host, const std::map<std::string, std::string>& owners) const {
  const auto placed = std::find_if(placement_.roles.begin(), placement_.roles.end(), [&](auto& role) { return role.id == id; });
  const auto owner = owners.find(id);
  return owner != owners.end() && owner->second == host && placed != placement_.roles.end() &&
         (placed->role != store_role || placed->host == host);
}

reply keeper_actor::show_plan(const std::string& text) const {
  auto read = runtime::placement::parse(text, context_.boot->known);
  if (!read.problems.empty())
    return refuse(runtime::placement::render("the placement", read.problems[0]));
  auto planned = plan_change(placement_, read.value, [this](const std::string& host) { return see(host); }, owners());
  reply result;
  for (auto& step : planned.steps)
    result.lines.push_back({"step", step.text()});
  for (auto& refusal : planned.refusals)
    result.lines.push_back({"refused", refusal});
  return result;
}

void keeper_actor::apply(const std::string& text, const operator_command& command, std::vector<std::string> notes) {
  auto read = runtime::placement::parse(text, context_.boot->known);
  if (!read.problems.empty()) {
    command.answer->set_value(refuse(runtime::placement::render("the placement", read.problems[0])));
    return;
  }
  auto planned = plan_change(placement_, read.value, [this](const std::string& host) { return see(host); }, owners());
  if (read.value.hosts.size() > 1 && !context_.mesh)
    planned.refusals.push_back("this host was started without certificates and reaches no other: `troupe pki init`, then start it with --pki");
  if (!planned.refusals.empty()) {
    command.answer->set_value(refuse(fmt::format("{}", fmt::join(planned.refusals, "; "))));
    return;
  }
  const entry* item = placements_.find(placement_name);
  if (item == nullptr || storing_) {
    command.answer->set_value(refuse("another change is being written: try again"));
    return;
  }
  for (auto& step : planned.steps)
    notes.push_back(step.text());
  if (text == text_) {
    notes.push_back("nothing changes");
    command.answer->set_value(lines_of(notes));
    return;
  }
  draft object = client::draft_of(client::placements, *item);
  object["spec"].set("text", text);
  storing_ = true;
  api_.update(client::placements, "", object, [this, notes, answer = command.answer](const client::api_result& result) {
    storing_ = false;
    if (result.ok())
      answer->set_value(lines_of(notes));
    else if (result.conflict())
      answer->set_value(refuse("somebody else changed the placement at this moment: look at it and try again"));
    else
      answer->set_value(refuse("the placement was not written: " + result.message));
  });
}

} // namespace actors::keeper
