#include "runtime/mesh/stream_ports.hpp"

namespace runtime::mesh {

uint16_t stream_ports::offer(control::descriptor stream) {
  std::lock_guard guard{mutex_};
  do
    ++last_;
  while (last_ == 0 || waiting_.count(last_) > 0);
  waiting_.emplace(last_, std::move(stream));
  return last_;
}

control::descriptor stream_ports::take(uint16_t number) {
  std::lock_guard guard{mutex_};
  auto i = waiting_.find(number);
  if (i == waiting_.end())
    return control::descriptor{};
  auto result = std::move(i->second);
  waiting_.erase(i);
  return result;
}

} // namespace runtime::mesh
