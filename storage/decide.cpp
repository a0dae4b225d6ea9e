#include "storage/decide.hpp"

#include <algorithm>
#include <set>

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

std::size_t group_size(std::span<const write> writes) {
  std::size_t size = 1;
  while (size < writes.size() && writes[size - 1].with_next)
    ++size;
  return size;
}

std::vector<write_result> decide_group(std::span<const write> group,
                                       const std::function<key_state(std::string_view)>& now) {
  std::vector<write_result> results;
  std::set<std::string_view> keys;
  bool all_done = true;
  for (const auto& w : group) {
    auto result = write_result{check_write(w), 0};
    if (!keys.insert(w.key).second)
      result.status = write_status::failed;
    if (result.status == write_status::done)
      result = decide_write(w, now(w.key));
    all_done &= result.status == write_status::done;
    results.push_back(result);
  }
  if (!all_done)
    for (auto& result : results)
      if (result.status == write_status::done)
        result = {write_status::skipped, 0};
  return results;
}

} // namespace storage
