#include "runtime/control/command_table.hpp"

namespace runtime::control {

reply refuse(std::string why) {
  return {.error = std::move(why), .lines = {}};
}

void command_table::add(std::string name, handler run) {
  std::lock_guard guard{mutex_};
  entries_.insert_or_assign(std::move(name), entry{.run = std::move(run), .stream = {}});
}

void command_table::add_stream(std::string name, stream_handler run) {
  std::lock_guard guard{mutex_};
  entries_.insert_or_assign(std::move(name), entry{.run = {}, .stream = std::move(run)});
}

void command_table::remove(const std::string& name) {
  std::unique_lock guard{mutex_};
  auto found = entries_.find(name);
  if (found == entries_.end())
    return;
  auto running = found->second.running;
  entries_.erase(found);
  ended_.wait(guard, [&] { return *running == 0; });
}

reply command_table::answer(const words& request, std::chrono::steady_clock::time_point until) const {
  if (request.empty())
    return refuse("an empty request");
  std::unique_lock guard{mutex_};
  auto found = entries_.find(request[0]);
  if (found == entries_.end() || !found->second.run)
    return refuse("this host does not know the command `" + request[0] + "`");
  auto chosen = found->second;
  ++*chosen.running;
  guard.unlock();
  reply result;
  try {
    result = chosen.run(request, until);
  } catch (const std::exception& e) {
    result = refuse(e.what());
  }
  chosen.run = nullptr; // what it holds is let go before remove() returns
  guard.lock();
  --*chosen.running;
  ended_.notify_all();
  return result;
}

stream_handler command_table::find_stream(const std::string& name) const {
  std::lock_guard guard{mutex_};
  auto found = entries_.find(name);
  return found == entries_.end() ? stream_handler{} : found->second.stream;
}

} // namespace runtime::control
