// Times as upstream writes them.
#include "messages/codec/time.hpp"

#include <algorithm>

namespace messages::codec {

namespace {

constexpr int64_t first_second = -62167219200; // 0000-01-01T00:00:00Z
constexpr int64_t last_second = 253402300799;  // 9999-12-31T23:59:59Z
constexpr int64_t micros_per_second = 1'000'000;

// Days since 1970-01-01 of a Gregorian date, by counting in eras of 400 years that start in March.
int64_t days_from_date(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

struct instant {
  int64_t seconds = 0;
  int64_t micros = 0;
};

// Reads one element after the other, and remembers what it could not read.
class reader {
public:
  reader(std::string_view text, bool micro) : all_(text), rest_(text), micro_(micro) {}

  std::optional<instant> read() {
    int year = number(4, "2006"), month = (literal("-"), number(2, "01")), day = (literal("-"), number(2, "02"));
    literal("T");
    int hour = number(2, "15"), minute = (literal(":"), number(2, "04")), second = (literal(":"), number(2, "05"));
    int64_t micros = fraction();
    int64_t offset = zone();
    if (error_.empty() && !rest_.empty())
      error_ = "parsing time \"" + std::string(all_) + "\": extra text: \"" + std::string(rest_) + "\"";
    range(month >= 1 && month <= 12, "month");
    if (error_.empty())
      range(day >= 1 && day <= days_in(year, month), "day");
    range(hour < 24, "hour");
    range(minute < 60, "minute");
    range(second < 60, "second");
    if (!error_.empty())
      return std::nullopt;
    return instant{days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset, micros};
  }

  const std::string& error() const { return error_; }

private:
  void fail(std::string_view element) {
    if (error_.empty())
      error_ = "parsing time \"" + std::string(all_) + "\" as \""
               + (micro_ ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00") + "\": cannot parse \""
               + std::string(rest_) + "\" as \"" + std::string(element) + "\"";
  }

  void range(bool good, std::string_view what) {
    if (!good && error_.empty())
      error_ = "parsing time \"" + std::string(all_) + "\": " + std::string(what) + " out of range";
  }

  int number(size_t digits, std::string_view element) {
    int out = 0;
    bool good = rest_.size() >= digits;
    for (size_t i = 0; good && i < digits; ++i) {
      good = rest_[i] >= '0' && rest_[i] <= '9';
      out = out * 10 + (rest_[i] - '0');
    }
    if (!good || !error_.empty()) {
      fail(element);
      return 0;
    }
    rest_.remove_prefix(digits);
    return out;
  }

  void literal(std::string_view text) {
    if (!error_.empty() || !rest_.starts_with(text))
      fail(text);
    else
      rest_.remove_prefix(text.size());
  }

  int64_t fraction() {
    constexpr size_t micro_digits = 6;
    if (!error_.empty())
      return 0;
    size_t digits = 0;
    if (!rest_.empty() && (rest_[0] == '.' || (rest_[0] == ',' && !micro_)))
      while (digits + 1 < rest_.size() && rest_[digits + 1] >= '0' && rest_[digits + 1] <= '9')
        ++digits;
    if (micro_ && digits != micro_digits) {
      fail(".000000");
      return 0;
    }
    if (digits == 0)
      return 0;
    int64_t micros = 0;
    for (size_t i = 0; i < micro_digits; ++i)
      micros = micros * 10 + (i < digits ? rest_[i + 1] - '0' : 0);
    rest_.remove_prefix(digits + 1);
    return micros;
  }

  int64_t zone() {
    if (!error_.empty())
      return 0;
    if (rest_.starts_with('Z')) {
      rest_.remove_prefix(1);
      return 0;
    }
    auto is_digit = [this](size_t i) { return rest_[i] >= '0' && rest_[i] <= '9'; };
    if (rest_.size() < 6 || (rest_[0] != '+' && rest_[0] != '-') || rest_[3] != ':' || !is_digit(1) || !is_digit(2)
        || !is_digit(4) || !is_digit(5)) {
      fail("Z07:00");
      return 0;
    }
    int hours = (rest_[1] - '0') * 10 + rest_[2] - '0', minutes = (rest_[4] - '0') * 10 + rest_[5] - '0';
    int64_t sign = rest_[0] == '-' ? -1 : 1;
    rest_.remove_prefix(6);
    range(hours <= 24, "time zone offset hour");
    range(minutes < 60, "time zone offset minute");
    return sign * (hours * 3600 + minutes * 60);
  }

  std::string_view all_, rest_;
  bool micro_;
  std::string error_;
};

std::optional<instant> read_instant(std::string_view text, bool micro, std::string* error) {
  reader r(text, micro);
  auto out = r.read();
  if (!out && error)
    *error = r.error();
  return out;
}

void put(char* at, int64_t value, int digits) {
  for (; digits > 0; value /= 10)
    at[--digits] = static_cast<char>('0' + value % 10);
}

void write_date(int64_t seconds, char* out) {
  seconds = std::clamp(seconds, first_second, last_second);
  int64_t days = seconds / 86400, rest = seconds % 86400;
  if (rest < 0) {
    rest += 86400;
    --days;
  }
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted_month = (5 * day_of_year + 2) / 153;
  int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  put(out, year_of_era + era * 400 + (month <= 2), 4);
  put(out + 5, month, 2);
  put(out + 8, day_of_year - (153 * shifted_month + 2) / 5 + 1, 2);
  put(out + 11, rest / 3600, 2);
  put(out + 14, rest / 60 % 60, 2);
  put(out + 17, rest % 60, 2);
}

} // namespace

std::optional<int64_t> parse_time(std::string_view text, std::string* error) {
  auto out = read_instant(text, false, error);
  return out ? std::optional(out->seconds) : std::nullopt;
}

std::optional<int64_t> parse_micro_time(std::string_view text, std::string* error) {
  auto out = read_instant(text, true, error);
  return out ? std::optional(out->seconds * micros_per_second + out->micros) : std::nullopt;
}

void append_time(int64_t seconds, std::string& out) {
  char text[] = "0000-00-00T00:00:00Z";
  write_date(seconds, text);
  out.append(text, sizeof text - 1);
}

void append_micro_time(int64_t micros, std::string& out) {
  char text[] = "0000-00-00T00:00:00.000000Z";
  int64_t seconds = micros / micros_per_second, rest = micros % micros_per_second;
  if (rest < 0) {
    rest += micros_per_second;
    --seconds;
  }
  write_date(seconds, text);
  put(text + 20, rest, 6);
  out.append(text, sizeof text - 1);
}

std::string format_time(int64_t seconds) {
  std::string out;
  append_time(seconds, out);
  return out;
}

std::string format_micro_time(int64_t micros) {
  std::string out;
  append_micro_time(micros, out);
  return out;
}

} // namespace messages::codec
