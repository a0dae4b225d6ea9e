// Percent-decoding and splitting.
#include "actors/apiserver/http/url.hpp"

#include <algorithm>

namespace actors::apiserver::http {

namespace {

int hex(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
        return std::nullopt;
      out.push_back(static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

bool parse_query(std::string_view text, url& into) {
  while (!text.empty()) {
    const auto part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty())
      continue;
    const auto equals = part.find('=');
    auto name = decode(part.substr(0, equals), true);
    auto value =
      decode(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1), true);
    if (!name || !value)
      return false;
    into.query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

} // namespace

std::string_view url::get(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name)
      return value;
  return {};
}

bool url::has(std::string_view name) const {
  return std::any_of(query.begin(), query.end(), [&](const auto& item) { return item.first == name; });
}

std::vector<std::string_view> url::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : query)
    if (key == name)
      values.push_back(value);
  return values;
}

std::optional<url> parse_url(std::string_view target) {
  if (const auto scheme = target.find("://"); scheme != std::string_view::npos && scheme < target.find('/')) {
    const auto path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  if (!target.starts_with('/'))
    return std::nullopt;
  url result;
  const auto question = target.find('?');
  auto path = target.substr(0, question);
  if (question != std::string_view::npos && !parse_query(target.substr(question + 1), result))
    return std::nullopt;
  auto whole = decode(path, false);
  if (!whole)
    return std::nullopt;
  result.path = std::move(*whole);
  while (!path.empty()) {
    path.remove_prefix(1); // the slash
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (!segment.empty())
      result.segments.push_back(*decode(segment, false)); // a part of what was valid is valid
  }
  return result;
}

} // namespace actors::apiserver::http
