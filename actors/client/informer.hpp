// A consumer's copy of the objects of one resource, kept up to date by a watch. Owned by one actor and used only
// in its handlers; the objects themselves are shared with the apiserver in the same process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "actors/client/resources.hpp"
#include "actors/client/shared_key.hpp"
#include "messages/codec/draft.hpp"
#include "messages/codec/object.hpp"
#include "runtime/protocols/apiserver.hpp"

namespace messages::api::meta::v1 {
struct ObjectMeta;
}

namespace actors::client {

using messages::api::meta::v1::ObjectMeta;
using messages::codec::draft;
using messages::codec::object_buffer;

/// "namespace/name", or "name" for what has no namespace. The key of caches and work queues.
std::string object_key(std::string_view name_space, std::string_view name);
/// The two halves; the namespace is "" where there is none.
std::pair<std::string, std::string> split_key(std::string_view key);

/// One object as of `revision`.
struct entry {
  object_buffer object;
  int64_t revision = 0;
  const ObjectMeta* metadata = nullptr; // into `object`; never null in a cache

  template <class T>
  const T& as() const {
    return *object.root<T>();
  }
};

struct watch_options {
  std::string name_space;      // "": all
  std::string label_selector;  // as kubectl writes them
  std::string field_selector;

  bool operator==(const watch_options&) const = default;
};

/// The change that listeners are being told of: what leads to whatever they do, for `troupe why`.
struct told_change {
  std::string object; // "deployments.apps/default/web"
  int64_t revision = 0;
};
/// On this thread; nullopt outside of listeners.
std::optional<told_change> current_change();

/// The cache and its indices; knows nothing of how events arrive (api_client feeds it).
class object_cache {
public:
  /// `before` null: added; `after` null: deleted.
  using listener = std::function<void(const std::string& key, const entry* before, const entry* after)>;
  /// The values under which an object is found, e.g. its controller's uid.
  using index_function = std::function<std::vector<std::string>(const entry&)>;

  explicit object_cache(const resource& what) : resource_(&what) {}

  const resource& what() const { return *resource_; }
  /// nullptr: not there. Valid until the next event is applied.
  const entry* find(std::string_view key) const;
  size_t size() const { return entries_.size(); }
  const std::map<shared_key, entry, std::less<>>& entries() const { return entries_; }
  bool synced() const { return synced_; }
  int64_t revision() const { return revision_; }

  /// Before the first event.
  void add_index(std::string name, index_function function);
  void on_change(listener callback) { listeners_.push_back(std::move(callback)); }
  /// Keys of the objects with `value` in index `name`, sorted; each is valid for as long as the object is there.
  using key_set = std::set<std::string_view>;
  const key_set& by_index(const std::string& name, const std::string& value) const;

  /// Calls every listener with each object that is there, as if it had just been added.
  void tell_all() const;

  // ---- fed by api_client ----
  void apply(runtime::protocols::apiserver::EventType type, object_buffer object, int64_t revision);
  /// The next events are the whole present state; what it lacks is deleted when it is complete.
  void begin_replace();
  void mark_synced(int64_t revision);
  void advance(int64_t revision) { revision_ = std::max(revision_, revision); }
  bool replacing() const { return replacing_; }
  /// Becomes a copy of `from`, which goes on changing; copy_some() fills it in the order of the keys, and meanwhile apply()
  /// takes only what concerns keys that are copied already. `from` must outlive the copying.
  void begin_copy(const object_cache& from) { source_ = &from; }
  bool copying() const { return source_ != nullptr; }
  /// Copies up to `objects_max` objects; returns how many. Listeners hear of each as of one that is new.
  size_t copy_some(size_t objects_max);

private:
  struct index {
    index_function function;
    std::unordered_map<std::string, key_set> keys;
  };
  void put(const std::string& key, entry next);
  void erase(const std::string& key);
  /// `key`: as entries_ has it.
  void update_indices(const shared_key& key, const entry* before, const entry* after);

  const resource* resource_;
  std::map<shared_key, entry, std::less<>> entries_;
  std::map<std::string, index> indices_;
  std::vector<listener> listeners_;
  std::unordered_set<std::string> seen_while_replacing_;
  const object_cache* source_ = nullptr; // while copying
  std::string copied_to_;                // the last key that was
  bool replacing_ = false;
  bool synced_ = false;
  int64_t revision_ = 0;
};

/// The typed view that consumers use.
template <class T>
class informer {
public:
  explicit informer(object_cache& cache) : cache_(&cache) {}
  object_cache& cache() const { return *cache_; }
  bool synced() const { return cache_->synced(); }
  const T* get(std::string_view key) const {
    const entry* found = cache_->find(key);
    return found == nullptr ? nullptr : found->object.template root<T>();
  }
  /// function(const std::string& key, const entry&, const T&), in key order.
  template <class F>
  void for_each(F function) const {
    for (const auto& [key, item] : cache_->entries())
      function(key.text(), item, item.template as<T>());
  }
  template <class F>
  void for_each_in_index(const std::string& name, const std::string& value, F function) const {
    for (const auto& key : cache_->by_index(name, value))
      if (const entry* item = cache_->find(key))
        function(std::string{key}, *item, item->template as<T>());
  }

private:
  object_cache* cache_;
};

/// The object for changing; with metadata.resourceVersion set, so that an update of it is a compare-and-swap.
draft draft_of(const resource& what, const entry& item);

/// The owner with controller=true; nullptr: none.
const messages::api::meta::v1::ObjectMeta* metadata_of(const resource& what, const object_buffer& object);
std::string controller_uid_of(const entry& item);

} // namespace actors::client
