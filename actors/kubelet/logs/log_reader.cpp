#include "actors/kubelet/logs/log_reader.hpp"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>

namespace actors::kubelet::logs {
namespace {

namespace fs = std::filesystem;

struct descriptor {
  explicit descriptor(const fs::path& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
  descriptor(const descriptor&) = delete;
  int fd;
  struct stat status() const {
    struct stat st {};
    ::fstat(fd, &st);
    return st;
  }
};

/// Where the next piece begins. `mid_line`: the last one ended with a partial entry, so no timestamp now.
struct position {
  uint64_t inode = 0;
  int64_t offset = 0;
  int64_t sent = 0;
  bool mid_line = false;
};

std::string text_of(const position& p) {
  return std::to_string(p.inode) + "." + std::to_string(p.offset) + "." + std::to_string(p.sent) + "." +
         (p.mid_line ? "1" : "0");
}

std::optional<position> parse_position(const std::string& text) {
  position p;
  int mid = 0;
  unsigned long long inode = 0;
  long long offset = 0, sent = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%llu.%lld.%lld.%d%c", &inode, &offset, &sent, &mid, &rest) != 4 ||
      offset < 0 || sent < 0)
    return std::nullopt;
  p.inode = inode;
  p.offset = offset;
  p.sent = sent;
  p.mid_line = mid != 0;
  return p;
}

/// The log's files, oldest first: rotated ones sort by their time, the current one is last.
std::vector<fs::path> files_of(const fs::path& current) {
  std::vector<fs::path> result;
  std::error_code ec;
  auto prefix = current.filename().string() + ".";
  for (const auto& entry : fs::directory_iterator(current.parent_path(), ec)) {
    auto name = entry.path().filename().string();
    if (name.rfind(prefix, 0) == 0)
      result.push_back(entry.path());
  }
  std::sort(result.begin(), result.end());
  result.push_back(current);
  return result;
}

/// Microseconds of an RFC 3339 time with fraction, UTC or with an offset; 0 when it is none.
int64_t time_us(std::string_view text) {
  std::tm t{};
  int consumed = 0;
  std::string copy(text);
  if (std::sscanf(copy.c_str(), "%d-%d-%dT%d:%d:%d%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
                  &t.tm_min, &t.tm_sec, &consumed) != 6)
    return 0;
  t.tm_year -= 1900;
  t.tm_mon -= 1;
  int64_t us = static_cast<int64_t>(::timegm(&t)) * 1'000'000;
  const char* p = copy.c_str() + consumed;
  if (*p == '.') {
    int64_t unit = 100'000;
    for (++p; *p >= '0' && *p <= '9'; ++p, unit /= 10)
      us += (*p - '0') * unit;
  }
  int hours = 0, minutes = 0;
  if ((*p == '+' || *p == '-') && std::sscanf(p + 1, "%d:%d", &hours, &minutes) == 2)
    us -= (*p == '+' ? 1 : -1) * (hours * 60 + minutes) * int64_t(60'000'000);
  return us;
}

/// The offset where the last `lines` complete lines of the file begin.
int64_t tail_offset(int fd, int64_t size, int64_t lines) {
  if (lines <= 0)
    return size;
  std::string block(64 << 10, '\0');
  int64_t end = size;
  bool last = true;
  while (end > 0) {
    auto begin = std::max<int64_t>(0, end - static_cast<int64_t>(block.size()));
    auto n = ::pread(fd, block.data(), static_cast<size_t>(end - begin), begin);
    if (n <= 0)
      return 0;
    for (auto i = n - 1; i >= 0; --i) {
      if (block[static_cast<size_t>(i)] != '\n') {
        last = false;
        continue;
      }
      if (last) {
        last = false;
        continue;
      } // the newline that ends the file
      if (--lines == 0)
        return begin + i + 1;
    }
    end = begin;
  }
  return 0;
}

struct output {
  const read_options& options;
  position& at;
  piece& result;
  size_t limit;

  /// Returns false when the piece is full or the request's limit is reached.
  bool add(const log_line& line) {
    if (options.since_us && !at.mid_line && time_us(line.time) < *options.since_us)
      return true;
    std::string text;
    if (options.timestamps && !at.mid_line)
      text.append(line.time).append(" ");
    text.append(line.text);
    if (!line.partial)
      text += '\n';
    at.mid_line = line.partial;
    if (options.limit_bytes) {
      auto left = std::max<int64_t>(0, *options.limit_bytes - at.sent);
      if (static_cast<int64_t>(text.size()) >= left) {
        text.resize(static_cast<size_t>(left));
        result.limited = true;
      }
    }
    at.sent += static_cast<int64_t>(text.size());
    result.data += text;
    return !result.limited && result.data.size() < limit;
  }
};

/// Reads complete lines from `at.offset` on. Returns false when the piece is full.
bool read_lines(int fd, output& out) {
  std::string buffer;
  std::string block(32 << 10, '\0');
  while (true) {
    auto n = ::pread(fd, block.data(), block.size(), out.at.offset + static_cast<int64_t>(buffer.size()));
    if (n <= 0)
      return true;
    buffer.append(block.data(), static_cast<size_t>(n));
    size_t begin = 0;
    for (size_t end; (end = buffer.find('\n', begin)) != std::string::npos; begin = end + 1) {
      auto line = parse_line(std::string_view(buffer).substr(begin, end - begin));
      out.at.offset += static_cast<int64_t>(end - begin + 1);
      if (line && !out.add(*line))
        return false;
    }
    buffer.erase(0, begin);
    if (buffer.size() > line_bytes_max) { // not a line of the format: skip it
      out.at.offset += static_cast<int64_t>(buffer.size());
      buffer.clear();
    }
  }
}

} // namespace

std::optional<log_line> parse_line(std::string_view line) {
  auto a = line.find(' ');
  auto b = a == std::string_view::npos ? a : line.find(' ', a + 1);
  if (b == std::string_view::npos)
    return std::nullopt;
  auto c = line.find(' ', b + 1);
  auto tag = line.substr(b + 1, c == std::string_view::npos ? c : c - b - 1);
  log_line result{line.substr(0, a), line.substr(a + 1, b - a - 1),
                  c == std::string_view::npos ? std::string_view() : line.substr(c + 1), false};
  if (result.stream != "stdout" && result.stream != "stderr")
    return std::nullopt;
  result.partial = tag.substr(0, tag.find(':')) == "P";
  return result;
}

piece read_log(const fs::path& file, const read_options& options) {
  piece result;
  position at;
  auto files = files_of(file);
  size_t index = files.size() - 1;
  if (!options.position.empty()) {
    auto parsed = parse_position(options.position);
    if (!parsed) {
      result.error = "invalid position";
      return result;
    }
    at = *parsed;
    bool found = false;
    for (size_t i = 0; i < files.size() && !found; ++i) {
      struct stat st {};
      if (::stat(files[i].c_str(), &st) == 0 && st.st_ino == at.inode)
        index = i, found = true;
    }
    // Rotated away entirely: what is left begins with the oldest file.
    if (!found)
      index = 0, at.offset = 0, at.inode = 0;
  }
  output out{options, at, result, std::clamp<size_t>(options.max_bytes, 1, piece_bytes_max)};
  for (; index < files.size(); ++index) {
    descriptor in(files[index]);
    if (in.fd < 0) {
      if (index + 1 < files.size())
        continue;
      if (at.inode != 0)
        break; // between rename and reopen: the new file comes in a moment
      result.error = std::string("open ") + file.filename().string() + ": " + std::strerror(errno);
      return result;
    }
    auto st = in.status();
    if (at.inode != st.st_ino) {
      bool first = options.position.empty();
      at.inode = st.st_ino;
      at.offset = first && options.tail_lines ? tail_offset(in.fd, st.st_size, *options.tail_lines) : 0;
    } else if (at.offset > st.st_size) {
      at.offset = 0; // truncated
    }
    if (!read_lines(in.fd, out)) {
      result.position = text_of(at);
      return result;
    }
  }
  result.at_end = true;
  result.position = text_of(at);
  return result;
}

std::string last_lines(const fs::path& file, size_t lines_max, size_t bytes_max) {
  read_options options;
  options.tail_lines = static_cast<int64_t>(lines_max);
  auto text = read_log(file, options).data;
  return text.size() <= bytes_max ? text : text.substr(text.size() - bytes_max);
}

} // namespace actors::kubelet::logs
