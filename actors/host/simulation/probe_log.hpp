// What the roles of a simulation log, counted by text: each text is a probe that shows that its branch was reached.
#pragma once

#include "runtime/telemetry/log.hpp"

#include <map>
#include <string>
#include <vector>

namespace actors::host::simulation {

class probe_log final : public runtime::telemetry::log_output {
public:
  /// Lines of roles whose id begins with `keep` are kept; "*": of all.
  explicit probe_log(std::string keep = {}) : keep_(std::move(keep)) {
  }
  void write(runtime::telemetry::log_level level, std::string_view line) override;

  /// "role: text" and how often; role ids without what follows the first slash.
  const std::map<std::string, uint64_t>& counts() const {
    return counts_;
  }
  void count(const std::string& probe, uint64_t times = 1) {
    counts_[probe] += times;
  }
  const std::vector<std::string>& lines() const {
    return lines_;
  }

private:
  static constexpr size_t lines_max = 20'000;
  std::string keep_;
  std::map<std::string, uint64_t> counts_;
  std::vector<std::string> lines_;
};

} // namespace actors::host::simulation
