// Tokens are upstream's JSON in base64, so that nobody has to learn another form.
#include "actors/apiserver/http/continue_tokens.hpp"

#include <algorithm>

#include "messages/codec/base64.hpp"
#include "messages/codec/json.hpp"

namespace actors::apiserver::http {

using messages::codec::draft;

constexpr std::string_view token_version = "meta.k8s.io/v1";
constexpr size_t token_bytes_max = 4 * 1024;

std::string encode_token(const continue_token& token) {
  const auto json = messages::codec::to_json(
    draft::make_object({{"v", token_version}, {"rv", token.revision}, {"start", token.start}}));
  std::string out;
  messages::codec::append_base64(reinterpret_cast<const uint8_t*>(json.data()), json.size(), out);
  // The URL form without padding.
  while (out.ends_with('='))
    out.pop_back();
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

std::optional<continue_token> decode_token(std::string_view text) {
  if (text.empty() || text.size() > token_bytes_max)
    return std::nullopt;
  std::string padded{text};
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  const auto json = messages::codec::decode_base64(padded);
  if (!json)
    return std::nullopt;
  const auto parsed = messages::codec::parse_json(*json);
  if (parsed.error || parsed.value.get("v").str() != token_version || !parsed.value.get("rv").is_integer() ||
      !parsed.value.get("start").is_string())
    return std::nullopt;
  return continue_token{parsed.value.get("rv").integer(), std::string{parsed.value.get("start").str()}};
}

void continue_snapshots::expire(int64_t now_us) {
  entries_.remove_if([&](const entry& item) { return now_us - item.used_us > age_us_max; });
}

void continue_snapshots::keep(std::string_view resource, cache::snapshot_ptr state, int64_t now_us) {
  std::lock_guard lock{mutex_};
  expire(now_us);
  for (auto item = entries_.begin(); item != entries_.end(); ++item)
    if (item->resource == resource && item->state->revision == state->revision) {
      item->used_us = now_us;
      entries_.splice(entries_.begin(), entries_, item);
      return;
    }
  entries_.push_front({std::string{resource}, std::move(state), now_us});
  if (entries_.size() > snapshots_max)
    entries_.pop_back();
}

cache::snapshot_ptr continue_snapshots::find(std::string_view resource, int64_t revision, int64_t now_us) {
  std::lock_guard lock{mutex_};
  expire(now_us);
  for (auto& item : entries_)
    if (item.resource == resource && item.state->revision == revision)
      return item.state;
  return nullptr;
}

size_t continue_snapshots::size() const {
  std::lock_guard lock{mutex_};
  return entries_.size();
}

} // namespace actors::apiserver::http
