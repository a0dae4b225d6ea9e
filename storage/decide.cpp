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

void require_serving(const owner_record& owner) {
  if (owner.state == owner_state::handed_over)
    throw error(error_code::moved, "the data was handed over to host " + owner.peer + " at revision " +
                                     std::to_string(owner.last) + "; nothing is written here any more");
  if (owner.state != owner_state::serving)
    throw error(error_code::moved, "the copy of host " + owner.peer + "'s data is not whole yet");
}

void require_copy(const owner_record& owner) {
  if (owner.state == owner_state::handed_over)
    require_serving(owner);
  if (owner.state == owner_state::serving)
    throw error(error_code::moved, "this is the shard, and no copy");
}

owner_record decide_hand_over(const owner_record& owner, std::string_view copy, std::string_view host,
                              revision current) {
  if (owner.state == owner_state::handed_over && owner.copy == copy && !copy.empty())
    return owner;
  require_serving(owner);
  if (copy.empty() || copy.size() > copy_name_bytes_max || host.empty() || host.size() > copy_name_bytes_max)
    throw error(error_code::moved, "the copy that asks for the data has no name");
  return {owner_state::handed_over, owner.epoch + 1, current, std::string(copy), std::string(host)};
}

owner_record decide_copy(const owner_record& owner, std::string_view copy, std::string_view host) {
  require_copy(owner);
  const bool renamed = owner.state == owner_state::asking && owner.copy != copy;
  if (renamed || copy.empty() || copy.size() > copy_name_bytes_max || host.size() > copy_name_bytes_max)
    throw error(error_code::moved, "a copy needs a name, and keeps the one with which it asked for the data");
  return {owner.state, 0, 0, std::string(copy), std::string(host)};
}

void check_page(const copy_page& page, revision current, revision oldest) {
  const auto refuse = [&](const std::string& why) {
    throw error(error_code::corrupt, "a page of the copy after revision " + std::to_string(current) + ": " + why);
  };
  auto last = current;
  for (const auto& w : page.writes) {
    if (w.rev <= last)
      refuse("revision " + std::to_string(w.rev) + " is not above " + std::to_string(last));
    if (w.rev > oldest && w.rev != std::max(last, oldest) + 1)
      refuse("revision " + std::to_string(std::max(last, oldest) + 1) + " is missing");
    if (check_write({w.kind, w.key, w.value, {}, false}) != write_status::done)
      refuse("revision " + std::to_string(w.rev) + " has an impossible key or value");
    last = w.rev;
  }
  if (page.last < last || (page.last > oldest && page.last != std::max(last, oldest)))
    refuse("it ends at " + std::to_string(last) + " and says that it covers " + std::to_string(page.last));
}

void check_fits(const copied_write& w, const key_state& now, revision oldest) {
  const bool kept = w.rev <= oldest;
  const bool fits = kept ? now.modified == 0 && w.kind == change_kind::put : now.modified == w.previous;
  if (!fits)
    throw error(error_code::corrupt, "revision " + std::to_string(w.rev) + " of \"" + w.key + "\" supersedes " +
                                       std::to_string(w.previous) + ", but the copy has " +
                                       std::to_string(now.modified));
}

} // namespace storage
