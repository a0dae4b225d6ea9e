// Who may notice a change: watchers by the one value that their field selector requires (a kubelet's `spec.nodeName=X`), so that
// a change costs those whom it concerns and not all who watch. Never leaves out a watcher whose selector matches the object
// before or after the change; may name some who do not notice. Pure.
#pragma once

#include <map>
#include <set>
#include <string>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "actors/apiserver/selectors/selector.hpp"

namespace actors::apiserver::selectors {

/// Of the watchers of one kind. `Key` names a watcher.
template <class Key>
class interest_index {
public:
  using keys = std::set<Key>;

  void add(const object_selector& selector, const Key& key) {
    const auto* field = selector.required_field();
    if (field == nullptr) {
      broad_.insert(key);
      return;
    }
    auto& index = fields_[field->label];
    index.field = *field;
    index.by_value[field->value].insert(key);
  }

  void remove(const object_selector& selector, const Key& key) {
    const auto* field = selector.required_field();
    if (field == nullptr) {
      broad_.erase(key);
      return;
    }
    const auto index = fields_.find(field->label);
    if (index == fields_.end())
      return;
    const auto found = index->second.by_value.find(field->value);
    if (found == index->second.by_value.end())
      return;
    found->second.erase(key);
    if (found->second.empty())
      index->second.by_value.erase(found);
    if (index->second.by_value.empty())
      fields_.erase(index);
  }

  /// Those who may notice any change.
  const keys& broad() const { return broad_; }

  /// Adds those of the others who may notice this one.
  void collect(const cache::change& item, keys& into) const {
    for (const auto& [label, index] : fields_)
      for (const auto& object : {item.before, item.after}) {
        if (object == nullptr)
          continue;
        const auto found = index.by_value.find(value_of(index.field, object->what(), object->bytes()));
        if (found != index.by_value.end())
          into.insert(found->second.begin(), found->second.end());
      }
  }

private:
  struct field_index {
    field_requirement field; // of any of them: the path is the same
    std::map<std::string, keys> by_value;
  };

  keys broad_;
  std::map<std::string, field_index> fields_; // by label
};

} // namespace actors::apiserver::selectors
