// The way of a request: URL, who, may they, what form, which verb.
#include "actors/apiserver/http/api_handler.hpp"

#include <fmt/format.h>

#include "actors/apiserver/auth/authenticate.hpp"
#include "actors/apiserver/auth/authorize.hpp"
#include "actors/apiserver/discovery/documents.hpp"
#include "actors/apiserver/http/call.hpp"
#include "actors/apiserver/http/health.hpp"
#include "actors/apiserver/http/operations.hpp"

namespace actors::apiserver::http {

namespace {

class api_handler final : public handler {
public:
  explicit api_handler(api_settings settings)
      : tokens_(settings.token_file),
        documents_(settings.address),
        front_(std::make_shared<front_context>()) {
    front_->port = std::move(settings.port);
    front_->clock = std::move(settings.clock);
    front_->random = std::move(settings.random);
    front_->log = std::move(settings.log);
    front_->tokens = &tokens_;
    front_->cluster = std::move(settings.cluster);
    front_->host = std::move(settings.host);
    front_->sessions =
      settings.sessions ? std::move(settings.sessions) : std::make_shared<auth::page_sessions>(front_->random);
  }

  void handle(request what, responder_ptr reply) override {
    auto item = std::make_shared<call>();
    item->front = front_;
    item->what = std::move(what);
    item->reply = std::move(reply);
    auto target = parse_url(item->what.target);
    if (target) {
      item->target = std::move(*target);
      item->where = find_route(item->what.method, item->target);
    }
    item->reply = measured(std::move(item->reply), front_->metrics,
                           labels_of(item->where, item->target.get("dryRun")), front_->clock);
    if (!target)
      return item->fail(status::bad_request("malformed request target"));
    if (auto error = prepare(*item))
      return item->fail(error);
    if (item->where.is_resource)
      serve_resource(item);
    else
      serve_path(item);
  }

  response refuse(int code, std::string_view message) override {
    std::string_view reason = "BadRequest";
    switch (code) {
      case 429: {
        auto answer = render_error(status::too_many_requests(std::string{message}, 1));
        answer.close = true; // its body is still to come
        return answer;
      }
      case 408:
      case 504:
        reason = "Timeout";
        break;
      case 413:
      case 431:
        reason = "RequestEntityTooLarge";
        break;
      case 500:
        reason = "InternalError";
        break;
      case 503:
        reason = "ServiceUnavailable";
        break;
      default:
        break;
    }
    auto answer = render_error({code, std::string{reason}, std::string{message}, {}});
    answer.close = code != 500 && code != 504;
    return answer;
  }

private:
  status::api_error prepare(call& item) {
    auto user = find_user(item);
    if (!user)
      return status::unauthorized();
    item.user = std::move(*user);
    for (const auto& header : item.what.headers)
      if (header.name.size() > 12 &&
          equal_ignoring_case(std::string_view{header.name}.substr(0, 12), "Impersonate-"))
        return {403,
                "Forbidden",
                fmt::format("users \"{}\" is forbidden: impersonation is not supported by this server",
                            header.value),
                {}};
    return authorize(item);
  }

  std::optional<auth::user_info> find_user(const call& item) {
    const auto now_us = front_->clock->monotonic_us();
    const auto authorization = item.what.find("Authorization");
    constexpr std::string_view scheme = "Bearer ";
    if (authorization.starts_with(scheme))
      if (auto user = front_->sessions->find(authorization.substr(scheme.size()), now_us))
        return user;
    return auth::authenticate({item.what.certificate.get(), authorization}, tokens_, front_->clock->wall_seconds(),
                              now_us);
  }

  static status::api_error authorize(const call& item) {
    auth::subject subject{item.user.name, {item.user.groups.begin(), item.user.groups.end()}};
    const auto& where = item.where;
    if (where.is_resource) {
      const std::string resource =
        where.subresource.empty() ? where.resource : where.resource + "/" + where.subresource;
      if (auth::is_allowed(subject, where.verb, where.group, resource))
        return {};
      return status::forbidden_to(item.user.name, where.verb, resource, where.group, where.name_space,
                                  where.name);
    }
    const auto in_group = [&](std::string_view group) {
      return std::find(item.user.groups.begin(), item.user.groups.end(), group) != item.user.groups.end();
    };
    const std::string_view first =
      item.target.segments.empty() ? "" : std::string_view{item.target.segments[0]};
    const bool health = first == "healthz" || first == "livez" || first == "readyz" || first == "version";
    const bool discovery = first == "api" || first == "apis" || first == "openapi" || first.empty();
    const bool reads = where.verb == "get" || where.verb == "head";
    if (in_group("system:masters") || (health && reads) ||
        (discovery && reads && in_group("system:authenticated")) ||
        (is_operation(item.target) && may_operate(item)))
      return {};
    return {403, "Forbidden",
            fmt::format("forbidden: User \"{}\" cannot {} path \"{}\"", item.user.name, where.verb,
                        item.target.path),
            messages::codec::draft::make_object()};
  }

  void serve_path(const call_ptr& item) {
    if (serve_health(item))
      return;
    if (is_operation(item->target))
      return serve_operation(item);
    const auto found = documents_.find(item->target.segments, item->what.find("Accept"));
    if (found.error) {
      item->fail(found.error);
      return;
    }
    if (item->where.verb != "get" && item->where.verb != "head") {
      item->fail(status::method_not_allowed());
      return;
    }
    response answer;
    answer.content_type = found.content_type;
    if (!found.etag.empty()) {
      answer.headers.push_back({"ETag", found.etag});
      answer.headers.push_back({"Vary", "Accept"});
      if (item->what.find("If-None-Match") == found.etag) {
        answer.code = 304;
        item->reply->send(std::move(answer));
        return;
      }
    }
    answer.shared_body = found.body;
    item->reply->send(std::move(answer));
  }

  static void serve_resource(const call_ptr& item) {
    const auto& where = item->where;
    if (defines_custom_resources(where))
      return serve_custom_resource_definitions(item);
    if (where.kind == nullptr || where.extra_segments)
      return item->fail(status::no_route());
    if (!where.subresource.empty() && where.kind->find_subresource(where.subresource) == nullptr)
      return item->fail(unserved_subresource(where));
    if (!serves(where))
      return item->fail(status::method_not_allowed());
    if (where.subresource == "log")
      return serve_log(item);
    const auto form = negotiate_object(item->what.find("Accept"));
    if (!form)
      return item->fail(status::not_acceptable("application/json"));
    item->form = *form;
    if (where.verb == "get")
      serve_get(item);
    else if (where.verb == "list")
      serve_list(item);
    else if (where.verb == "watch")
      serve_watch(item);
    else
      serve_write(item);
  }

  static bool defines_custom_resources(const route& where) {
    return where.kind == nullptr && where.group == "apiextensions.k8s.io" && where.version == "v1" &&
           where.resource == "customresourcedefinitions" && where.name_space.empty();
  }

  /// There are none yet, and discovery does not name them. But kubectl lists them before it says that it does not know a kind,
  /// and would report this server's refusal instead.
  static void serve_custom_resource_definitions(const call_ptr& item) {
    if (item->where.verb == "get" && item->where.subresource.empty())
      return item->fail(
        {404, "NotFound", fmt::format("customresourcedefinitions.apiextensions.k8s.io \"{}\" not found", item->where.name), {}});
    if (item->where.verb != "list")
      return item->fail(status::method_not_allowed());
    response answer;
    answer.shared_body = std::make_shared<const std::string>(
      "{\"kind\":\"CustomResourceDefinitionList\",\"apiVersion\":\"apiextensions.k8s.io/v1\",\"metadata\":{},\"items\":[]}\n");
    item->reply->send(std::move(answer));
  }

  static status::api_error unserved_subresource(const route& where) {
    if (where.resource == "pods")
      for (const std::string_view name :
           {"exec", "attach", "portforward", "proxy", "eviction", "ephemeralcontainers", "resize"})
        if (where.subresource == name)
          return {
            501, "NotImplemented", fmt::format("pods/{} is not supported by this server yet", name), {}};
    return status::no_route();
  }

  auth::token_table tokens_;
  discovery::documents documents_;
  std::shared_ptr<front_context> front_;
};

} // namespace

std::shared_ptr<handler> make_api_handler(api_settings settings) {
  return std::make_shared<api_handler>(std::move(settings));
}

} // namespace actors::apiserver::http
