// An ordered map whose versions share what they have in common: a write copies one path (O(log n)), and whoever
// holds an older version goes on reading it, from any thread, without locks. A treap: the shape follows from
// the keys alone, so that equal contents cost the same whatever their history (Seidel and Aragon, 1996).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace actors::apiserver::cache {

template <class V>
class persistent_map {
public:
  size_t size() const { return count(root_); }

  /// nullptr: not there. Valid while this version is held.
  const V* find(std::string_view key) const {
    const node* at = root_.get();
    while (at != nullptr) {
      const int order = key.compare(at->key);
      if (order == 0)
        return &at->value;
      at = (order < 0 ? at->left : at->right).get();
    }
    return nullptr;
  }

  persistent_map put(std::string key, V value) const {
    const uint64_t priority = mix(std::hash<std::string_view>{}(key));
    return persistent_map{put(root_, std::move(key), std::move(value), priority)};
  }

  persistent_map erase(std::string_view key) const {
    return find(key) == nullptr ? *this : persistent_map{erase(root_, key)};
  }

  /// Calls visit(key, value) for keys > `after` that start with `prefix`, in order, until it returns false. `visit` may change
  /// what `after` was given from: a cursor moves along.
  template <class F>
  void visit(std::string_view prefix, std::string_view after, F&& visit) const {
    const std::string begin{after};
    walk(root_.get(), prefix, begin, visit);
  }

  /// How many keys start with `prefix` and are > `after`. O(log n).
  size_t count_from(std::string_view prefix, std::string_view after) const {
    std::string end{prefix};
    end.push_back('\xff'); // keys are UTF-8: 0xff is greater than any of their bytes
    const size_t upto = rank(end, false);
    const size_t from = after < prefix ? rank(prefix, false) : rank(after, true);
    return upto > from ? upto - from : 0;
  }

private:
  struct node;
  using link = std::shared_ptr<const node>;
  struct node {
    std::string key;
    V value;
    uint64_t priority;
    link left, right;
    size_t size;
  };

  explicit persistent_map(link root) : root_(std::move(root)) {}

public:
  persistent_map() = default;

private:
  static size_t count(const link& at) { return at ? at->size : 0; }
  static uint64_t mix(uint64_t x) {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ull;
    return x ^ (x >> 33);
  }
  static link make(const node& like, link left, link right) {
    const size_t size = 1 + count(left) + count(right);
    return std::make_shared<const node>(node{like.key, like.value, like.priority, std::move(left), std::move(right), size});
  }

  static link put(const link& at, std::string key, V value, uint64_t priority) {
    if (!at)
      return std::make_shared<const node>(node{std::move(key), std::move(value), priority, nullptr, nullptr, 1});
    const int order = key.compare(at->key);
    if (order == 0)
      return std::make_shared<const node>(node{at->key, std::move(value), at->priority, at->left, at->right, at->size});
    if (order < 0) {
      link left = put(at->left, std::move(key), std::move(value), priority);
      if (left->priority <= at->priority)
        return make(*at, std::move(left), at->right);
      return make(*left, left->left, make(*at, left->right, at->right));
    }
    link right = put(at->right, std::move(key), std::move(value), priority);
    if (right->priority <= at->priority)
      return make(*at, at->left, std::move(right));
    return make(*right, make(*at, at->left, right->left), right->right);
  }

  static link merge(const link& left, const link& right) {
    if (!left)
      return right;
    if (!right)
      return left;
    if (left->priority >= right->priority)
      return make(*left, left->left, merge(left->right, right));
    return make(*right, merge(left, right->left), right->right);
  }

  static link erase(const link& at, std::string_view key) {
    const int order = key.compare(at->key);
    if (order == 0)
      return merge(at->left, at->right);
    if (order < 0)
      return make(*at, erase(at->left, key), at->right);
    return make(*at, at->left, erase(at->right, key));
  }

  template <class F>
  static bool walk(const node* at, std::string_view prefix, std::string_view after, F& visit) {
    if (at == nullptr)
      return true;
    const std::string_view key = at->key;
    const bool in_prefix = key.substr(0, prefix.size()) == prefix;
    const bool before_start = key < prefix || key <= after;
    if (!before_start && !walk(at->left.get(), prefix, after, visit))
      return false;
    if (!before_start && in_prefix && !visit(at->key, at->value))
      return false;
    if (!before_start && !in_prefix)
      return true; // past the last key with this prefix
    return walk(at->right.get(), prefix, after, visit);
  }

  /// Keys < `key` (or <= with `inclusive`).
  size_t rank(std::string_view key, bool inclusive) const {
    size_t result = 0;
    const node* at = root_.get();
    while (at != nullptr) {
      const int order = std::string_view{at->key}.compare(key);
      if (order < 0 || (inclusive && order == 0)) {
        result += 1 + count(at->left);
        at = at->right.get();
      } else {
        at = at->left.get();
      }
    }
    return result;
  }

  link root_;
};

} // namespace actors::apiserver::cache
