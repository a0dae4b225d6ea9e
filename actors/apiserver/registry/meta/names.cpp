// Name formats, hand-matched: these run for every label of every write, a regex engine would cost more than
// all else.
#include "actors/apiserver/registry/meta/names.hpp"

#include <algorithm>
#include <initializer_list>

namespace actors::apiserver::registry::meta {

namespace {

constexpr std::string_view label_format = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view subdomain_format =
  R"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)";
constexpr std::string_view underscore_format =
  R"(_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*)";
constexpr std::string_view dns1035_format = "[a-z]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view key_format = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower_digit(char c) { return is_lower(c) || is_digit(c); }
bool is_letter_digit(char c) { return is_lower_digit(c) || (c >= 'A' && c <= 'Z'); }

bool matches_label(std::string_view text) {
  return !text.empty() && is_lower_digit(text.front()) && is_lower_digit(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower_digit(c) || c == '-'; });
}

bool matches_underscore_label(std::string_view text) {
  if (!text.empty() && text.front() == '_')
    text.remove_prefix(1);
  return !text.empty() && is_lower_digit(text.front()) && is_lower_digit(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower_digit(c) || c == '-' || c == '_'; });
}

template <class Matches>
bool every_segment(std::string_view text, Matches matches) {
  for (;;) {
    auto dot = text.find('.');
    if (!matches(text.substr(0, dot)))
      return false;
    if (dot == text.npos)
      return true;
    text.remove_prefix(dot + 1);
  }
}

bool matches_subdomain(std::string_view text) { return every_segment(text, matches_label); }

bool matches_key(std::string_view text) {
  return !text.empty() && is_letter_digit(text.front()) && is_letter_digit(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_digit(c) || c == '-' || c == '_' || c == '.'; });
}

std::string format_words(std::string_view what, std::string_view format,
                         std::initializer_list<std::string_view> examples) {
  std::string out(what);
  out += " (";
  bool first = true;
  for (auto example : examples) {
    out += first ? "e.g. '" : " or '";
    out.append(example).append("', ");
    first = false;
  }
  return out.append("regex used for validation is '").append(format).append("')");
}

std::string length_words(size_t length_max) {
  return "must be no more than " + std::to_string(length_max) + " bytes";
}

constexpr std::string_view key_words =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
  "character";

std::string key_complaint() { return format_words(key_words, key_format, {"MyName", "my.name", "123-abc"}); }

void add_dots(complaints& out, std::string_view value) {
  if (value == ".")
    out.push_back("must not be '.'");
  else if (value == "..")
    out.push_back("must not be '..'");
  else if (value.starts_with(".."))
    out.push_back("must not start with '..'");
}

// A generateName may end in a dash: the suffix that follows makes the name end well.
std::string without_trailing_dash(std::string_view name, bool prefix) {
  std::string masked(name);
  if (prefix && masked.size() > 1 && masked.back() == '-')
    masked[masked.size() - 1] = 'a';
  return masked;
}

} // namespace

complaints check_dns1123_label(std::string_view value) {
  complaints out;
  if (value.size() > label_length_max)
    out.push_back(length_words(label_length_max));
  if (!matches_label(value)) {
    if (matches_subdomain(value))
      out.push_back("must not contain dots");
    else
      out.push_back(
        format_words("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
                     "'-', and must start and end with an alphanumeric character",
                     label_format, {"my-name", "123-abc"}));
  }
  return out;
}

complaints check_dns1123_subdomain(std::string_view value) {
  complaints out;
  if (value.size() > subdomain_length_max)
    out.push_back(length_words(subdomain_length_max));
  if (!matches_subdomain(value))
    out.push_back(
      format_words("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "
                   "or '.', and must start and end with an alphanumeric character",
                   subdomain_format, {"example.com"}));
  return out;
}

complaints check_dns1123_subdomain_with_underscore(std::string_view value) {
  complaints out;
  if (value.size() > subdomain_length_max)
    out.push_back(length_words(subdomain_length_max));
  if (!every_segment(value, matches_underscore_label))
    out.push_back(
      format_words("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', "
                   "'-' or '.', and must start and end with an alphanumeric character",
                   underscore_format, {"example.com"}));
  return out;
}

complaints check_dns1035_label(std::string_view value) {
  complaints out;
  if (value.size() > label_length_max)
    out.push_back(length_words(label_length_max));
  if (!matches_label(value) || !is_lower(value.front()))
    out.push_back(
      format_words("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "
                   "an alphabetic character, and end with an alphanumeric character",
                   dns1035_format, {"my-name", "abc-123"}));
  return out;
}

complaints check_label_key(std::string_view value) {
  complaints out;
  auto name = value;
  auto slash = value.find('/');
  if (slash != value.npos) {
    if (value.find('/', slash + 1) != value.npos)
      return {"a valid label key " + key_complaint() +
              " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"};
    auto prefix = value.substr(0, slash);
    name = value.substr(slash + 1);
    if (prefix.empty())
      out.push_back("prefix part must be non-empty");
    else
      for (auto& complaint : check_dns1123_subdomain(prefix))
        out.push_back("prefix part " + complaint);
  }
  if (name.empty())
    out.push_back("name part must be non-empty");
  else if (name.size() > label_length_max)
    out.push_back("name part " + length_words(label_length_max));
  if (!matches_key(name))
    out.push_back("name part " + key_complaint());
  return out;
}

complaints check_label_value(std::string_view value) {
  complaints out;
  if (value.size() > label_length_max)
    out.push_back(length_words(label_length_max));
  if (!value.empty() && !matches_key(value))
    out.push_back(
      format_words("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
                   "'.', and must start and end with an alphanumeric character",
                   "(" + std::string(key_format) + ")?", {"MyValue", "my_value", "12345"}));
  return out;
}

complaints check_config_key(std::string_view value) {
  complaints out;
  if (value.size() > subdomain_length_max)
    out.push_back(length_words(subdomain_length_max));
  bool fits = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return is_letter_digit(c) || c == '-' || c == '_' || c == '.';
  });
  if (!fits)
    out.push_back(format_words("a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
                               "[-._a-zA-Z0-9]+", {"key.name", "KEY_NAME", "key-name"}));
  add_dots(out, value);
  return out;
}

complaints check_env_name(std::string_view value) {
  complaints out;
  if (value.empty())
    out.push_back("environment variable name must be non-empty");
  if (!std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != '='; }))
    out.push_back(
      "a valid environment variable name must consist only of printable ASCII characters other than '='");
  return out;
}

complaints check_http_header_name(std::string_view value) {
  bool fits = !value.empty() &&
              std::all_of(value.begin(), value.end(), [](char c) { return is_letter_digit(c) || c == '-'; });
  if (fits)
    return {};
  return {format_words("a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+",
                       {"X-Header-Name"})};
}

complaints check_percent(std::string_view value) {
  if (value.size() > 1 && value.back() == '%' && std::all_of(value.begin(), value.end() - 1, is_digit))
    return {};
  return {format_words("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%",
                       {"1%", "93%"})};
}

complaints check_port_name(std::string_view value) {
  complaints out;
  constexpr size_t port_name_length_max = 15;
  if (value.size() > port_name_length_max)
    out.push_back(length_words(port_name_length_max));
  if (value.empty() ||
      !std::all_of(value.begin(), value.end(), [](char c) { return is_lower_digit(c) || c == '-'; }))
    out.push_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (std::none_of(value.begin(), value.end(), is_lower))
    out.push_back("must contain at least one letter (a-z)");
  if (value.find("--") != value.npos)
    out.push_back("must not contain consecutive hyphens");
  if (!value.empty() && (value.front() == '-' || value.back() == '-'))
    out.push_back("must not begin or end with a hyphen");
  return out;
}

complaints check_port_number(int64_t port) {
  if (port >= 1 && port <= 65535)
    return {};
  return {inclusive_range(1, 65535)};
}

complaints check_fully_qualified_domain(std::string_view name) {
  if (name.ends_with('.'))
    name.remove_suffix(1);
  auto out = check_dns1123_subdomain(name);
  if (!out.empty())
    return out;
  if (name.find('.') == name.npos)
    return {"should be a domain with at least two segments separated by dots"};
  every_segment(name, [&](std::string_view label) {
    out = check_dns1123_label(label);
    return out.empty();
  });
  return out;
}

std::string inclusive_range(int64_t low, int64_t high) {
  return "must be between " + std::to_string(low) + " and " + std::to_string(high) + ", inclusive";
}

complaints name_is_dns_subdomain(std::string_view name, bool prefix) {
  return check_dns1123_subdomain(without_trailing_dash(name, prefix));
}

complaints name_is_dns_label(std::string_view name, bool prefix) {
  return check_dns1123_label(without_trailing_dash(name, prefix));
}

complaints name_is_dns1035_label(std::string_view name, bool prefix) {
  return check_dns1035_label(without_trailing_dash(name, prefix));
}

complaints name_is_path_segment(std::string_view name, bool) { return check_path_segment(name); }

complaints check_path_segment(std::string_view name) {
  if (name == "." || name == "..")
    return {"may not be '" + std::string(name) + "'"};
  complaints out;
  for (std::string_view bad : {"/", "%"})
    if (name.find(bad) != name.npos)
      out.push_back("may not contain '" + std::string(bad) + "'");
  return out;
}

void add(field_errors& out, const path& field, const draft& value, const complaints& all) {
  for (auto& complaint : all)
    out.push_back(invalid(field, value, complaint));
}

} // namespace actors::apiserver::registry::meta
