// From what is there to what is wanted, for anything that has keys. Pure.
#pragma once

#include <map>
#include <vector>

namespace actors::podnetwork::plan {

template <class Key, class Value>
struct changes {
  std::vector<std::pair<Key, Value>> add;     // no entry of that key is there
  std::vector<std::pair<Key, Value>> replace; // one with another value is
  std::vector<std::pair<Key, Value>> remove;

  size_t size() const { return add.size() + replace.size() + remove.size(); }
};

template <class Key, class Value>
changes<Key, Value> decide_changes(const std::map<Key, Value>& have, const std::map<Key, Value>& want) {
  changes<Key, Value> result;
  for (const auto& [key, value] : want) {
    const auto found = have.find(key);
    if (found == have.end())
      result.add.emplace_back(key, value);
    else if (found->second != value)
      result.replace.emplace_back(key, value);
  }
  for (const auto& [key, value] : have)
    if (!want.contains(key))
      result.remove.emplace_back(key, value);
  return result;
}

} // namespace actors::podnetwork::plan
