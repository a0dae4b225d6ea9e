// Options with upstream's checks and words.
#include "actors/apiserver/http/log_options.hpp"

#include <fmt/format.h>

#include "actors/apiserver/http/query_options.hpp"
#include "messages/codec/time.hpp"

namespace actors::apiserver::http {

using messages::codec::draft;
using status::api_error;

namespace {

constexpr int32_t piece_bytes_max = 64 * 1024;

api_error invalid_log_options(const registry::field_errors& errors) {
  registry::kind kind;
  kind.name = "PodLogOptions";
  return status::invalid(kind, "", errors);
}

std::string names_of(const draft& list) {
  std::string names;
  for (const auto& item : list.items())
    names += (names.empty() ? "" : " ") + std::string{item.get("name").str()};
  return names;
}

bool contains(const draft& list, std::string_view name) {
  for (const auto& item : list.items())
    if (item.get("name").str() == name)
      return true;
  return false;
}

} // namespace

api_error parse_log_options(const url& target, log_options& into) {
  into.container = target.get("container");
  for (const auto& [name, flag] : {std::pair{"follow", &into.follow}, std::pair{"previous", &into.previous},
                                   std::pair{"timestamps", &into.timestamps}}) {
    const auto text = target.get(name);
    if (target.has(name) && !text.empty() && !parse_bool(text, *flag))
      return status::bad_request(
        fmt::format("invalid query parameter {}={}: expected true or false", name, text));
    if (target.has(name) && text.empty())
      *flag = true;
  }
  registry::field_errors errors;
  const auto number = [&](std::string_view name, int64_t smallest,
                          std::optional<int64_t>& value) -> api_error {
    const auto text = target.get(name);
    if (text.empty())
      return {};
    value = parse_integer(text);
    if (!value)
      return status::bad_request(
        fmt::format("invalid query parameter {}={}: expected an integer", name, text));
    if (*value < smallest)
      errors.push_back(registry::invalid(std::string{name}, draft{*value},
                                         fmt::format("must be greater than or equal to {}", smallest)));
    return {};
  };
  if (auto error = number("tailLines", 0, into.tail_lines))
    return error;
  if (auto error = number("sinceSeconds", 1, into.since_seconds))
    return error;
  if (auto error = number("limitBytes", 1, into.limit_bytes))
    return error;
  if (const auto text = target.get("sinceTime"); !text.empty()) {
    std::string why;
    const auto seconds = messages::codec::parse_time(text, &why);
    if (!seconds)
      return status::bad_request(fmt::format("invalid query parameter sinceTime={}: {}", text, why));
    into.since_us = *seconds * 1'000'000;
    if (into.since_seconds)
      errors.push_back(
        registry::forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  }
  return errors.empty() ? api_error{} : invalid_log_options(errors);
}

api_error choose_container(const draft& pod, std::string& container) {
  const auto name = pod.at({"metadata", "name"}).str();
  const auto& containers = pod.at({"spec", "containers"});
  const auto& init = pod.at({"spec", "initContainers"});
  const auto& ephemeral = pod.at({"spec", "ephemeralContainers"});
  if (!container.empty()) {
    if (contains(containers, container) || contains(init, container) || contains(ephemeral, container))
      return {};
    return status::bad_request(fmt::format("container {} is not valid for pod {}", container, name));
  }
  if (containers.size() == 1) {
    container = containers.items().front().get("name").str();
    return {};
  }
  auto message = fmt::format("a container name must be specified for pod {}, choose one of: [{}]", name,
                             names_of(containers));
  if (!init.empty())
    message += fmt::format(" or one of the init containers: [{}]", names_of(init));
  return status::bad_request(std::move(message));
}

messages::roles::kubelet::ReadLogRequestT first_log_request(const draft& pod, const log_options& options) {
  messages::roles::kubelet::ReadLogRequestT request;
  request.namespace_name = pod.at({"metadata", "namespace"}).str();
  request.pod = pod.at({"metadata", "name"}).str();
  request.uid = pod.at({"metadata", "uid"}).str();
  request.container = options.container;
  request.previous = options.previous;
  request.timestamps = options.timestamps;
  request.tail_lines = options.tail_lines.value_or(-1);
  request.since_seconds = options.since_seconds.value_or(-1);
  request.since_time = options.since_us.value_or(-1);
  request.limit_bytes = options.limit_bytes.value_or(-1);
  request.max_bytes = piece_bytes_max;
  return request;
}

} // namespace actors::apiserver::http
