#include "actors/kubelet/pods/runtime_status.hpp"
#include <algorithm>
#include <charconv>

namespace actors::kubelet::pods {

const cri::sandbox* runtime_status::ready_sandbox() const {
  for (const auto& s : sandboxes)
    if (s.ready)
      return &s;
  return nullptr;
}

const cri::container* runtime_status::find(std::string_view container_name) const {
  for (const auto& c : containers)
    if (c.name == container_name)
      return &c;
  return nullptr;
}

const cri::container* runtime_status::last_exited(std::string_view container_name,
                                                  const cri::container* except) const {
  for (const auto& c : containers)
    if (c.name == container_name && &c != except && c.state == cri::container_state::exited)
      return &c;
  return nullptr;
}

int restart_count_of(const cri::container& c) {
  auto it = c.annotations.find(annotation::restart_count);
  int count = static_cast<int>(c.attempt);
  if (it != c.annotations.end())
    std::from_chars(it->second.data(), it->second.data() + it->second.size(), count);
  return count;
}

std::optional<int64_t> grace_of(const cri::container& c) {
  auto it = c.annotations.find(annotation::pod_grace);
  int64_t grace = 0;
  if (it == c.annotations.end() ||
      std::from_chars(it->second.data(), it->second.data() + it->second.size(), grace).ec != std::errc{})
    return std::nullopt;
  return grace;
}

runtime_status read_runtime_status(cri::container_runtime& runtime, const std::string& node,
                                   const std::string& uid) {
  runtime_status result;
  const cri::string_map labels{{label::node, node}, {label::pod_uid, uid}};
  for (const auto& s : runtime.list_sandboxes(labels)) {
    try {
      auto full = runtime.sandbox_status(s.id);
      result.sandboxes.push_back(std::move(full));
    } catch (const cri::error& e) {
      if (e.code != cri::error_code::not_found)
        throw; // gone between the two calls
    }
  }
  for (const auto& c : runtime.list_containers(labels)) {
    try {
      auto full = runtime.container_status(c.id);
      full.sandbox_id = c.sandbox_id; // the status does not say
      result.containers.push_back(std::move(full));
    } catch (const cri::error& e) {
      if (e.code != cri::error_code::not_found)
        throw;
    }
  }
  auto newer = [](const auto& a, const auto& b) {
    return a.created_us != b.created_us ? a.created_us > b.created_us : a.attempt > b.attempt;
  };
  std::stable_sort(result.sandboxes.begin(), result.sandboxes.end(), newer);
  std::stable_sort(result.containers.begin(), result.containers.end(), newer);
  return result;
}

} // namespace actors::kubelet::pods
