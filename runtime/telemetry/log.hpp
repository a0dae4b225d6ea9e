// Structured logs: one line per event, `time=... level=info role=scheduler msg="pod bound" pod=default/web`.
// Each role has its own `logger` with its own level; all write to one thread-safe output.
#pragma once

#include "runtime/seams/clock.hpp"

#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace runtime::telemetry {

enum class log_level : uint8_t { debug, info, warning, error, off };

/// "debug", "info", "warning", "error", "off".
std::optional<log_level> parse_log_level(std::string_view text);
std::string_view to_string(log_level level);

/// One `key=value` pair. The value is text, a number or a bool.
struct log_field {
  log_field(std::string_view key, std::string_view value) : key(key), value(value) {
  }
  log_field(std::string_view key, const std::string& value) : key(key), value(value) {
  }
  log_field(std::string_view key, const char* value) : key(key), value(value) {
  }
  log_field(std::string_view key, bool value) : key(key), value(value ? "true" : "false") {
  }
  template <class T>
    requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
  log_field(std::string_view key, T value) : key(key), value(std::to_string(value)) {
  }

  std::string_view key;
  std::string value;
};

/// Where lines go. Implementations are thread-safe.
class log_output {
public:
  virtual ~log_output() = default;
  virtual void write(log_level level, std::string_view line) = 0;
};

using log_output_ptr = std::shared_ptr<log_output>;

/// The process's standard error, through spdlog.
log_output_ptr stderr_output();

/// Keeps the newest `lines_max` lines: for tests and simulations.
class memory_output final : public log_output {
public:
  explicit memory_output(size_t lines_max = 10'000);
  void write(log_level level, std::string_view line) override;
  std::vector<std::string> lines() const;

private:
  mutable std::mutex mutex_;
  size_t lines_max_;
  std::vector<std::string> lines_;
};

/// A role's logger. Cheap to copy; thread-safe. A default-made one writes nothing.
class logger {
public:
  logger() = default;
  logger(log_output_ptr output, seams::clock_ptr clock, std::string role, log_level level = log_level::info);

  bool enabled(log_level level) const {
    return output_ != nullptr && level >= level_;
  }

  void debug(std::string_view message, std::initializer_list<log_field> fields = {}) const {
    write(log_level::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<log_field> fields = {}) const {
    write(log_level::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<log_field> fields = {}) const {
    write(log_level::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<log_field> fields = {}) const {
    write(log_level::error, message, fields);
  }

  /// The same output under another role's name.
  logger named(std::string role, std::optional<log_level> level = {}) const;

private:
  void write(log_level level, std::string_view message, std::initializer_list<log_field> fields) const;

  log_output_ptr output_;
  seams::clock_ptr clock_;
  std::string role_;
  log_level level_ = log_level::info;
};

/// One line without its newline. `wall_us` is shown in UTC with milliseconds. Values with spaces, quotes,
/// `=` or control characters are quoted and escaped, so that no value can forge a second line.
std::string render_line(int64_t wall_us, log_level level, std::string_view role, std::string_view message,
                        std::initializer_list<log_field> fields);

} // namespace runtime::telemetry
