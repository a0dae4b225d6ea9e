// Which cluster IPs and node ports the Services hold: those in the cache, plus those promised to this apiserver's writes that
// are under way. What a Service needs and the choice itself are the registry's
// (registry/core/service/allocation.hpp). Used by the apiserver's actor only.
//
// Another apiserver may choose the same number in the same instant: the records that are committed with the Services
// (reservations.hpp) decide, and the one that comes second chooses anew.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "actors/apiserver/registry/core/service/allocation.hpp"

namespace actors::apiserver::allocation {

using messages::codec::draft;
using registry::field_errors;

class service_allocator {
public:
  /// A promise that no Service has taken up by then is void.
  static constexpr int64_t promise_us = 60'000'000;

  /// `space` comes from a placement file that was checked.
  explicit service_allocator(registry::core::service::address_space space) : space_(std::move(space)) {}

  /// The Service as it is in the store now; null: it is gone. Settles the promise made for it.
  void observe(const std::string& key, const draft& service);
  void reset();

  /// Fills what `next` needs and promises it to `key`; `old` null for a create.
  void assign(const std::string& key, draft& next, const draft& old, uint64_t random, int64_t now_us, field_errors& errors);

  /// The kubernetes Service's: the first of the range.
  std::string first_address() const;

private:
  struct promise {
    draft service;
    int64_t until_us = 0;
  };
  void withdraw(const std::string& key);

  registry::core::service::address_space space_;
  registry::core::service::allocated taken_; // held and promised
  std::map<std::string, draft> held_;
  std::map<std::string, promise> promised_;
};

} // namespace actors::apiserver::allocation
