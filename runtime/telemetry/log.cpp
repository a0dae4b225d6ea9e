#include "runtime/telemetry/log.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <ctime>

namespace runtime::telemetry {

namespace {

constexpr std::string_view level_names[] = {"debug", "info", "warning", "error", "off"};

// A line longer than this helps nobody and could be an attack on the log's reader.
constexpr size_t value_bytes_max = 4096;

bool is_plain(std::string_view value) {
  if (value.empty() || value.size() > value_bytes_max)
    return false;
  for (unsigned char c : value)
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f)
      return false;
  return true;
}

void append_value(std::string& out, std::string_view value) {
  if (is_plain(value)) {
    out += value;
    return;
  }
  out += '"';
  for (unsigned char c : value.substr(0, value_bytes_max)) {
    if (c == '\n')
      out += "\\n";
    else if (c == '"' || c == '\\')
      out += {'\\', static_cast<char>(c)};
    else if (c < ' ' || c == 0x7f)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
    else
      out += static_cast<char>(c);
  }
  if (value.size() > value_bytes_max)
    out += "...";
  out += '"';
}

void append_time(std::string& out, int64_t wall_us) {
  auto ms = wall_us / 1000;
  auto seconds = static_cast<time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, ms % 1000);
}

class spdlog_output final : public log_output {
public:
  spdlog_output() : logger_("troupe", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    // The line is complete already: spdlog adds nothing to it.
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    logger_.set_level(spdlog::level::trace);
    logger_.flush_on(spdlog::level::warn);
  }

  void write(log_level level, std::string_view line) override {
    logger_.log(spdlog_level(level), spdlog::string_view_t{line.data(), line.size()});
  }

private:
  static spdlog::level::level_enum spdlog_level(log_level level) {
    switch (level) {
      case log_level::debug:
        return spdlog::level::debug;
      case log_level::warning:
        return spdlog::level::warn;
      case log_level::error:
        return spdlog::level::err;
      default:
        return spdlog::level::info;
    }
  }

  spdlog::logger logger_;
};

} // namespace

std::optional<log_level> parse_log_level(std::string_view text) {
  for (size_t i = 0; i < std::size(level_names); ++i)
    if (level_names[i] == text)
      return static_cast<log_level>(i);
  return std::nullopt;
}

std::string_view to_string(log_level level) {
  return level_names[static_cast<size_t>(level)];
}

log_output_ptr stderr_output() {
  return std::make_shared<spdlog_output>();
}

memory_output::memory_output(size_t lines_max) : lines_max_(lines_max) {
}

void memory_output::write(log_level, std::string_view line) {
  std::lock_guard guard{mutex_};
  if (lines_.size() >= lines_max_)
    lines_.erase(lines_.begin());
  lines_.emplace_back(line);
}

std::vector<std::string> memory_output::lines() const {
  std::lock_guard guard{mutex_};
  return lines_;
}

logger::logger(log_output_ptr output, seams::clock_ptr clock, std::string role, log_level level)
  : output_(std::move(output)), clock_(std::move(clock)), role_(std::move(role)), level_(level) {
}

logger logger::named(std::string role, std::optional<log_level> level) const {
  auto copy = *this;
  copy.role_ = std::move(role);
  copy.level_ = level.value_or(level_);
  return copy;
}

void logger::write(log_level level, std::string_view message, std::initializer_list<log_field> fields) const {
  if (enabled(level))
    output_->write(level, render_line(clock_->wall_us(), level, role_, message, fields));
}

std::string render_line(int64_t wall_us, log_level level, std::string_view role, std::string_view message,
                        std::initializer_list<log_field> fields) {
  std::string line = "time=";
  append_time(line, wall_us);
  line += " level=";
  line += to_string(level);
  line += " role=";
  append_value(line, role);
  line += " msg=";
  append_value(line, message);
  for (auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value);
  }
  return line;
}

} // namespace runtime::telemetry
