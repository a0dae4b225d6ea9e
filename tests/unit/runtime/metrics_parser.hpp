// A strict reader of Prometheus' text format 0.0.4: every metric has HELP and TYPE once, before its samples, which stand
// together; names and escapes are legal; no sample comes twice; histograms are cumulative and end with +Inf.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace tests {

struct metric_sample {
  std::string name; // with _bucket, _sum, _count
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct metric_family {
  std::string help, type;
  std::vector<metric_sample> samples;
};

struct parsed_metrics {
  std::string problem; // empty: the text is valid
  std::map<std::string, metric_family> families;

  /// The value of the first sample of this name with these labels; -1e308 when there is none.
  double value(const std::string& name, const std::map<std::string, std::string>& labels) const;
};

parsed_metrics parse_metrics(const std::string& text);

} // namespace tests
