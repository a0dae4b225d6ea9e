// Metrics in Prometheus' text format, version 0.0.4. Pure.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace runtime::telemetry {

constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

using metric_labels = std::vector<std::pair<std::string_view, std::string_view>>;

/// One metric: its HELP and TYPE, then its samples. All samples of a metric must come together.
class metric_writer {
public:
  explicit metric_writer(std::string& out) : out_(out) {
  }

  /// `type`: "counter", "gauge", "histogram". Written even when no sample follows.
  void begin(std::string_view name, std::string_view type, std::string_view help);
  void sample(const metric_labels& labels, double value);
  void sample(const metric_labels& labels, uint64_t value);
  void sample(const metric_labels& labels, int64_t value);
  /// `buckets`: not cumulative, one more than `bounds` (the texts of `le`); `sum` in seconds.
  void histogram(const metric_labels& labels, std::span<const std::string_view> bounds, std::span<const uint64_t> buckets,
                 double sum);

private:
  void line(std::string_view suffix, const metric_labels& labels, std::string_view bound, std::string_view value);

  std::string& out_;
  std::string name_;
};

} // namespace runtime::telemetry
