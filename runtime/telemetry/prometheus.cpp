#include "runtime/telemetry/prometheus.hpp"

#include <fmt/format.h>

#include <cmath>

namespace runtime::telemetry {

namespace {

void append_escaped(std::string& out, std::string_view text, bool in_quotes) {
  for (char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && in_quotes)
      out += "\\\"";
    else
      out += c;
  }
}

std::string text_of(double value) {
  if (std::isnan(value))
    return "NaN";
  if (std::isinf(value))
    return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

} // namespace

void metric_writer::begin(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  out_ += fmt::format("# HELP {} ", name);
  append_escaped(out_, help, false);
  out_ += fmt::format("\n# TYPE {} {}\n", name, type);
}

void metric_writer::line(std::string_view suffix, const metric_labels& labels, std::string_view bound,
                         std::string_view value) {
  out_ += name_;
  out_ += suffix;
  char before = '{';
  for (auto& [label, text] : labels) {
    out_ += before;
    out_ += label;
    out_ += "=\"";
    append_escaped(out_, text, true);
    out_ += '"';
    before = ',';
  }
  if (!bound.empty()) {
    out_ += before;
    out_ += "le=\"";
    out_ += bound;
    out_ += '"';
    before = ',';
  }
  if (before == ',')
    out_ += '}';
  out_ += ' ';
  out_ += value;
  out_ += '\n';
}

void metric_writer::sample(const metric_labels& labels, double value) {
  line("", labels, "", text_of(value));
}

void metric_writer::sample(const metric_labels& labels, uint64_t value) {
  line("", labels, "", fmt::format("{}", value));
}

void metric_writer::sample(const metric_labels& labels, int64_t value) {
  line("", labels, "", fmt::format("{}", value));
}

void metric_writer::histogram(const metric_labels& labels, std::span<const std::string_view> bounds,
                              std::span<const uint64_t> buckets, double sum) {
  uint64_t total = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    total += buckets[i];
    line("_bucket", labels, i < bounds.size() ? bounds[i] : "+Inf", fmt::format("{}", total));
  }
  line("_sum", labels, "", text_of(sum));
  line("_count", labels, "", fmt::format("{}", total));
}

} // namespace runtime::telemetry
