#include "actors/kubelet/workers/executor.hpp"
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

namespace actors::kubelet::workers {
namespace {

struct pool_state {
  std::mutex mutex;
  std::condition_variable work, ended;
  std::deque<std::function<void()>> jobs;
  size_t threads = 0, idle = 0;
  bool closed = false;
};

void work_on(const std::shared_ptr<pool_state>& state) {
  std::unique_lock lock(state->mutex);
  while (true) {
    ++state->idle;
    bool woken = state->work.wait_for(lock, idle_time, [&] { return state->closed || !state->jobs.empty(); });
    --state->idle;
    if (state->closed || !woken)
      break;
    auto job = std::move(state->jobs.front());
    state->jobs.pop_front();
    lock.unlock();
    job();
    job = nullptr; // what it holds goes before the lock is taken again
    lock.lock();
  }
  --state->threads;
  state->ended.notify_all();
}

class threads final : public executor {
public:
  explicit threads(size_t max) : max_(max) {}

  ~threads() override {
    std::unique_lock lock(state_->mutex);
    state_->closed = true;
    state_->jobs.clear();
    state_->work.notify_all();
    state_->ended.wait_for(lock, stop_wait, [&] { return state_->threads == 0; });
  }

  void run(std::function<void()> job) override {
    std::lock_guard lock(state_->mutex);
    state_->jobs.push_back(std::move(job));
    if (state_->idle < state_->jobs.size() && state_->threads < max_) {
      ++state_->threads;
      std::thread([state = state_] { work_on(state); }).detach();
    }
    state_->work.notify_one();
  }

private:
  size_t max_;
  std::shared_ptr<pool_state> state_ = std::make_shared<pool_state>();
};

class inline_executor final : public executor {
public:
  void run(std::function<void()> job) override { job(); }
};

struct lock_table {
  std::mutex mutex;
  std::condition_variable freed;
  std::set<std::string> held;
};

lock_table& locks() {
  static auto* table = new lock_table; // outlives threads that the end of the process finds at work
  return *table;
}

} // namespace

std::shared_ptr<executor> make_threads(size_t threads_max) { return std::make_shared<threads>(threads_max); }
std::shared_ptr<executor> make_inline() { return std::make_shared<inline_executor>(); }

pod_lock::pod_lock(std::string key) : key_(std::move(key)) {
  auto& table = locks();
  std::unique_lock lock(table.mutex);
  table.freed.wait(lock, [&] { return table.held.insert(key_).second; });
}

pod_lock::~pod_lock() {
  auto& table = locks();
  std::lock_guard lock(table.mutex);
  table.held.erase(key_);
  table.freed.notify_all();
}

} // namespace actors::kubelet::workers
