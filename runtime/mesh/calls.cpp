#include "runtime/mesh/calls.hpp"

#include <caf/all.hpp>

namespace runtime::mesh {

call_server::call_server() {
  for (size_t i = 0; i < call_threads; ++i)
    threads_.emplace_back([this] { run(); });
}

call_server::~call_server() {
  stop();
}

void call_server::set_answerer(answerer answer) {
  std::lock_guard guard{mutex_};
  answer_ = std::move(answer);
}

bool call_server::ask(uint64_t ticket, std::string line, std::chrono::steady_clock::time_point until,
                      const caf::actor& gate) {
  {
    std::lock_guard guard{mutex_};
    if (stopping_ || !answer_ || jobs_.size() >= calls_waiting_max)
      return false;
    jobs_.push_back({ticket, std::move(line), until, gate});
  }
  changed_.notify_one();
  return true;
}

void call_server::forget(uint64_t ticket) {
  std::lock_guard guard{mutex_};
  std::erase_if(jobs_, [ticket](const job& one) { return one.ticket == ticket; });
}

void call_server::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  for (auto& thread : threads_)
    thread.join();
  threads_.clear();
}

void call_server::run() {
  std::unique_lock guard{mutex_};
  while (true) {
    changed_.wait(guard, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_)
      break;
    auto next = std::move(jobs_.front());
    jobs_.pop_front();
    if (std::chrono::steady_clock::now() >= next.until)
      continue;
    auto answer = answer_;
    guard.unlock();
    auto text = answer(next.line, next.until);
    caf::anon_send(next.gate, call_answered{next.ticket, std::move(text)});
    next.gate = nullptr;
    guard.lock();
  }
  // CAF keeps its logger per thread, and ~actor_system waits until nobody holds it.
  caf::logger::set_current_actor_system(nullptr);
}

} // namespace runtime::mesh
