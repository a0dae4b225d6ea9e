// What is counted of HTTP requests, under upstream's names: apiserver_request_total and
// apiserver_request_duration_seconds. Thread-safe.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "actors/apiserver/http/message.hpp"
#include "actors/apiserver/http/route.hpp"
#include "runtime/seams/clock.hpp"

namespace actors::apiserver::http {

/// The labels of a request, from what it asks for; bounded in number, whatever clients send.
struct request_labels {
  std::string verb, group, version, resource, subresource, scope, dry_run;
  auto operator<=>(const request_labels&) const = default;
};
request_labels labels_of(const route& where, std::string_view dry_run);

class request_metrics {
public:
  static constexpr size_t series_max = 8'192;

  /// `seconds` below 0: the request is a stream, whose length says nothing.
  void note(const request_labels& labels, int code, double seconds);
  void append(std::string& out) const;

private:
  static constexpr size_t buckets = 24;
  struct duration {
    std::array<uint64_t, buckets> counts{};
    double sum = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::pair<request_labels, int>, uint64_t> totals_;
  std::map<request_labels, duration> durations_;
};

/// Passes the answer on and counts it.
responder_ptr measured(responder_ptr inner, std::shared_ptr<request_metrics> metrics, request_labels labels,
                       runtime::seams::clock_ptr clock);

} // namespace actors::apiserver::http
