// How much of the memory for large request bodies is taken, by all connections together. Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "actors/apiserver/http/limits.hpp"

namespace actors::apiserver::http {

class body_budget {
public:
  explicit body_budget(size_t bytes_max = large_bodies_bytes_max) : bytes_max_(bytes_max) {}

  /// What one request has taken; gives it back when it ends.
  class share {
  public:
    explicit share(std::shared_ptr<body_budget> of) : of_(std::move(of)) {}
    ~share() { of_->taken_ -= bytes_; }
    share(const share&) = delete;

    /// The body has `bytes` by now. False: there is no room for it.
    bool grow_to(size_t bytes) {
      if (bytes <= bytes_)
        return true;
      const size_t more = bytes - bytes_;
      if ((of_->taken_ += more) > of_->bytes_max_) {
        of_->taken_ -= more;
        return false;
      }
      bytes_ = bytes;
      return true;
    }

  private:
    std::shared_ptr<body_budget> of_;
    size_t bytes_ = 0;
  };

  size_t taken() const { return taken_; }

private:
  size_t bytes_max_;
  std::atomic<size_t> taken_{0};
};

} // namespace actors::apiserver::http
