// An ordered map whose versions share what they have in common: a write copies one path (O(log n)), and whoever
// holds an older version goes on reading it, from any thread, without locks. A treap: the shape follows from
// the keys alone, so that equal contents cost the same whatever their history (Seidel and Aragon, 1996).
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace actors::apiserver::cache {

template <class V>
class persistent_map {
public:
  size_t size() const { return count(root_); }

  /// nullptr: not there. Valid while this version is held.
  const V* find(std::string_view key) const {
    const node* at = root_.get();
    while (at != nullptr) {
      const int order = key.compare(at->key());
      if (order == 0)
        return &at->value;
      at = (order < 0 ? at->left : at->right).get();
    }
    return nullptr;
  }

  persistent_map put(std::string_view key, V value) const {
    return persistent_map{put(root_, key, value, priority_of(key))};
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

  /// Shares a node. As std::shared_ptr, with the count in the node: half as large.
  class link {
  public:
    link() = default;
    explicit link(const node* counted) : node_(counted) {}
    link(const link& other) : node_(other.node_) {
      if (node_ != nullptr)
        node_->uses.fetch_add(1, std::memory_order_relaxed);
    }
    link(link&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    link& operator=(link other) noexcept {
      std::swap(node_, other.node_);
      return *this;
    }
    ~link() {
      if (node_ != nullptr && node_->uses.fetch_sub(1, std::memory_order_acq_rel) == 1)
        node::destroy(node_);
    }
    const node* get() const { return node_; }
    const node* operator->() const { return node_; }
    const node& operator*() const { return *node_; }
    explicit operator bool() const { return node_ != nullptr; }

  private:
    const node* node_ = nullptr;
  };

  /// In one piece with its key's characters, which follow it.
  struct node {
    mutable std::atomic<uint32_t> uses{1};
    uint32_t size;
    uint32_t priority;
    uint32_t key_size;
    link left, right;
    V value;

    std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_size}; }

    static link make(std::string_view key, const V& value, uint32_t priority, link left, link right) {
      static_assert(alignof(node) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
      void* memory = ::operator new(sizeof(node) + key.size());
      auto* made = new (memory) node(value, priority, static_cast<uint32_t>(key.size()), std::move(left), std::move(right));
      std::memcpy(static_cast<void*>(made + 1), key.data(), key.size());
      return link{made};
    }
    static void destroy(const node* at) {
      const size_t bytes = sizeof(node) + at->key_size;
      at->~node();
      ::operator delete(const_cast<node*>(at), bytes);
    }

  private:
    node(const V& what, uint32_t order, uint32_t key_bytes, link smaller, link larger)
        : size(static_cast<uint32_t>(1 + count(smaller) + count(larger))), priority(order), key_size(key_bytes),
          left(std::move(smaller)), right(std::move(larger)), value(what) {}
  };

  explicit persistent_map(link root) : root_(std::move(root)) {}

public:
  persistent_map() = default;

private:
  static size_t count(const link& at) { return at ? at->size : 0; }
  static uint32_t priority_of(std::string_view key) { return static_cast<uint32_t>(mix(std::hash<std::string_view>{}(key)) >> 32); }
  static uint64_t mix(uint64_t x) {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ull;
    return x ^ (x >> 33);
  }
  static link make(const node& like, link left, link right) {
    return node::make(like.key(), like.value, like.priority, std::move(left), std::move(right));
  }

  static link put(const link& at, std::string_view key, const V& value, uint32_t priority) {
    if (!at)
      return node::make(key, value, priority, {}, {});
    const int order = key.compare(at->key());
    if (order == 0)
      return node::make(key, value, at->priority, at->left, at->right);
    if (order < 0) {
      link left = put(at->left, key, value, priority);
      if (left->priority <= at->priority)
        return make(*at, std::move(left), at->right);
      return make(*left, left->left, make(*at, left->right, at->right));
    }
    link right = put(at->right, key, value, priority);
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
    const int order = key.compare(at->key());
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
    const std::string_view key = at->key();
    const bool in_prefix = key.substr(0, prefix.size()) == prefix;
    const bool before_start = key < prefix || key <= after;
    if (!before_start && !walk(at->left.get(), prefix, after, visit))
      return false;
    if (!before_start && in_prefix && !visit(key, at->value))
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
      const int order = at->key().compare(key);
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
