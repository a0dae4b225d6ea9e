// Health in upstream's form: "ok", or with ?verbose or on failure a line per check. The process being able to
// answer is liveness; readiness is that every shard is loaded and followed.
#include "actors/apiserver/http/health.hpp"

#include <fmt/format.h>

#include "actors/apiserver/discovery/version.hpp"
#include "messages/codec/json.hpp"

namespace actors::apiserver::http {

namespace {

struct check {
  std::string name;
  bool fine;
};

std::vector<check> checks_of(const call& item, bool readiness) {
  std::vector<check> checks = {{"ping", true}};
  if (!readiness)
    return checks;
  for (const auto& [name, shard] : item.front->port->cache().shards())
    checks.push_back({"store-" + name, shard->ready()});
  checks.push_back({"informer-sync", item.front->port->ready()});
  return checks;
}

void answer_checks(const call& item, std::string_view endpoint, const std::vector<check>& checks) {
  const auto excluded = item.target.all("exclude");
  std::string lines;
  bool fine = true;
  for (const auto& one : checks) {
    if (std::find(excluded.begin(), excluded.end(), one.name) != excluded.end()) {
      lines += fmt::format("[+]{} excluded: ok\n", one.name);
      continue;
    }
    lines += one.fine ? fmt::format("[+]{} ok\n", one.name)
                      : fmt::format("[-]{} failed: reason withheld\n", one.name);
    fine = fine && one.fine;
  }
  response answer;
  answer.content_type = "text/plain; charset=utf-8";
  answer.headers.push_back({"X-Content-Type-Options", "nosniff"});
  answer.code = fine ? 200 : 500;
  if (!fine)
    answer.body = fmt::format("{}{} check failed\n", lines, endpoint);
  else if (item.target.has("verbose"))
    answer.body = fmt::format("{}{} check passed\n", lines, endpoint);
  else
    answer.body = "ok";
  item.reply->send(std::move(answer));
}

} // namespace

bool serve_health(const call_ptr& item) {
  const auto& parts = item->target.segments;
  if (parts.empty())
    return false;
  const bool known =
    parts[0] == "healthz" || parts[0] == "livez" || parts[0] == "readyz" || parts[0] == "version";
  if (known && item->where.verb != "get" && item->where.verb != "head") {
    item->fail(status::method_not_allowed());
    return true;
  }
  if (parts[0] == "version" && parts.size() == 1) {
    item->send(200, messages::codec::to_json(discovery::version_info()));
    return true;
  }
  if (!known || parts[0] == "version")
    return false;
  auto checks = checks_of(*item, parts[0] == "readyz");
  if (parts.size() == 1) {
    answer_checks(*item, parts[0], checks);
    return true;
  }
  std::erase_if(checks, [&](const check& one) { return one.name != parts[1]; });
  if (checks.empty() || parts.size() > 2)
    item->fail(status::no_route());
  else
    answer_checks(*item, parts[0] + "/" + parts[1], checks);
  return true;
}

} // namespace actors::apiserver::http
