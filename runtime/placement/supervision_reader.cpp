// The reader's part for `supervision:` blocks, of roles and of groups.
#include "runtime/placement/duration.hpp"
#include "runtime/placement/reader.hpp"

#include <charconv>

namespace runtime::placement {

namespace {

using std::chrono::milliseconds;

constexpr int64_t restarts_max = 10'000;
constexpr duration_range period_range{milliseconds{100}, milliseconds{3'600'000}};
constexpr duration_range backoff_range{milliseconds{0}, milliseconds{3'600'000}};
constexpr duration_range shutdown_range{milliseconds{10}, milliseconds{600'000}};

const setting_spec restart_setting{
  .name = "restart", .type = setting_type::choice, .choices = {"permanent", "transient", "temporary"}};
const setting_spec strategy_setting{.name = "strategy",
                                    .type = setting_type::choice,
                                    .choices = {"one_for_one", "one_for_all", "rest_for_one"}};

/// The place of a checked word among its choices is the value of its enum.
template <class Enum>
std::optional<Enum> as_enum(const setting_spec& spec, const std::optional<std::string>& word) {
  for (size_t i = 0; word && i < spec.choices.size(); ++i)
    if (spec.choices[i] == *word)
      return static_cast<Enum>(i);
  return std::nullopt;
}

/// "5" was meant as "5s".
std::string duration_hint(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos ? text + "s" : std::string{};
}

} // namespace

const std::vector<std::string>& group_names() {
  static const std::vector<std::string> names{root_group,    "store",     "apiserver", "keeper",
                                              "controllers", "scheduler", "kubelet",   "proxy"};
  return names;
}

std::optional<milliseconds> reader::duration_field(const fields& given, const char* name,
                                                   const duration_range& range) {
  auto i = given.find(name);
  if (i == given.end())
    return std::nullopt;
  auto raw = raw_of(i->second);
  auto value = raw.is == raw_value::form::scalar ? parse_duration(raw.text) : std::nullopt;
  auto field = "field `" + std::string{name} + "` must be ";
  if (!value)
    add(i->second, field + "a duration such as 100ms, 10s or 2m, not `" + raw.text + "`",
        duration_hint(raw.text));
  else if (*value < range.min || *value > range.max)
    add(i->second,
        field + "from " + to_text(range.min) + " to " + to_text(range.max) + ", not `" + raw.text + "`");
  else
    return value;
  return std::nullopt;
}

std::optional<int64_t> reader::count_field(const fields& given, const char* name, int64_t max) {
  auto i = given.find(name);
  if (i == given.end())
    return std::nullopt;
  auto checked = check_setting({.name = name, .type = setting_type::integer, .max = max}, raw_of(i->second));
  if (checked.error.empty())
    return std::get<int64_t>(checked.value);
  add(i->second, "field `" + std::string{name} + "` " + checked.error, checked.hint);
  return std::nullopt;
}

restart_limit reader::read_limit(const fields& given) {
  return {count_field(given, "intensity", restarts_max), duration_field(given, "period", period_range)};
}

backoff_limits reader::read_backoff(const YAML::Node& node) {
  backoff_limits result;
  auto given = open_map(node, "`backoff`", {"first", "cap", "jitter"});
  result.first = duration_field(given, "first", backoff_range);
  result.cap = duration_field(given, "cap", backoff_range);
  if (result.first && result.cap && *result.first > *result.cap)
    add(given["cap"], "field `cap` is shorter than `first` (" + to_text(*result.first) + ")");
  if (given.count("jitter")) {
    auto text = raw_of(given["jitter"]).text;
    double value = -1;
    auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || rest != text.data() + text.size() || !(value >= 0 && value <= 1))
      add(given["jitter"], "field `jitter` must be a number from 0 to 1, not `" + text + "`");
    else
      result.jitter = value;
  }
  return result;
}

role_supervision reader::read_role_supervision(const YAML::Node& node) {
  role_supervision result;
  auto given =
    open_map(node, "a role's `supervision`", {"restart", "intensity", "period", "backoff", "shutdown"});
  result.restart = as_enum<restart_rule>(restart_setting, text_field(given, restart_setting));
  result.limit = read_limit(given);
  if (given.count("period") && !given.count("intensity"))
    add(given["period"],
        "field `period` says nothing without `intensity`: how many restarts in it are too many");
  if (given.count("backoff"))
    result.backoff = read_backoff(given["backoff"]);
  result.shutdown = duration_field(given, "shutdown", shutdown_range);
  return result;
}

void reader::read_group_supervision(const YAML::Node& node) {
  for (auto& [name, group] : open_map(node, "`supervision`", group_names())) {
    auto is_root = name == root_group;
    auto what = "`supervision` of `" + name + "`";
    auto given = open_map(group, what,
                          is_root ? std::vector<std::string>{"intensity", "period"}
                                  : std::vector<std::string>{"strategy", "intensity", "period"});
    group_supervision result;
    result.strategy = as_enum<group_strategy>(strategy_setting, text_field(given, strategy_setting));
    result.limit = read_limit(given);
    result_.value.supervision.emplace(name, result);
  }
}

} // namespace runtime::placement
