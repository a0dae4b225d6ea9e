#include "actors/apiserver/http/operations.hpp"

#include <algorithm>

#include "actors/apiserver/cluster_port.hpp"
#include "actors/apiserver/http/cluster_state.hpp"
#include "actors/apiserver/ui/files.hpp"
#include "messages/codec/json.hpp"
#include "runtime/telemetry/prometheus.hpp"

namespace actors::apiserver::http {

namespace {

using runtime::control::words;

constexpr size_t action_words_max = 8;
constexpr size_t action_bytes_max = 4'096;
/// What the page's buttons may ask for. Other commands of the control socket are not for HTTP.
constexpr std::string_view actions[] = {"kill", "move", "swap"};

/// Nothing but this page's own files runs or is loaded, and no other site can frame it.
constexpr std::string_view page_policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

bool in_group(const call& item, std::string_view group) {
  return std::find(item.user.groups.begin(), item.user.groups.end(), group) != item.user.groups.end();
}

std::string first_of(const url& target) {
  return target.segments.empty() ? std::string{} : target.segments[0];
}

bool is_path(const url& target, std::initializer_list<std::string_view> segments) {
  return std::equal(target.segments.begin(), target.segments.end(), segments.begin(), segments.end());
}

bool reads(const call& item) { return item.where.verb == "get" || item.where.verb == "head"; }

std::string_view content_type_of(std::string_view name) {
  if (name.ends_with(".css"))
    return "text/css; charset=utf-8";
  if (name.ends_with(".js"))
    return "text/javascript; charset=utf-8";
  return "text/html; charset=utf-8";
}

void serve_page(const call& item) {
  const auto& parts = item.target.segments;
  if (parts.size() == 1 && !item.target.path.ends_with('/')) {
    response answer;
    answer.code = 308; // the page's own links are relative
    answer.headers.push_back({"Location", "/ui/"});
    answer.content_type.clear();
    return item.reply->send(std::move(answer));
  }
  const std::string name = parts.size() == 1 ? "index.html" : parts[1];
  const auto bytes = parts.size() <= 2 ? ui::find_file(name) : std::nullopt;
  if (!bytes)
    return item.fail(status::no_route());
  response answer;
  answer.content_type = content_type_of(name);
  answer.headers = {{"Content-Security-Policy", std::string{page_policy}},
                    {"X-Content-Type-Options", "nosniff"},
                    {"X-Frame-Options", "DENY"},
                    {"Referrer-Policy", "no-referrer"}};
  answer.body = *bytes;
  item.reply->send(std::move(answer));
}

void serve_metrics(const call_ptr& item) {
  const auto finish = [item](const cluster_port::samples& hosts) {
    response answer;
    answer.content_type = runtime::telemetry::metrics_content_type;
    item->front->metrics->append(answer.body);
    runtime::telemetry::append_metrics(hosts, answer.body);
    item->reply->send(std::move(answer));
  };
  if (item->front->cluster)
    item->front->cluster->measure(finish);
  else
    finish({});
}

void serve_state(const call_ptr& item) {
  const auto finish = [item](cluster_port::samples hosts) {
    auto& front = *item->front;
    item->send(200, render_cluster_state({.hosts = hosts,
                                          .own_host = front.host,
                                          .user = item->user.name,
                                          .may_act = in_group(*item, "system:masters"),
                                          .now_us = front.clock->wall_us()},
                                         front.port->cache()));
  };
  if (item->front->cluster)
    item->front->cluster->measure(finish);
  else
    finish({});
}

/// What a browser sends on behalf of another site, with this user's certificate: refused. Browsers name the origin of every
/// POST; other clients name none.
status::api_error refuse_foreign(const request& what) {
  const auto site = what.find("Sec-Fetch-Site");
  const auto origin = what.find("Origin");
  const bool foreign = (!site.empty() && site != "same-origin" && site != "none") ||
                       (!origin.empty() && origin != "https://" + std::string{what.find("Host")});
  if (foreign)
    return status::api_error{.code = 403, .reason = "Forbidden", .message = "another site's page may not act here"};
  const auto type = what.find("Content-Type");
  if (type.substr(0, type.find(';')) != "application/json")
    return status::unsupported_media_type("application/json");
  return {};
}

/// {"token": "..."} of `troupe ui` for a session.
void serve_session(const call& item) {
  const auto parsed = messages::codec::parse_json(item.what.body);
  const auto session =
    parsed.error ? std::nullopt
                 : item.front->sessions->exchange(parsed.value.get("token").str(), item.front->clock->monotonic_us());
  if (!session)
    return item.fail(status::unauthorized());
  item.send(200, messages::codec::to_json(messages::codec::draft::make_object({{"token", *session}})));
}

/// The words of {"command": ["kill", "scheduler"], "host": "host-b"}, or what is wrong with them. `host`: where the actor
/// is; another host's command goes through this one.
words action_of(std::string_view body, const std::string& own_host, std::string& error) {
  words result;
  if (body.size() > action_bytes_max) {
    error = "the action is too long";
    return result;
  }
  const auto parsed = messages::codec::parse_json(body);
  const auto& command = parsed.value.get("command");
  if (parsed.error || !command.is_array() || command.empty() || command.size() > action_words_max) {
    error = R"(expected {"command": ["kill", "ACTOR"]} or ["move", "ROLE", "HOST"] or ["swap", "ROLE", "FILE", "PROBATION_MS"])";
    return result;
  }
  for (const auto& word : command.items())
    if (word.is_string())
      result.emplace_back(word.str());
  if (result.size() != command.size())
    error = "every word of the command must be a text";
  else if (std::find(std::begin(actions), std::end(actions), result[0]) == std::end(actions))
    error = "unknown action \"" + result[0] + "\": kill, move or swap";
  const auto host = parsed.value.get("host").str();
  if (!host.empty() && host != own_host)
    result.insert(result.begin(), {"at", std::string{host}});
  return result;
}

void serve_action(const call_ptr& item) {
  std::string error;
  auto command = action_of(item->what.body, item->front->host, error);
  if (!error.empty())
    return item->fail(status::bad_request(error));
  if (!item->front->cluster)
    return item->fail(status::unavailable("this apiserver runs without a host"));
  item->front->log.warning("action of the web page",
                           {{"user", item->user.name}, {"command", runtime::control::encode_line(command)}});
  item->front->cluster->command(std::move(command), [item](const runtime::control::reply& reply) {
    using messages::codec::draft;
    auto result = draft::make_object({{"error", reply.error}});
    auto& lines = result.set("lines", draft::make_array());
    for (const auto& line : reply.lines) {
      auto words = draft::make_array();
      for (const auto& word : line)
        words.push_back(word);
      lines.push_back(std::move(words));
    }
    item->send(reply.error.empty() ? 200 : 409, messages::codec::to_json(result));
  });
}

} // namespace

bool is_operation(const url& target) {
  const auto first = first_of(target);
  return first == "metrics" || first == "ui" || first == "troupe";
}

bool may_operate(const call& item) {
  const auto first = first_of(item.target);
  // The page itself holds no secret; what it shows is asked for with the user's credentials.
  if (first == "ui")
    return true;
  if (is_path(item.target, {"troupe", "v1", "session"}))
    return true; // the token in the body is the credential
  return reads(item) && in_group(item, "system:monitoring");
}

void serve_operation(const call_ptr& item) {
  const auto& target = item->target;
  const bool posts = item->where.verb == "post";
  const auto foreign = posts ? refuse_foreign(item->what) : status::api_error{};
  if (first_of(target) == "ui")
    return reads(*item) ? serve_page(*item) : item->fail(status::method_not_allowed());
  if (is_path(target, {"metrics"}))
    return reads(*item) ? serve_metrics(item) : item->fail(status::method_not_allowed());
  if (is_path(target, {"troupe", "v1", "state"}))
    return reads(*item) ? serve_state(item) : item->fail(status::method_not_allowed());
  if (is_path(target, {"troupe", "v1", "session"}))
    return !posts ? item->fail(status::method_not_allowed()) : foreign ? item->fail(foreign) : serve_session(*item);
  if (is_path(target, {"troupe", "v1", "actions"}))
    return !posts ? item->fail(status::method_not_allowed()) : foreign ? item->fail(foreign) : serve_action(item);
  item->fail(status::no_route());
}

} // namespace actors::apiserver::http
