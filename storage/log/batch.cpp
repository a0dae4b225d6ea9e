#include "storage/log/batch.hpp"

#include <cassert>
#include <cstring>

namespace storage::log {
namespace {

constexpr size_t batch_head_bytes = 8 + 8 + 4;             // first, second, count
constexpr size_t write_head_bytes = 1 + 8 + 8 + 2 + 4;     // kind, created, previous, lengths of key and value

template <class T>
void add_number(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// Takes fields off the front; false: there is not so much.
class field_reader {
public:
  explicit field_reader(std::string_view bytes) : left_(bytes) {}

  template <class T>
  bool take(T& number) {
    if (left_.size() < sizeof number)
      return false;
    std::memcpy(&number, left_.data(), sizeof number);
    left_.remove_prefix(sizeof number);
    return true;
  }

  bool take(std::string_view& bytes, size_t n) {
    if (left_.size() < n)
      return false;
    bytes = left_.substr(0, n);
    left_.remove_prefix(n);
    return true;
  }

  bool at_end() const { return left_.empty(); }

private:
  std::string_view left_;
};

bool take_write(field_reader& in, logged_write& w) {
  uint8_t kind = 0;
  uint16_t key = 0;
  uint32_t value = 0;
  if (!in.take(kind) || kind > 1 || !in.take(w.created) || !in.take(w.previous) || !in.take(key) || !in.take(value))
    return false;
  w.kind = static_cast<change_kind>(kind);
  return in.take(w.key, key) && in.take(w.value, value);
}

} // namespace

batch_builder::batch_builder(revision first, int64_t second, size_t bytes_expected) : first_(first) {
  bytes_.reserve(bytes_expected + 3 * unit_bytes);
  bytes_.append(unit_bytes, '\0');
  add_number(bytes_, first);
  add_number(bytes_, second);
  add_number(bytes_, count_);
}

void batch_builder::add(change_kind kind, revision created, revision previous, std::string_view key, std::string_view value) {
  add_number(bytes_, static_cast<uint8_t>(kind));
  add_number(bytes_, created);
  add_number(bytes_, previous);
  add_number(bytes_, static_cast<uint16_t>(key.size()));
  add_number(bytes_, static_cast<uint32_t>(value.size()));
  bytes_.append(key).append(value);
  ++count_;
}

std::shared_ptr<batch> batch_builder::finish() {
  std::memcpy(bytes_.data() + unit_bytes + 16, &count_, sizeof count_);
  const auto body = bytes_.size() - unit_bytes;
  if (body > UINT32_MAX)
    throw error(error_code::disk_full, "a batch of " + std::to_string(body >> 20) + " MiB is too large");
  bytes_.resize(padded(bytes_.size()), '\0');
  auto made = decode_batch(std::move(bytes_), static_cast<uint32_t>(body), first_, first_ + count_ - 1);
  assert(made);
  return made;
}

std::shared_ptr<batch> decode_batch(std::string bytes, uint32_t body_bytes, revision first, revision last) {
  auto made = std::make_shared<batch>();
  made->bytes = std::move(bytes);
  made->body_bytes = body_bytes;
  if (made->bytes.size() < unit_bytes + body_bytes || body_bytes < batch_head_bytes)
    return nullptr;
  field_reader in(std::string_view(made->bytes).substr(unit_bytes, body_bytes));
  revision stored = 0;
  uint32_t count = 0;
  if (!in.take(stored) || !in.take(made->second) || !in.take(count) || stored != first || count == 0 ||
      first + static_cast<revision>(count) - 1 != last || count > body_bytes / write_head_bytes)
    return nullptr;
  made->writes.resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    made->writes[i].rev = first + i;
    if (!take_write(in, made->writes[i]))
      return nullptr;
  }
  return in.at_end() ? made : nullptr;
}

} // namespace storage::log
