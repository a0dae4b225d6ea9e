#include "runtime/hotswap/history.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace runtime::hotswap {

namespace {

constexpr outcome outcomes[] = {outcome::swapped, outcome::settled,  outcome::rolled_back,
                                outcome::refused, outcome::restored, outcome::lost};
constexpr size_t words_in_line = 11;

void append_word(std::string& line, std::string_view word) {
  for (const char c : word) {
    if (c == '\\' || c == '\t' || c == '\n')
      line += '\\';
    line += c == '\t' ? 't' : c == '\n' ? 'n' : c;
  }
  line += '\t';
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> result(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') {
      result.emplace_back();
    } else if (line[i] == '\\' && i + 1 < line.size()) {
      ++i;
      result.back() += line[i] == 't' ? '\t' : line[i] == 'n' ? '\n' : line[i];
    } else {
      result.back() += line[i];
    }
  }
  return result;
}

bool parse(const std::string& text, int64_t& value) {
  const auto end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && parsed == end;
}

/// Appends durably, or replaces through a file beside it.
void write_file(const std::filesystem::path& file, std::string_view text, bool append) {
  const auto fail = [&] { throw std::system_error(errno, std::generic_category(), file.string()); };
  const auto target = append ? file : std::filesystem::path{file.string() + ".new"};
  const int fd = ::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0600);
  if (fd < 0)
    fail();
  bool good = true;
  while (good && !text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    good = written >= 0 || errno == EINTR;
    text.remove_prefix(written > 0 ? static_cast<size_t>(written) : 0);
  }
  good = good && ::fdatasync(fd) == 0;
  const int error = errno;
  ::close(fd);
  errno = error;
  if (!good || (!append && ::rename(target.c_str(), file.c_str()) != 0))
    fail();
}

} // namespace

std::string_view to_string(outcome what) {
  switch (what) {
    case outcome::swapped: return "swapped";
    case outcome::settled: return "settled";
    case outcome::rolled_back: return "rolled back";
    case outcome::refused: return "refused";
    case outcome::restored: return "restored";
    case outcome::lost: return "lost";
  }
  return "unknown";
}

std::string encode(const record& what) {
  std::string line;
  const auto pause = std::to_string(what.pause_us);
  const auto at = std::to_string(what.at_us);
  for (const std::string_view word :
       {std::string_view{at}, std::string_view{what.role}, to_string(what.what), std::string_view{what.version},
        std::string_view{what.file}, std::string_view{what.hash}, std::string_view{what.reason}, std::string_view{pause},
        std::string_view{what.settled_kept}, std::string_view{what.settled_hash}, std::string_view{what.settled_file}})
    append_word(line, word);
  line.back() = '\n';
  return line;
}

std::optional<record> decode(std::string_view line) {
  if (line.ends_with('\n'))
    line.remove_suffix(1);
  const auto words = words_of(line);
  record result;
  if (words.size() != words_in_line || !parse(words[0], result.at_us) || !parse(words[7], result.pause_us))
    return std::nullopt;
  bool known = false;
  for (const auto what : outcomes)
    if (to_string(what) == words[2]) {
      result.what = what;
      known = true;
    }
  if (!known || words[1].empty())
    return std::nullopt;
  result.role = words[1];
  result.version = words[3];
  result.file = words[4];
  result.hash = words[5];
  result.reason = words[6];
  result.settled_kept = words[8];
  result.settled_hash = words[9];
  result.settled_file = words[10];
  return result;
}

history::history(std::filesystem::path file) : file_(std::move(file)) {
  std::ifstream in{file_};
  for (std::string line; std::getline(in, line);) {
    ++lines_;
    if (auto found = decode(line))
      records_.push_back(std::move(*found));
    else
      ++unreadable_;
  }
  if (records_.size() > records_max)
    records_.erase(records_.begin(), records_.end() - records_max);
}

std::optional<record> history::last(const std::string& role) const {
  for (auto at = records_.rbegin(); at != records_.rend(); ++at)
    if (at->role == role)
      return *at;
  return std::nullopt;
}

void history::add(record what) {
  records_.push_back(std::move(what));
  if (records_.size() > records_max)
    records_.erase(records_.begin());
  std::filesystem::create_directories(file_.parent_path());
  if (lines_ >= 2 * records_max || unreadable_ > 0) {
    rewrite();
    return;
  }
  write_file(file_, encode(records_.back()), true);
  ++lines_;
}

void history::rewrite() {
  std::string text;
  for (const auto& item : records_)
    text += encode(item);
  write_file(file_, text, false);
  lines_ = records_.size();
  unreadable_ = 0;
}

} // namespace runtime::hotswap
