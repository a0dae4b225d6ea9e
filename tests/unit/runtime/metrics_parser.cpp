#include "tests/unit/runtime/metrics_parser.hpp"

#include <cmath>
#include <set>
#include <stdexcept>

namespace tests {

namespace {

[[noreturn]] void fail(const std::string& why, const std::string& line) {
  throw std::runtime_error(why + ": " + line);
}

bool is_name(const std::string& text, bool label) {
  if (text.empty())
    return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && !label);
    if (!letter && !(i > 0 && c >= '0' && c <= '9'))
      return false;
  }
  return !label || !text.starts_with("__");
}

double parse_value(const std::string& text, const std::string& line) {
  if (text == "+Inf")
    return INFINITY;
  if (text == "-Inf")
    return -INFINITY;
  if (text == "NaN")
    return NAN;
  size_t used = 0;
  const double result = std::stod(text, &used);
  if (used != text.size())
    fail("no number", line);
  return result;
}

metric_sample parse_sample(const std::string& line) {
  metric_sample result;
  size_t at = line.find_first_of("{ ");
  if (at == line.npos)
    fail("no value", line);
  result.name = line.substr(0, at);
  if (!is_name(result.name, false))
    fail("illegal name", line);
  if (line[at] == '{') {
    ++at;
    while (at < line.size() && line[at] != '}') {
      const auto equal = line.find("=\"", at);
      if (equal == line.npos)
        fail("label without value", line);
      const auto label = line.substr(at, equal - at);
      if (!is_name(label, true))
        fail("illegal label " + label, line);
      std::string value;
      for (at = equal + 2; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] != '\\') {
          value += line[at];
          continue;
        }
        const char escaped = ++at < line.size() ? line[at] : '\0';
        if (escaped != '\\' && escaped != '"' && escaped != 'n')
          fail("illegal escape", line);
        value += escaped == 'n' ? '\n' : escaped;
      }
      if (at++ >= line.size())
        fail("label does not end", line);
      if (!result.labels.emplace(label, value).second)
        fail("label twice", line);
      if (at < line.size() && line[at] == ',')
        ++at;
      else if (at >= line.size() || line[at] != '}')
        fail("labels do not end", line);
    }
    if (at++ >= line.size())
      fail("labels do not end", line);
  }
  if (at >= line.size() || line[at] != ' ')
    fail("no space before the value", line);
  result.value = parse_value(line.substr(at + 1), line);
  return result;
}

/// The metric that a sample belongs to.
std::string family_of(const metric_sample& sample, const std::map<std::string, metric_family>& families) {
  for (const std::string suffix : {"_bucket", "_sum", "_count"})
    if (sample.name.ends_with(suffix)) {
      const auto base = sample.name.substr(0, sample.name.size() - suffix.size());
      if (const auto found = families.find(base); found != families.end() && found->second.type == "histogram")
        return base;
    }
  return sample.name;
}

void check_histogram(const std::string& name, const metric_family& family) {
  double last = 0;
  std::string bound;
  for (const auto& sample : family.samples) {
    if (sample.name == name + "_bucket") {
      const auto le = sample.labels.find("le");
      if (le == sample.labels.end())
        fail("bucket without le", name);
      if (bound.empty())
        last = 0;
      else if (parse_value(le->second, name) <= parse_value(bound, name))
        fail("buckets out of order", name);
      if (sample.value < last)
        fail("buckets are not cumulative", name);
      last = sample.value;
      bound = le->second;
    } else if (sample.name == name + "_count") {
      if (bound != "+Inf" || sample.value != last)
        fail("count differs from the last bucket", name);
      bound.clear();
    }
  }
  if (!bound.empty())
    fail("histogram without count", name);
}

void parse(const std::string& text, parsed_metrics& result) {
  if (!text.empty() && text.back() != '\n')
    fail("no newline at the end", text.substr(text.rfind('\n') + 1));
  std::string current;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen;
  for (size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) {
      const auto space = line.find(' ', 7);
      if (space == line.npos)
        fail("nothing after the name", line);
      const auto name = line.substr(7, space - 7);
      if (!is_name(name, false))
        fail("illegal name", line);
      auto& family = result.families[name];
      auto& part = line[2] == 'H' ? family.help : family.type;
      if (!part.empty() || !family.samples.empty())
        fail("HELP or TYPE twice, or behind samples", line);
      part = line.substr(space + 1);
      if (line[2] == 'T' && part != "counter" && part != "gauge" && part != "histogram")
        fail("unknown type", line);
      current = name;
      continue;
    }
    if (line.empty() || line[0] == '#')
      continue;
    const auto sample = parse_sample(line);
    const auto name = family_of(sample, result.families);
    const auto family = result.families.find(name);
    if (family == result.families.end() || family->second.type.empty() || family->second.help.empty())
      fail("sample without HELP and TYPE", line);
    if (name != current)
      fail("samples of a metric do not stand together", line);
    if (!seen.emplace(sample.name, sample.labels).second)
      fail("sample twice", line);
    if (family->second.type == "counter" && !(sample.value >= 0))
      fail("counter below 0", line);
    family->second.samples.push_back(sample);
  }
  for (const auto& [name, family] : result.families)
    if (family.type == "histogram")
      check_histogram(name, family);
}

} // namespace

double parsed_metrics::value(const std::string& name, const std::map<std::string, std::string>& labels) const {
  for (const auto& [family_name, family] : families)
    for (const auto& sample : family.samples) {
      bool same = sample.name == name;
      for (const auto& [label, text] : labels) {
        const auto found = sample.labels.find(label);
        same = same && found != sample.labels.end() && found->second == text;
      }
      if (same)
        return sample.value;
    }
  return -1e308;
}

parsed_metrics parse_metrics(const std::string& text) {
  parsed_metrics result;
  try {
    parse(text, result);
  } catch (const std::exception& e) {
    result.problem = e.what();
  }
  return result;
}

} // namespace tests
