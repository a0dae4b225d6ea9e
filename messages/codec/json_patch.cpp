// JSON patch; the words of the errors are those that upstream's clients know.
#include "messages/codec/json_patch.hpp"

#include <charconv>

namespace messages::codec {

namespace {

struct patch_error {
  codec_error error;
};

[[noreturn]] void fail(const std::string& path, std::string message) {
  throw patch_error{{path, std::move(message)}};
}

constexpr const char* missing_value = ": missing value";

// The reference tokens of a JSON pointer; "" has none and means the whole document.
std::vector<std::string> tokens_of(const std::string& pointer) {
  std::vector<std::string> out;
  if (pointer.empty())
    return out;
  if (pointer.front() != '/')
    fail(pointer, "invalid JSON pointer \"" + pointer + "\"");
  for (size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      out.emplace_back();
    } else if (pointer[i] == '~') {
      ++i;
      if (i == pointer.size() || (pointer[i] != '0' && pointer[i] != '1'))
        fail(pointer, "invalid JSON pointer \"" + pointer + "\"");
      out.back() += pointer[i] == '0' ? '~' : '/';
    } else {
      out.back() += pointer[i];
    }
  }
  return out;
}

// Upstream also counts from the end: -1 is the last one.
std::optional<size_t> index_of(const std::string& token, size_t size) {
  int64_t index = 0;
  auto end = token.data() + token.size();
  auto parsed = std::from_chars(token.data(), end, index);
  if (token.empty() || parsed.ec != std::errc{} || parsed.ptr != end)
    return std::nullopt;
  if (index < 0)
    index += static_cast<int64_t>(size);
  return index < 0 ? SIZE_MAX : static_cast<size_t>(index);
}

class patcher {
public:
  explicit patcher(draft& target) : target_(target) {}

  void apply(const draft& operation) {
    auto kind = operation.get("op").str();
    path_ = text(operation, "path", kind);
    tokens_ = tokens_of(path_);
    if (kind == "add")
      add(value_of(operation, kind));
    else if (kind == "remove")
      remove(tokens_, "remove");
    else if (kind == "replace")
      replace(value_of(operation, kind));
    else if (kind == "move")
      move(text(operation, "from", kind));
    else if (kind == "copy")
      copy(text(operation, "from", kind));
    else if (kind == "test")
      test(operation.get("value"));
    else
      fail(path_, "Unexpected kind: " + (kind.empty() ? "unknown" : std::string(kind)));
  }

private:
  static std::string text(const draft& operation, std::string_view member, std::string_view kind) {
    auto found = operation.find(member);
    if (!found || !found->is_string())
      fail({}, "JSON patch operation " + std::string(kind) + " is missing " + std::string(member));
    return std::string(found->str());
  }

  static draft value_of(const draft& operation, std::string_view kind) {
    auto found = operation.find("value");
    if (!found)
      fail({}, "JSON patch operation " + std::string(kind) + " is missing value");
    return *found;
  }

  static draft* child(draft& parent, const std::string& token) {
    if (!parent.is_array())
      return parent.find(token);
    auto index = index_of(token, parent.size());
    return index && *index < parent.size() ? &parent.items()[*index] : nullptr;
  }

  draft* find(const std::vector<std::string>& tokens, size_t count) {
    auto at = &target_;
    for (size_t i = 0; at && i < count; ++i)
      at = child(*at, tokens[i]);
    return at;
  }

  draft* parent_of(const std::vector<std::string>& tokens) {
    auto parent = find(tokens, tokens.size() - 1);
    return parent && (parent->is_array() || parent->is_object()) ? parent : nullptr;
  }

  void require_depth(const draft& value) const {
    if (tokens_.size() + depth_of(value) > json_depth_max)
      fail(path_, "JSON patch exceeds max depth of " + std::to_string(json_depth_max));
  }

  static std::string invalid_index(const std::string& token) {
    return "Unable to access invalid index: " + token + ": invalid index referenced";
  }

  void add(draft value) {
    require_depth(value);
    if (tokens_.empty()) {
      target_ = std::move(value);
      return;
    }
    auto parent = parent_of(tokens_);
    if (!parent)
      fail(path_, "add operation does not apply: doc is missing path: \"" + path_ + "\"" + missing_value);
    const auto& token = tokens_.back();
    if (parent->is_object()) {
      parent->set(token, std::move(value));
      return;
    }
    auto& items = parent->items();
    // Counting from the end when adding: -1 is behind the last one.
    auto index = token == "-" ? items.size() : index_of(token, items.size() + 1);
    if (!index || *index > items.size())
      fail(path_, "error in add for path: '" + path_ + "': " + invalid_index(token));
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  }

  draft remove(const std::vector<std::string>& tokens, const std::string& kind) {
    if (tokens.empty())
      fail(path_, kind + " operation does not apply: the whole document cannot be removed");
    auto parent = parent_of(tokens);
    if (!parent)
      fail(path_, kind + " operation does not apply: doc is missing path: \"" + path_ + "\"" + missing_value);
    const auto& token = tokens.back();
    auto found = child(*parent, token);
    if (!found)
      fail(path_, "error in " + kind + " for path: '" + path_ + "': "
                    + (parent->is_array() ? invalid_index(token)
                                          : "Unable to remove nonexistent key: " + token + missing_value));
    auto value = std::move(*found);
    if (parent->is_array())
      parent->items().erase(parent->items().begin() + (found - parent->items().data()));
    else
      parent->erase(token);
    return value;
  }

  void replace(draft value) {
    require_depth(value);
    auto found = find(tokens_, tokens_.size());
    if (!found) {
      bool has_parent = parent_of(tokens_) != nullptr;
      fail(path_, std::string("replace operation does not apply: doc is missing ") + (has_parent ? "key: " : "path: ")
                    + path_ + missing_value);
    }
    *found = std::move(value);
  }

  void move(const std::string& from) {
    auto source = tokens_of(from);
    bool inside = source.size() < tokens_.size() && std::equal(source.begin(), source.end(), tokens_.begin());
    if (inside)
      fail(path_, "move operation does not apply: a value cannot be moved into itself");
    if (!find(source, source.size()))
      fail(path_, "move operation does not apply: doc is missing from path: " + from + missing_value);
    if (source == tokens_)
      return;
    add(remove(source, "move"));
  }

  void copy(const std::string& from) {
    auto source = tokens_of(from);
    auto found = find(source, source.size());
    if (!found)
      fail(path_, "copy operation does not apply: doc is missing from path: " + from + missing_value);
    std::string size;
    encode_json(*found, size);
    copied_bytes_ += size.size();
    if (copied_bytes_ > json_patch_copied_bytes_max)
      fail(path_, "Unable to copy, the accumulated size increase of copy is " + std::to_string(copied_bytes_)
                    + ", exceeding the limit " + std::to_string(json_patch_copied_bytes_max));
    add(draft(*found));
  }

  void test(const draft& expected) {
    auto found = find(tokens_, tokens_.size());
    if (!found && !parent_of(tokens_))
      fail(path_, "error in test for path: '" + path_ + "'" + missing_value);
    // Upstream: an absent member equals null.
    bool same = found ? *found == expected : expected.is_null();
    if (!same)
      fail(path_, "testing value " + path_ + " failed: test failed");
  }

  draft& target_;
  std::string path_;
  std::vector<std::string> tokens_;
  size_t copied_bytes_ = 0;
};

} // namespace

std::optional<codec_error> apply_json_patch(draft& target, const draft& patch) {
  if (!patch.is_array())
    return codec_error{{}, "json: a JSON patch is a list of operations"};
  if (patch.size() > json_patch_operations_max)
    return codec_error{{}, "The allowed maximum operations in a JSON patch is "
                             + std::to_string(json_patch_operations_max) + ", got " + std::to_string(patch.size())};
  try {
    auto changed = target;
    patcher work(changed);
    for (const auto& operation : patch.items())
      work.apply(operation);
    target = std::move(changed);
    return std::nullopt;
  } catch (const patch_error& failed) {
    return failed.error;
  }
}

} // namespace messages::codec
