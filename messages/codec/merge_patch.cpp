#include "messages/codec/merge_patch.hpp"

#include "messages/codec/object_editor.hpp"

namespace messages::codec {

void apply_merge_patch(draft& target, const draft& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object())
    target = draft::make_object();
  object_editor edit(target.members());
  for (const auto& [key, value] : patch.members()) {
    if (value.is_null()) {
      edit.erase(key);
      continue;
    }
    auto found = edit.find(key);
    apply_merge_patch(found ? *found : edit.insert(key, {}), value);
  }
}

} // namespace messages::codec
