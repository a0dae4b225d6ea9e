#include "runtime/placement/setting.hpp"

#include "runtime/placement/nearest.hpp"
#include "runtime/placement/network.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace runtime::placement {

namespace {

constexpr size_t text_bytes_max = 4096;
constexpr size_t interface_name_max = 15;
constexpr std::string_view unix_scheme = "unix://";
constexpr std::string_view data_folder = "<data>/";

setting_result fault(std::string error, std::string hint = {}) {
  return {.value = {}, .error = std::move(error), .hint = std::move(hint)};
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (auto& word : words)
    result += (result.empty() ? "" : ", ") + word;
  return result;
}

bool is_interface_name(std::string_view text) {
  return !text.empty() && text.size() <= interface_name_max && text != "." && text != ".."
         && text.find_first_of("/: \t\n") == text.npos;
}

bool is_unix_uri(std::string_view text) {
  if (text.substr(0, unix_scheme.size()) != unix_scheme)
    return false;
  text.remove_prefix(unix_scheme.size());
  if (text.substr(0, data_folder.size()) == data_folder)
    return text.size() > data_folder.size();
  return text.size() > 1 && text.front() == '/';
}

bool is_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (is_address(text) || colon == text.npos)
    return is_address(text);
  return is_dns_name(text.substr(0, colon)) && is_address("127.0.0.1" + std::string{text.substr(colon)});
}

bool fits(const setting_spec& spec, std::string_view text) {
  switch (spec.type) {
    case setting_type::text:
      return !text.empty();
    case setting_type::node:
      return is_dns_name(text);
    case setting_type::ip:
      return is_ip(text);
    case setting_type::address:
      return is_address(text);
    case setting_type::interface:
      return is_interface_name(text);
    case setting_type::endpoint:
      return is_endpoint(text);
    case setting_type::uri:
      return is_unix_uri(text);
    default:
      return true;
  }
}

setting_result check_integer(const setting_spec& spec, const raw_value& raw) {
  int64_t value = 0;
  auto end = raw.text.data() + raw.text.size();
  auto [parsed, failure] = std::from_chars(raw.text.data(), end, value);
  if (raw.quoted || failure != std::errc{} || parsed != end || value < spec.min || value > spec.max)
    return fault("must be " + describe_type(spec) + ", not `" + raw.text + "`");
  return {.value = value};
}

setting_result check_choices(const setting_spec& spec, const raw_value& raw) {
  std::set<std::string> seen;
  for (auto& word : raw.list) {
    if (std::find(spec.choices.begin(), spec.choices.end(), word) == spec.choices.end())
      return fault("must be " + describe_type(spec) + ", not `" + word + "`", nearest(word, spec.choices));
    if (!seen.insert(word).second)
      return fault("names `" + word + "` twice");
  }
  if (raw.list.empty())
    return fault("must not be empty");
  return {.value = raw.list};
}

setting_result check_names(const setting_spec& spec, const raw_value& raw) {
  std::set<std::string> seen;
  for (auto& word : raw.list) {
    if (!is_dns_name(word) && !is_ip(word))
      return fault("must be " + describe_type(spec) + ", not `" + word + "`");
    if (!seen.insert(word).second)
      return fault("names `" + word + "` twice");
  }
  return {.value = raw.list};
}

} // namespace

std::string describe_type(const setting_spec& spec) {
  switch (spec.type) {
    case setting_type::text:
      return "text";
    case setting_type::boolean:
      return "true or false";
    case setting_type::integer:
      return spec.max == INT64_MAX ? "an integer of at least " + std::to_string(spec.min)
                                   : "an integer from " + std::to_string(spec.min) + " to " + std::to_string(spec.max);
    case setting_type::choice:
      return "one of " + joined(spec.choices);
    case setting_type::choices:
      return "a list out of " + joined(spec.choices);
    case setting_type::node:
      return "a DNS name in lower case";
    case setting_type::ip:
      return "an IP address";
    case setting_type::address:
      return "IP:PORT";
    case setting_type::cidr:
      return "a network such as 10.244.0.0/16";
    case setting_type::interface:
      return "an interface name of up to 15 characters";
    case setting_type::endpoint:
      return "HOST:PORT";
    case setting_type::names:
      return "a list of DNS names and IP addresses";
    case setting_type::uri:
      return "unix:///PATH";
  }
  return "text";
}

setting_result check_setting(const setting_spec& spec, const raw_value& raw) {
  using form = raw_value::form;
  const bool listed = spec.type == setting_type::choices || spec.type == setting_type::names;
  auto wanted = listed ? form::list : form::scalar;
  if (raw.is != wanted) {
    auto given = raw.is == form::none ? "empty" : raw.is == form::map ? "a map" : raw.is == form::list ? "a list" : "text";
    return fault("must be " + describe_type(spec) + ", but is " + given);
  }
  if (raw.text.size() > text_bytes_max)
    return fault("is longer than " + std::to_string(text_bytes_max) + " bytes");
  switch (spec.type) {
    case setting_type::integer:
      return check_integer(spec, raw);
    case setting_type::choices:
      return check_choices(spec, raw);
    case setting_type::names:
      return check_names(spec, raw);
    case setting_type::boolean:
      if (raw.quoted || (raw.text != "true" && raw.text != "false"))
        return fault("must be true or false, not `" + raw.text + "`");
      return {.value = raw.text == "true"};
    case setting_type::choice:
      if (std::find(spec.choices.begin(), spec.choices.end(), raw.text) == spec.choices.end())
        return fault("must be " + describe_type(spec) + ", not `" + raw.text + "`", nearest(raw.text, spec.choices));
      return {.value = raw.text};
    case setting_type::cidr: {
      network parsed;
      if (auto error = parse_network(raw.text, parsed))
        return fault("`" + raw.text + "` " + *error);
      return {.value = raw.text};
    }
    default:
      if (!fits(spec, raw.text))
        return fault("must be " + describe_type(spec) + ", not `" + raw.text + "`");
      return {.value = raw.text};
  }
}

} // namespace runtime::placement
