#include "storage/lmdb/applier.hpp"

namespace storage::lmdb {

applier::applier(writer& to, pending_writes& pending, const apply_limits& limits)
    : writer_(to), pending_(pending), limits_(limits), thread_([this] { run(); }) {}

applier::~applier() {
  {
    std::lock_guard held(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void applier::on_added(bool first) {
  if (!first && !is_due())
    return;
  {
    std::lock_guard held(mutex_); // so that it is not between looking and waiting
  }
  wake_.notify_one();
}

bool applier::apply_some() {
  std::lock_guard held(applying_);
  const auto batches = pending_.oldest(limits_.writes_max, limits_.bytes_max);
  if (batches.empty())
    return false;
  // On a disk that is nearly full, less may still fit.
  for (auto some = std::span(batches);;) {
    try {
      writer_.add(some);
    } catch (const error& e) {
      if (e.code() != error_code::disk_full || some.size() == 1)
        throw;
      some = some.first(some.size() / 2);
      continue;
    }
    pending_.retire(some.back()->last());
    return true;
  }
}

void applier::settle() {
  for (const auto newest = pending_.newest(); writer_.current() < newest && apply_some();)
    continue;
}

void applier::require_working() {
  {
    std::lock_guard held(mutex_);
    if (trouble_ == trouble::none)
      return;
    if (trouble_ == trouble::broken)
      throw error(error_code::closed, why_);
  }
  apply_some();
  {
    std::lock_guard held(mutex_);
    trouble_ = trouble::none;
  }
  wake_.notify_one();
}

void applier::hold_back() {
  while (pending_.writes() > limits_.pending_writes_max || pending_.bytes() > limits_.pending_bytes_max)
    apply_some();
}

bool applier::is_due() const {
  return pending_.writes() >= limits_.writes_due || pending_.bytes() >= limits_.bytes_due;
}

void applier::run() {
  std::unique_lock held(mutex_);
  for (;;) {
    wake_.wait(held, [this] { return stop_ || (trouble_ == trouble::none && pending_.writes() > 0); });
    wake_.wait_for(held, limits_.after, [this] { return stop_ || is_due(); });
    if (stop_)
      return;
    held.unlock();
    std::string why;
    auto met = trouble::none;
    try {
      apply_some();
    } catch (const error& e) {
      why = e.what();
      met = e.code() == error_code::disk_full ? trouble::disk_full : trouble::broken;
    } catch (const std::exception& e) {
      why = e.what();
      met = trouble::broken;
    }
    held.lock();
    if (met != trouble::none) {
      trouble_ = met;
      why_ = "what was written could not be moved to data.mdb, the store must be opened again: " + why;
    }
  }
}

} // namespace storage::lmdb
