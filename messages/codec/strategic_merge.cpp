#include "messages/codec/strategic_merge.hpp"

#include "messages/codec/object_editor.hpp"
#include "messages/codec/refusal.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace messages::codec {

namespace {

constexpr std::string_view patch_directive = "$patch";
constexpr std::string_view retain_keys_directive = "$retainKeys";
constexpr std::string_view order_prefix = "$setElementOrder/";
constexpr std::string_view deletion_prefix = "$deleteFromPrimitiveList/";

bool is_directive(std::string_view key) {
  return key == patch_directive || key == retain_keys_directive || key.starts_with(order_prefix)
         || key.starts_with(deletion_prefix);
}

// What is new to the target is taken over without nulls and directives.
draft plain(const draft& value) {
  if (value.is_array()) {
    auto out = draft::make_array();
    for (const auto& item : value.items())
      if (!item.contains(patch_directive))
        out.push_back(plain(item));
    return out;
  }
  if (!value.is_object())
    return value;
  draft::object members;
  for (const auto& [key, item] : value.members())
    if (!item.is_null() && !is_directive(key) && item.get(patch_directive).str() != "delete")
      members.emplace_back(key, plain(item));
  return draft::make_object(std::move(members));
}

// What makes two items of a list the same one: its merge key, or the scalar itself.
std::string identity(const draft& item, const std::string& merge_key) {
  return to_json(merge_key.empty() ? item : item.get(merge_key));
}

using positions = std::unordered_map<std::string, size_t>;

positions positions_of(const draft::array& items, const std::string& merge_key) {
  positions out;
  for (const auto& item : items)
    out.emplace(identity(item, merge_key), out.size());
  return out;
}

bool is_deletion(const draft& item) {
  return item.get(patch_directive).str() == "delete";
}

struct placed {
  draft item;
  std::string id;
};

// Items of the patch come in its order; those that only the server has keep their order among each other, and
// stay before an item of the patch if they were before it.
draft::array arrange(draft::array merged, const draft::array& patch_order, const positions& server_order,
                     const std::string& merge_key) {
  auto wanted = positions_of(patch_order, merge_key);
  std::vector<placed> patched, server_only;
  for (auto& item : merged) {
    auto id = identity(item, merge_key);
    auto& side = wanted.contains(id) ? patched : server_only;
    side.push_back({std::move(item), std::move(id)});
  }
  std::stable_sort(patched.begin(), patched.end(),
                   [&](const placed& a, const placed& b) { return wanted.at(a.id) < wanted.at(b.id); });
  auto server_first = [&](const placed& server, const placed& patch) {
    auto a = server_order.find(server.id), b = server_order.find(patch.id);
    return a != server_order.end() && b != server_order.end() && a->second < b->second;
  };
  draft::array out;
  out.reserve(merged.size());
  size_t i = 0, j = 0;
  while (i < server_only.size() || j < patched.size()) {
    bool from_server = j == patched.size() || (i < server_only.size() && server_first(server_only[i], patched[j]));
    out.push_back(std::move(from_server ? server_only[i++].item : patched[j++].item));
  }
  return out;
}

class merger {
public:
  // `t` is null inside what the schema does not describe (maps, raw JSON).
  void object(const type* t, draft& target, const draft& patch, const path_frame& at) {
    if (auto directive = patch.find(patch_directive)) {
      if (directive->str() == "replace") {
        target = plain(patch);
        return;
      }
      if (directive->str() == "delete") {
        target = draft::make_object();
        return;
      }
      if (directive->str() != "merge")
        refuse(at, "unknown patch type '" + std::string(directive->str()) + "' in map: " + to_json(patch));
    }
    if (!target.is_object())
      target = draft::make_object();
    retain_keys(target, patch, at);
    object_editor edit(target.members());
    std::unordered_set<std::string_view> ordered;
    for (const auto& [key, order] : patch.members())
      if (key.starts_with(order_prefix)) {
        auto name = std::string_view(key).substr(order_prefix.size());
        ordered.insert(name);
        ordered_list(t, edit, patch, name, order, path_frame(at, name));
      }
    for (const auto& [key, value] : patch.members()) {
      bool deletion = key.starts_with(deletion_prefix);
      if (is_directive(key) && !deletion)
        continue;
      auto name = deletion ? std::string_view(key).substr(deletion_prefix.size()) : std::string_view(key);
      if (deletion || !ordered.contains(name))
        member(t, edit, name, value, deletion, path_frame(at, name));
    }
  }

private:
  static void retain_keys(draft& target, const draft& patch, const path_frame& at) {
    auto directive = patch.find(retain_keys_directive);
    if (!directive)
      return;
    if (!directive->is_array())
      refuse(at, "invalid patch format of retainKeys");
    std::unordered_set<std::string_view> kept;
    for (const auto& key : directive->items())
      kept.insert(key.str());
    for (const auto& [key, value] : patch.members())
      if (!value.is_null() && !is_directive(key) && !kept.contains(key))
        refuse(at, "invalid patch format of retainKeys");
    std::erase_if(target.members(), [&](const draft::member& entry) { return !kept.contains(entry.first); });
  }

  void member(const type* t, object_editor& edit, std::string_view name, const draft& value, bool deletion,
              const path_frame& at) {
    if (value.is_null()) {
      edit.erase(name);
      return;
    }
    auto found = edit.find(name);
    if (!found || found->kind() != value.kind()) {
      if (!deletion)
        edit.insert(name, plain(value));
      return;
    }
    auto f = t ? t->find(name) : nullptr;
    if (value.is_object() && !(f && f->patch_replace))
      return object(f && f->kind == value_kind::table ? f->nested : nullptr, *found, value, at);
    if (value.is_array() && deletion)
      return delete_scalars(found->items(), value.items());
    if (value.is_array() && f && f->patch_merge)
      return list(*f, found->items(), value.items(), at);
    *found = plain(value);
  }

  static void delete_scalars(draft::array& target, const draft::array& unwanted) {
    auto ids = positions_of(unwanted, {});
    std::erase_if(target, [&](const draft& item) { return ids.contains(identity(item, {})); });
  }

  void list(const field& f, draft::array& target, const draft::array& patch, const path_frame& at) {
    if (f.kind != value_kind::table)
      return scalars(target, patch);
    const auto& key = f.patch_merge_key;
    if (key.empty())
      refuse(at, "cannot merge lists without merge key for " + f.go_type());
    auto server_order = positions_of(target, key);
    auto remaining = without_special_items(target, patch, key, at);
    auto known = positions_of_items(target, key);
    for (auto item : remaining) {
      auto [known_at, is_new] = known.emplace(identity(*item, key), target.size());
      if (is_new)
        target.push_back(plain(*item));
      else
        object(f.nested, target[known_at->second], *item, path_frame(at, known_at->second));
    }
    draft::array order;
    for (auto item : remaining)
      order.push_back(draft::make_object({{key, item->get(key)}}));
    target = arrange(std::move(target), order, server_order, key);
  }

  // First index of each identity.
  static positions positions_of_items(const draft::array& items, const std::string& key) {
    positions out;
    for (size_t i = 0; i < items.size(); ++i)
      out.emplace(identity(items[i], key), i);
    return out;
  }

  static void scalars(draft::array& target, const draft::array& patch) {
    auto server_order = positions_of(target, {});
    draft::array both;
    std::unordered_set<std::string> seen;
    for (const auto* side : {static_cast<const draft::array*>(&target), &patch})
      for (const auto& item : *side)
        if (seen.insert(identity(item, {})).second)
          both.push_back(item);
    target = arrange(std::move(both), patch, server_order, {});
  }

  // Carries out $patch: delete and $patch: replace of the list's items; returns the items to merge.
  static std::vector<const draft*> without_special_items(draft::array& target, const draft::array& patch,
                                                         const std::string& key, const path_frame& at) {
    std::vector<const draft*> out;
    std::unordered_set<std::string> unwanted;
    bool replace = false;
    for (const auto& item : patch) {
      if (!item.is_object())
        refuse(at, "expected a map in the list of the patch, found " + to_json(item));
      auto directive = item.find(patch_directive);
      if (directive && directive->str() == "replace") {
        replace = true;
        continue;
      }
      if (directive && directive->str() == "merge")
        refuse(at, "merging lists cannot yet be specified in the patch");
      if (directive && directive->str() != "delete")
        refuse(at, "unknown patch type '" + std::string(directive->str()) + "' in map: " + to_json(item));
      if (!item.contains(key))
        refuse(at, "map: " + to_json(item) + " does not contain declared merge key: " + key);
      if (directive)
        unwanted.insert(identity(item, key));
      else
        out.push_back(&item);
    }
    if (replace)
      target.clear();
    std::erase_if(target, [&](const draft& item) { return unwanted.contains(identity(item, key)); });
    return out;
  }

  void ordered_list(const type* t, object_editor& edit, const draft& patch, std::string_view name,
                    const draft& order, const path_frame& at) {
    auto f = t ? t->find(name) : nullptr;
    if (!order.is_array() || !f || !f->list)
      refuse(at, "invalid patch format of setElementOrder list");
    auto wanted = patch.find(name);
    if (wanted && wanted->is_null())
      return edit.erase(name);
    if (wanted && !wanted->is_array())
      refuse(at, "invalid patch format of setElementOrder list");
    // The items of a list without merge key are ordered as they are.
    auto key = f->kind == value_kind::table ? f->patch_merge_key : std::string();
    for (const auto& item : order.items())
      if (!key.empty() && !item.contains(key))
        refuse(at, "map: " + to_json(item) + " does not contain declared merge key: " + key);
    if (wanted)
      require_same_order(wanted->items(), order, key, at);
    auto found = edit.find(name);
    if (found && !found->is_array())
      found = nullptr;
    if (!found && !wanted)
      return;
    auto server_order = found ? positions_of(found->items(), key) : positions();
    if (!found)
      found = &edit.insert(name, plain(*wanted));
    else if (wanted && f->patch_merge)
      list(*f, found->items(), wanted->items(), at);
    else if (wanted)
      *found = plain(*wanted);
    found->items() = arrange(std::move(found->items()), order.items(), server_order, key);
  }

  static void require_same_order(const draft::array& items, const draft& order, const std::string& key,
                                 const path_frame& at) {
    size_t next = 0;
    const auto& wanted = order.items();
    for (const auto& item : items) {
      if (is_deletion(item))
        continue;
      auto id = identity(item, key);
      while (next < wanted.size() && identity(wanted[next], key) != id)
        ++next;
      if (next++ >= wanted.size())
        refuse(at, "The order in patch list:\n" + to_json(draft::make_array(items)) + "\n doesn't match "
                     + std::string(order_prefix.substr(0, order_prefix.size() - 1)) + " list:\n" + to_json(order)
                     + "\n");
    }
  }
};

} // namespace

std::optional<codec_error> apply_strategic_merge(const type& t, draft& target, const draft& patch) {
  if (!patch.is_object())
    return codec_error{{}, "cannot unmarshal the patch: a strategic merge patch is an object"};
  try {
    merger().object(&t, target, patch, {});
    return std::nullopt;
  } catch (const refusal& refused) {
    return refused.error;
  }
}

} // namespace messages::codec
