// Parsing and checking of options.
#include "actors/apiserver/http/query_options.hpp"

#include <fmt/format.h>
#include <charconv>

namespace actors::apiserver::http {

using messages::codec::draft;
using messages::codec::unknown_field_policy;
using status::api_error;

namespace {

/// A 422 as upstream gives for options: `ListOptions.meta.k8s.io "" is invalid: ...`.
api_error invalid_options(std::string_view kind_name, const registry::field_errors& errors) {
  registry::kind kind;
  kind.group = "meta.k8s.io";
  kind.name = kind_name;
  auto error = status::invalid(kind, "", errors);
  const auto quote = error.message.find(" is invalid");
  if (quote != std::string::npos && error.message.find("\"\"") == std::string::npos)
    error.message.insert(quote, " \"\"");
  return error;
}

api_error bad_value(std::string_view name, std::string_view value, std::string_view why) {
  return status::bad_request(fmt::format("invalid query parameter {}={}: {}", name, value, why));
}

api_error read_integer(const url& target, std::string_view name, std::optional<int64_t>& into) {
  const auto text = target.get(name);
  if (text.empty())
    return {};
  into = parse_integer(text);
  return into ? api_error{} : bad_value(name, text, "expected an integer");
}

api_error read_bool(const url& target, std::string_view name, bool& into) {
  if (!target.has(name))
    return {};
  const auto text = target.get(name);
  if (text.empty()) {
    into = true; // ?watch
    return {};
  }
  return parse_bool(text, into) ? api_error{} : bad_value(name, text, "expected true or false");
}

api_error check_dry_run(std::string_view value, std::string_view kind_name, bool& into) {
  if (value.empty())
    return {};
  if (value != "All")
    return invalid_options(kind_name, {registry::not_supported("dryRun", draft{value}, {"All"})});
  into = true;
  return {};
}

api_error check_policy(std::string_view value) {
  if (value.empty() || value == "Orphan" || value == "Background" || value == "Foreground")
    return {};
  return invalid_options("DeleteOptions",
                         {registry::not_supported("propagationPolicy", draft{value},
                                                  {"Foreground", "Background", "Orphan", "nil"})});
}

} // namespace

bool parse_bool(std::string_view text, bool& into) {
  if (text == "1" || text == "t" || text == "T" || text == "true" || text == "TRUE" || text == "True")
    return into = true;
  if (text == "0" || text == "f" || text == "F" || text == "false" || text == "FALSE" || text == "False") {
    into = false;
    return true;
  }
  return false;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

api_error parse_list_options(const url& target, bool watch, list_options& into) {
  into.watch = watch;
  into.label_selector = target.get("labelSelector");
  into.field_selector = target.get("fieldSelector");
  into.continue_token = target.get("continue");
  std::optional<int64_t> limit;
  bool initial = false;
  if (auto error = read_integer(target, "limit", limit))
    return error;
  if (auto error = read_integer(target, "timeoutSeconds", into.timeout_seconds))
    return error;
  if (auto error = read_bool(target, "allowWatchBookmarks", into.bookmarks))
    return error;
  if (auto error = read_bool(target, "sendInitialEvents", initial))
    return error;
  into.limit = std::max<int64_t>(0, limit.value_or(0));
  into.send_initial_events = initial;
  const auto version = target.get("resourceVersion");
  if (!version.empty()) {
    into.resource_version = parse_integer(version);
    if (!into.resource_version || *into.resource_version < 0)
      return invalid_options("ListOptions",
                             {registry::invalid("resourceVersion", draft{version},
                                                "must be a non-negative integer as the server gave it")});
  }
  const auto match = target.get("resourceVersionMatch");
  registry::field_errors errors;
  if (match == "NotOlderThan")
    into.match = version_match::not_older_than;
  else if (match == "Exact")
    into.match = version_match::exact;
  else if (!match.empty())
    errors.push_back(
      registry::not_supported("resourceVersionMatch", draft{match}, {"Exact", "NotOlderThan"}));
  if (target.has("sendInitialEvents")) {
    if (into.match != version_match::not_older_than)
      errors.push_back(registry::forbidden(
        "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
    if (!watch)
      errors.push_back(registry::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  } else if (!match.empty()) {
    if (watch)
      errors.push_back(registry::forbidden(
        "resourceVersionMatch",
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
    else if (version.empty())
      errors.push_back(registry::forbidden(
        "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    else if (into.match == version_match::exact && into.resource_version == 0)
      errors.push_back(registry::forbidden(
        "resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
    if (!into.continue_token.empty())
      errors.push_back(registry::forbidden("resourceVersionMatch",
                                           "resourceVersionMatch is forbidden when continue is provided"));
  }
  if (!errors.empty())
    return invalid_options("ListOptions", errors);
  if (!into.continue_token.empty() && into.resource_version.value_or(0) != 0)
    return status::bad_request("specifying resource version is not allowed when using continue");
  return {};
}

api_error parse_write_options(const url& target, std::string_view kind_name, write_options& into) {
  for (const auto value : target.all("dryRun"))
    if (auto error = check_dry_run(value, kind_name, into.dry_run))
      return error;
  into.field_manager = target.get("fieldManager");
  if (into.field_manager.size() > 128)
    return invalid_options(kind_name, {registry::too_long("fieldManager", 128)});
  const auto validation = target.get("fieldValidation");
  if (validation == "Strict")
    into.validation = unknown_field_policy::strict;
  else if (validation == "Ignore")
    into.validation = unknown_field_policy::ignore;
  else if (!validation.empty() && validation != "Warn")
    return invalid_options(kind_name, {registry::not_supported("fieldValidation", draft{validation},
                                                               {"", "Ignore", "Strict", "Warn"})});
  return {};
}

api_error parse_delete_options(const url& target, const draft& body, delete_options& into) {
  if (auto error = read_integer(target, "gracePeriodSeconds", into.grace_period_seconds))
    return error;
  for (const auto value : target.all("dryRun"))
    if (auto error = check_dry_run(value, "DeleteOptions", into.dry_run))
      return error;
  into.propagation_policy = target.get("propagationPolicy");
  bool orphan = false;
  if (auto error = read_bool(target, "orphanDependents", orphan))
    return error;
  if (orphan || body.get("orphanDependents").boolean())
    into.propagation_policy = "Orphan";
  if (const auto& grace = body.get("gracePeriodSeconds"); !grace.is_null()) {
    if (!grace.is_integer())
      return status::bad_request("DeleteOptions: gracePeriodSeconds must be an integer");
    into.grace_period_seconds = grace.integer();
  }
  if (const auto policy = body.get("propagationPolicy").str(); !policy.empty())
    into.propagation_policy = policy;
  for (const auto& value : body.get("dryRun").items())
    if (auto error = check_dry_run(value.str("?"), "DeleteOptions", into.dry_run))
      return error;
  into.precondition_uid = body.at({"preconditions", "uid"}).str();
  if (const auto revision = body.at({"preconditions", "resourceVersion"}).str(); !revision.empty()) {
    const auto number = parse_integer(revision);
    if (!number)
      return status::bad_request(
        "DeleteOptions: preconditions.resourceVersion is not one that the server gave");
    into.precondition_revision = *number;
  }
  return check_policy(into.propagation_policy);
}

} // namespace actors::apiserver::http
