#include "storage/decide.hpp"

namespace storage {

write_status check_write(const write& w) {
  if (w.key.empty() || w.key.find('\0') != std::string::npos)
    return write_status::failed;
  if (w.key.size() > key_bytes_max)
    return write_status::too_large;
  if (w.kind == change_kind::put && w.value.size() > value_bytes_max)
    return write_status::too_large;
  return write_status::done;
}

write_result decide_write(const write& w, const key_state& now) {
  const bool exists = now.modified != 0;
  const bool must_exist = w.kind == change_kind::erase || w.expected.value_or(0) != 0;
  if (must_exist && !exists)
    return {write_status::absent, 0};
  if (w.expected && *w.expected != now.modified)
    return {write_status::conflict, now.modified};
  return {write_status::done, 0};
}

} // namespace storage
