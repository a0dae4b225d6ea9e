// The object cache.
#include "actors/client/informer.hpp"

#include <utility>

#include "messages/api/meta/v1/meta_generated.h"
#include "messages/codec/json.hpp"
#include "messages/codec/codec.hpp"
#include "messages/codec/text.hpp"

namespace actors::client {

using messages::codec::view_of;

namespace {
/// What current_change() tells; made into text only for those who ask.
struct change_scope {
  const resource& what;
  const std::string& key;
  int64_t revision;
  const change_scope* outer;

  static thread_local const change_scope* current;

  change_scope(const resource& what, const std::string& key, int64_t revision)
      : what(what), key(key), revision(revision), outer(std::exchange(current, this)) {}
  ~change_scope() { current = outer; }
  change_scope(const change_scope&) = delete;
};
thread_local const change_scope* change_scope::current = nullptr;
} // namespace

std::optional<told_change> current_change() {
  const auto* change = change_scope::current;
  if (change == nullptr)
    return std::nullopt;
  std::string object{change->what.plural};
  if (!change->what.group.empty())
    object.append(1, '.').append(change->what.group);
  return told_change{object + "/" + change->key, change->revision};
}

std::string object_key(std::string_view name_space, std::string_view name) {
  if (name_space.empty())
    return std::string{name};
  std::string result;
  result.reserve(name_space.size() + 1 + name.size());
  result.append(name_space).append(1, '/').append(name);
  return result;
}

std::pair<std::string, std::string> split_key(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos)
    return {"", std::string{key}};
  return {std::string{key.substr(0, slash)}, std::string{key.substr(slash + 1)}};
}

const ObjectMeta* metadata_of(const resource& what, const object_buffer& object) {
  return messages::codec::metadata_of(what.type(), object);
}

draft draft_of(const resource& what, const entry& item) {
  draft result = messages::codec::unpack(what.type(), item.object);
  result["metadata"].set("resourceVersion", std::to_string(item.revision));
  return result;
}

std::string controller_uid_of(const entry& item) {
  if (const auto* owners = item.metadata->ownerReferences())
    for (const auto* owner : *owners)
      if (owner->controller().has_value() && *owner->controller())
        return std::string{view_of(owner->uid())};
  return {};
}

const entry* object_cache::find(std::string_view key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

void object_cache::add_index(std::string name, index_function function) {
  indices_[std::move(name)].function = std::move(function);
}

const object_cache::key_set& object_cache::by_index(const std::string& name, const std::string& value) const {
  static const key_set none;
  const auto found = indices_.find(name);
  if (found == indices_.end())
    return none;
  const auto keys = found->second.keys.find(value);
  return keys == found->second.keys.end() ? none : keys->second;
}

void object_cache::update_indices(const shared_key& key, const entry* before, const entry* after) {
  for (auto& [name, item] : indices_) {
    const auto former = before == nullptr ? std::vector<std::string>{} : item.function(*before);
    auto present = after == nullptr ? std::vector<std::string>{} : item.function(*after);
    if (former == present)
      continue; // as with most changes
    for (const auto& value : former) {
      const auto found = item.keys.find(value);
      if (found == item.keys.end())
        continue;
      found->second.erase(key.text());
      if (found->second.empty())
        item.keys.erase(found);
    }
    for (auto& value : present)
      item.keys[std::move(value)].insert(key.text());
  }
}

void object_cache::tell_all() const {
  for (const auto& [key, item] : entries_)
    for (const auto& listener : listeners_)
      listener(key.text(), nullptr, &item);
}

void object_cache::put(const std::string& key, entry next) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    const auto placed = entries_.emplace(shared_key{key}, std::move(next)).first;
    update_indices(placed->first, nullptr, &placed->second);
    for (auto& callback : listeners_)
      callback(key, nullptr, &placed->second);
    return;
  }
  if (found->second.revision >= next.revision)
    return; // seen before: a replayed or an initial event
  const entry before = std::exchange(found->second, std::move(next));
  update_indices(found->first, &before, &found->second);
  for (auto& callback : listeners_)
    callback(key, &before, &found->second);
}

void object_cache::erase(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end())
    return;
  const auto gone = entries_.extract(found); // the indices have views of its key
  const entry& before = gone.mapped();
  update_indices(gone.key(), &before, nullptr);
  for (auto& callback : listeners_)
    callback(key, &before, nullptr);
}

void object_cache::apply(runtime::protocols::apiserver::EventType type, object_buffer object, int64_t revision) {
  const auto* metadata = metadata_of(*resource_, object);
  if (metadata == nullptr)
    return; // an object without metadata cannot be stored
  const std::string key = object_key(view_of(metadata->namespace_()), view_of(metadata->name()));
  advance(revision);
  if (copying() && key > copied_to_)
    return; // copied later, as it is then
  const change_scope scope{*resource_, key, revision};
  if (type == runtime::protocols::apiserver::EventType::deleted) {
    erase(key);
    return;
  }
  if (replacing_)
    seen_while_replacing_.insert(key);
  put(key, entry{std::move(object), revision, metadata});
}

size_t object_cache::copy_some(size_t objects_max) {
  size_t count = 0;
  auto at = copied_to_.empty() ? source_->entries_.begin() : source_->entries_.upper_bound(copied_to_);
  for (; at != source_->entries_.end() && count < objects_max; ++at, ++count) {
    copied_to_ = at->first.text();
    put(copied_to_, at->second);
  }
  if (at == source_->entries_.end()) {
    advance(source_->revision_);
    synced_ = true;
    source_ = nullptr;
  }
  return count;
}

void object_cache::begin_replace() {
  source_ = nullptr; // all of it comes anew
  replacing_ = true;
  seen_while_replacing_.clear();
}

void object_cache::mark_synced(int64_t revision) {
  if (replacing_) {
    std::vector<std::string> gone;
    for (const auto& [key, item] : entries_)
      if (!seen_while_replacing_.contains(key.text()))
        gone.push_back(key.text());
    replacing_ = false;
    seen_while_replacing_.clear();
    for (const auto& key : gone)
      erase(key);
  }
  revision_ = std::max(revision_, revision);
  synced_ = true;
}

} // namespace actors::client
