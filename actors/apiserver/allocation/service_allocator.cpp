// Holdings and promises.
#include "actors/apiserver/allocation/service_allocator.hpp"

#include <fmt/format.h>

namespace actors::apiserver::allocation {

namespace {

/// The part of a Service that says what it holds.
draft holdings_of(const draft& service) {
  return draft::make_object({{"spec", service.get("spec")}});
}

} // namespace

std::string service_allocator::first_address() const {
  const uint32_t address = space_.first_address;
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

void service_allocator::reset() {
  for (const auto& [key, service] : held_)
    taken_.remove(service);
  held_.clear();
}

void service_allocator::withdraw(const std::string& key) {
  const auto found = promised_.find(key);
  if (found == promised_.end())
    return;
  taken_.remove(found->second.service);
  promised_.erase(found);
}

void service_allocator::observe(const std::string& key, const draft& service) {
  withdraw(key);
  if (const auto found = held_.find(key); found != held_.end()) {
    taken_.remove(found->second);
    held_.erase(found);
  }
  if (service.is_null())
    return;
  const auto& placed = held_[key] = holdings_of(service);
  taken_.add(placed);
}

void service_allocator::assign(const std::string& key, draft& next, const draft& old, uint64_t random, int64_t now_us,
                               field_errors& errors) {
  for (auto at = promised_.begin(); at != promised_.end();) {
    const auto following = std::next(at);
    if (at->second.until_us <= now_us || at->first == key) // the same Service asks again: its write is being retried
      withdraw(at->first);
    at = following;
  }
  registry::core::service::allocate(next, old.is_null() ? nullptr : &old, space_, taken_, random, errors);
  if (!errors.empty())
    return;
  auto& placed = promised_[key] = {holdings_of(next), now_us + promise_us};
  taken_.add(placed.service);
}

} // namespace actors::apiserver::allocation
