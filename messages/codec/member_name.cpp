// The table of long names that drafts share: only ever added to, read without locks.
#include "messages/codec/member_name.hpp"

#include <atomic>
#include <stdexcept>

namespace messages::codec {

namespace {

struct shared_text {
  size_t size = 0;
  const char* text = nullptr;
};

// Never more than half full, so that a search ends soon.
constexpr size_t slots = 2 * shared_names_max;
std::array<std::atomic<const shared_text*>, slots> table;
std::atomic<size_t> shared_count;

// Only for names of more than eight bytes.
size_t slot_of(std::string_view text) {
  uint64_t head, tail;
  std::memcpy(&head, text.data(), 8);
  std::memcpy(&tail, text.data() + text.size() - 8, 8);
  auto mixed = (head * 0x9E3779B97F4A7C15u ^ tail) * 0xC2B2AE3D27D4EB4Fu + text.size();
  return (mixed ^ mixed >> 29) % slots;
}

const shared_text* find_shared(std::string_view text) {
  for (auto slot = slot_of(text);; slot = (slot + 1) % slots) {
    auto found = table[slot].load(std::memory_order_acquire);
    if (!found || std::string_view(found->text, found->size) == text)
      return found;
  }
}

const char* copy_of(std::string_view text) {
  auto made = new char[text.size()];
  std::memcpy(made, text.data(), text.size());
  return made;
}

} // namespace

void member_name::share(std::string_view text) {
  if (text.size() <= inline_max || find_shared(text))
    return;
  if (shared_count.fetch_add(1) >= shared_names_max) {
    shared_count.fetch_sub(1);
    return;
  }
  auto made = new shared_text{text.size(), copy_of(text)};
  for (auto slot = slot_of(text);; slot = (slot + 1) % slots) {
    const shared_text* before = nullptr;
    if (table[slot].compare_exchange_strong(before, made, std::memory_order_acq_rel))
      return;
    if (std::string_view(before->text, before->size) == text) { // another thread was faster
      delete[] made->text;
      delete made;
      shared_count.fetch_sub(1);
      return;
    }
  }
}

void member_name::refer(const char* text, size_t size, uint8_t form) noexcept {
  auto size32 = static_cast<uint32_t>(size);
  std::memcpy(bytes_.data(), &text, sizeof text);
  std::memcpy(bytes_.data() + 8, &size32, sizeof size32);
  bytes_.back() = static_cast<char>(form);
}

void member_name::copy_own(std::string_view text) {
  if (text.size() > UINT32_MAX)
    throw std::length_error("draft: the name of a member is too long");
  refer(copy_of(text), text.size(), own_copy);
}

void member_name::take_long(std::string_view text) {
  if (auto found = find_shared(text))
    refer(found->text, found->size, shared);
  else
    copy_own(text);
}

} // namespace messages::codec
