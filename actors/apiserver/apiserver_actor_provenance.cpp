// Who wrote what, for `troupe why`: every committed write is noted, and the host's control socket may ask for the notes.
#include <algorithm>
#include <cctype>

#include "actors/apiserver/apiserver_actor.hpp"
#include "runtime/control/command_table.hpp"
#include "runtime/control/provenance.hpp"

namespace actors::apiserver {

namespace {

using runtime::control::reply;
using runtime::control::words;

constexpr const char* command_name = "written";
/// Written all the time, and of no interest here: they would drive everything else out of the log.
constexpr std::string_view left_out[] = {"events", "leases"};

std::string resource_name(const registry::kind& kind) {
  return std::string{kind.plural} + (kind.group.empty() ? "" : "." + std::string{kind.group});
}

bool is_called(const registry::kind& kind, std::string_view word) {
  const auto same = [&](std::string_view name) {
    return std::equal(name.begin(), name.end(), word.begin(), word.end(),
                      [](char a, char b) { return std::tolower(a) == std::tolower(b); });
  };
  return same(kind.plural) || same(kind.singular) || same(kind.name) || same(resource_name(kind)) ||
         std::any_of(kind.short_names.begin(), kind.short_names.end(), same);
}

/// "pods/default/web"; empty when nothing is called so.
std::string object_called(std::string_view word, const std::string& name_space, const std::string& name) {
  for (const auto& kind : registry::kinds())
    if (is_called(kind, word))
      return resource_name(kind) + "/" + (kind.namespaced ? name_space + "/" : "") + name;
  return {};
}

reply answer_written(const runtime::telemetry::provenance_log& log, const words& request) {
  if (request.size() != 2 && request.size() != 4)
    return runtime::control::refuse("`written` takes an object, or a kind, a namespace and a name");
  const auto object = request.size() == 2 ? request[1] : object_called(request[1], request[2], request[3]);
  if (object.empty())
    return runtime::control::refuse("the server has no kind `" + request[1] + "`");
  return {.error = {}, .lines = runtime::control::encode_written({object, log.complete_since_us(), log.of(object)})};
}

} // namespace

runtime::telemetry::written_entry origin_of(const protocol::WriteRequest& message) {
  runtime::telemetry::written_entry result;
  if (const auto* who = message.identity()) {
    result.user = text_of(who->user());
    result.by_role = who->by_role();
    result.agent = text_of(who->agent());
    result.origin = text_of(who->origin());
  }
  if (const auto* writer = message.writer())
    result.epoch = writer->epoch();
  if (const auto* cause = message.cause()) {
    result.cause_object = text_of(cause->object());
    result.cause_revision = cause->revision();
  }
  return result;
}

void apiserver::note_written(const write_job& job, int64_t revision) {
  const auto& kind = *job.request.kind;
  if (std::find(std::begin(left_out), std::end(left_out), kind.plural) != std::end(left_out))
    return;
  auto entry = job.origin;
  entry.object = resource_name(kind) + "/" + job.plan.key.substr(kind.key_prefix.size());
  entry.revision = revision;
  entry.previous = job.plan.expected;
  entry.wall_us = context_.clock->wall_us();
  switch (job.request.verb) {
    case protocol::Verb::create: entry.verb = "create"; break;
    case protocol::Verb::update: entry.verb = "update"; break;
    case protocol::Verb::patch: entry.verb = "patch"; break;
    default: entry.verb = "delete"; break;
  }
  entry.subresource = job.request.subresource;
  provenance_->add(std::move(entry));
}

/// The command stays when this actor ends, with what it knew, until its successor replaces it.
void apiserver::offer_provenance() {
  if (context_.commands)
    context_.commands->add(command_name, [log = provenance_](const words& request, auto) {
      return answer_written(*log, request);
    });
}

} // namespace actors::apiserver
