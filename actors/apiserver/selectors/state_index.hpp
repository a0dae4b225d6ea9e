// Which objects of a kind have which value of a field, as of one state: what is there for a watcher that requires one value (a kubelet's
// `spec.nodeName=X`) is found without a visit to all objects. Many such watchers come together, when a host starts. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "actors/apiserver/selectors/selector.hpp"

namespace actors::apiserver::selectors {

class state_index {
public:
  /// With more changes since, it is cheaper to make it anew.
  static constexpr size_t changes_max = 1'024;

  /// Of the keys with `prefix`. What value `field` requires does not matter.
  state_index(const cache::snapshot& state, std::string_view prefix, const field_requirement& field) : revision_(state.revision) {
    state.objects.visit(prefix, "", [&](std::string_view key, const cache::object_ptr& object) {
      by_value_[value_of(field, object->what(), object->bytes())].emplace_back(key);
      return true;
    });
  }

  int64_t revision() const { return revision_; }

  /// In order, the keys of all objects that have `value` in the state that `later`, the changes since, lead to; some others may be
  /// among them.
  std::vector<std::string> candidates(const std::string& value, const std::vector<cache::change>& later) const {
    std::vector<std::string> keys;
    if (const auto found = by_value_.find(value); found != by_value_.end())
      keys = found->second;
    if (later.empty())
      return keys;
    for (const auto& item : later)
      keys.push_back(item.key);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  }

private:
  int64_t revision_;
  std::unordered_map<std::string, std::vector<std::string>> by_value_;
};

} // namespace actors::apiserver::selectors
