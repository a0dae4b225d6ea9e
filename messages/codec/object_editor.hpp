// Changing many members of one object: linear search in small objects, an index in large ones, so that a patch
// of n members against an object of n members does not cost n * n.
#pragma once

#include "messages/codec/draft.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace messages::codec {

/// While an editor lives the object changes only through it; the destructor removes what was erased.
class object_editor {
public:
  explicit object_editor(draft::object& members) : members_(members), erased_(members.size()) {}
  object_editor(const object_editor&) = delete;
  object_editor& operator=(const object_editor&) = delete;

  ~object_editor() {
    if (!any_erased_)
      return;
    size_t kept = 0;
    for (size_t i = 0; i < members_.size(); ++i) {
      if (erased_[i])
        continue;
      if (kept != i)
        members_[kept] = std::move(members_[i]);
      ++kept;
    }
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(kept), members_.end());
  }

  /// Valid until the next insert.
  draft* find(std::string_view key) {
    auto at = position(key);
    return at == none ? nullptr : &members_[at].second;
  }

  draft& insert(std::string_view key, draft value) {
    if (auto found = find(key))
      return *found = std::move(value);
    if (indexed_)
      index_[std::string(key)] = members_.size();
    erased_.push_back(false);
    return members_.emplace_back(member_name(key), std::move(value)).second;
  }

  void erase(std::string_view key) {
    auto at = position(key);
    if (at == none)
      return;
    erased_[at] = any_erased_ = true;
    if (indexed_)
      index_.erase(std::string(key));
  }

private:
  static constexpr size_t none = static_cast<size_t>(-1);
  static constexpr size_t linear_members_max = 24;

  size_t position(std::string_view key) {
    if (members_.size() <= linear_members_max) {
      for (size_t i = 0; i < members_.size(); ++i)
        if (!erased_[i] && members_[i].first == key)
          return i;
      return none;
    }
    if (!indexed_) {
      indexed_ = true;
      for (size_t i = 0; i < members_.size(); ++i)
        if (!erased_[i])
          index_.emplace(members_[i].first, i);
    }
    auto found = index_.find(std::string(key));
    return found == index_.end() ? none : found->second;
  }

  draft::object& members_;
  std::vector<bool> erased_;
  std::unordered_map<std::string, size_t> index_;
  bool indexed_ = false, any_erased_ = false;
};

} // namespace messages::codec
