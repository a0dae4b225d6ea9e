// JSON text to drafts: simdjson finds the structure, every value is visited and checked here, because
// simdjson's On-Demand front end does not validate what it skips.
#include "messages/codec/json.hpp"
#include "messages/codec/path.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>

namespace messages::codec {

namespace {

namespace ondemand = simdjson::ondemand;

// Up to here each thread keeps its parser and its padded copy of the text.
constexpr size_t kept_text_bytes_max = 256 * 1024;
// Above this many members duplicates are found by sorting.
constexpr size_t linear_duplicates_members_max = 12;

struct syntax_error {
  std::string path;
  std::string message;
};

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

bool is_number_text(std::string_view text) {
  size_t i = 0;
  auto digits = [&] {
    auto begin = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9')
      ++i;
    return i - begin;
  };
  if (i < text.size() && text[i] == '-')
    ++i;
  bool zero = i < text.size() && text[i] == '0';
  auto whole = digits();
  if (whole == 0 || (zero && whole > 1))
    return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0)
      return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-'))
      ++i;
    if (digits() == 0)
      return false;
  }
  return i == text.size();
}

class reader {
public:
  reader(size_t depth_max, std::vector<std::string>& strict_errors)
      : depth_max_(std::min(depth_max, json_depth_max)), strict_errors_(strict_errors) {}

  draft value(ondemand::value& source, const path_frame& at) {
    auto token = source.raw_json_token();
    switch (token.empty() ? '\0' : token.front()) {
      case '{': return object(source, at);
      case '[': return array(source, at);
      case '"': {
        std::string_view text;
        require(source.get_string().get(text), at);
        return text;
      }
      default: return literal(trim(token), at);
    }
  }

  [[noreturn]] void fail(const path_frame& at, std::string message) const {
    throw syntax_error{at.text(), "json: " + std::move(message)};
  }

private:
  void require(simdjson::error_code code, const path_frame& at) const {
    if (code)
      fail(at, simdjson::error_message(code));
  }

  void descend(const path_frame& at) const {
    if (at.depth >= depth_max_)
      throw syntax_error{{}, "json: exceeded max depth of " + std::to_string(depth_max_)};
  }

  draft literal(std::string_view token, const path_frame& at) const {
    if (token == "null")
      return {};
    if (token == "true")
      return true;
    if (token == "false")
      return false;
    if (!is_number_text(token))
      fail(at, "invalid literal");
    return draft::make_number(token);
  }

  // Items and members gather on one stack each, then move to a list of exactly their number.
  draft array(ondemand::value& source, const path_frame& at) {
    descend(at);
    ondemand::array from;
    require(source.get_array().get(from), at);
    auto base = items_.size();
    for (auto item : from) {
      path_frame here(at, items_.size() - base);
      ondemand::value next;
      require(std::move(item).get(next), here);
      auto made = value(next, here);
      items_.push_back(std::move(made));
    }
    return draft::make_array(take<draft::array>(items_, base));
  }

  draft object(ondemand::value& source, const path_frame& at) {
    descend(at);
    ondemand::object from;
    require(source.get_object().get(from), at);
    auto base = members_.size();
    for (auto member : from) {
      ondemand::field field;
      require(std::move(member).get(field), at);
      std::string_view key; // lives in the parser until the next document
      require(field.unescaped_key().get(key), at);
      auto made = value(field.value(), path_frame(at, key));
      members_.emplace_back(member_name(key), std::move(made));
    }
    auto out = take<draft::object>(members_, base);
    drop_duplicates(out, at);
    return draft::make_object(std::move(out));
  }

  template <class List>
  static List take(List& stack, size_t base) {
    auto begin = stack.begin() + static_cast<std::ptrdiff_t>(base);
    List out(std::make_move_iterator(begin), std::make_move_iterator(stack.end()));
    stack.erase(begin, stack.end());
    return out;
  }

  void report_duplicate(std::string_view key, const path_frame& at) {
    if (strict_errors_.size() < strict_errors_max)
      strict_errors_.push_back("duplicate field \"" + path_frame(at, key).text() + "\"");
  }

  // The last one counts, in the place of the first, as in Go.
  void drop_duplicates(draft::object& members, const path_frame& at) {
    if (members.size() <= linear_duplicates_members_max) {
      for (size_t i = 1; i < members.size(); ++i)
        for (size_t j = 0; j < i; ++j)
          if (members[i].first == members[j].first) {
            report_duplicate(members[i].first, at);
            members[j].second = std::move(members[i].second);
            members.erase(members.begin() + static_cast<std::ptrdiff_t>(i--));
            break;
          }
      return;
    }
    std::vector<size_t> order(members.size());
    for (size_t i = 0; i < order.size(); ++i)
      order[i] = i;
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      auto compared = members[a].first.view().compare(members[b].first);
      return compared != 0 ? compared < 0 : a < b;
    });
    std::vector<bool> dropped(members.size());
    bool any = false;
    for (size_t i = 0, first = 0; i < order.size(); ++i) {
      if (i == 0 || members[order[i]].first != members[order[first]].first) {
        first = i;
        continue;
      }
      report_duplicate(members[order[i]].first, at);
      members[order[first]].second = std::move(members[order[i]].second);
      dropped[order[i]] = any = true;
    }
    if (!any)
      return;
    size_t kept = 0;
    for (size_t i = 0; i < members.size(); ++i) {
      if (dropped[i])
        continue;
      if (kept != i)
        members[kept] = std::move(members[i]);
      ++kept;
    }
    members.resize(kept);
  }

  size_t depth_max_;
  std::vector<std::string>& strict_errors_;
  draft::array items_;
  draft::object members_;
};

struct workspace {
  ondemand::parser parser;
  std::unique_ptr<char[]> text;
  size_t capacity = 0;

  // The parser wants to read beyond the end.
  simdjson::padded_string_view padded(std::string_view prefix, std::string_view body, std::string_view suffix) {
    auto size = prefix.size() + body.size() + suffix.size();
    auto needed = size + simdjson::SIMDJSON_PADDING;
    if (needed > capacity) {
      capacity = std::max(needed, capacity * 2);
      text = std::make_unique_for_overwrite<char[]>(capacity);
    }
    char* to = text.get();
    for (auto part : {prefix, body, suffix}) {
      if (!part.empty())
        std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    std::memset(to, 0, simdjson::SIMDJSON_PADDING);
    return simdjson::padded_string_view(text.get(), size, needed);
  }
};

draft read_document(workspace& space, std::string_view text, reader& read) {
  path_frame root;
  // A document of one scalar is not a value to simdjson: it is read as the only item of a list.
  bool wrapped = text.front() != '{' && text.front() != '[';
  ondemand::document document;
  auto padded = wrapped ? space.padded("[", text, "]") : space.padded("", text, "");
  if (auto code = space.parser.iterate(padded).get(document))
    read.fail(root, simdjson::error_message(code));
  ondemand::value value;
  if (auto code = document.get_value().get(value))
    read.fail(root, simdjson::error_message(code));
  auto out = read.value(value, root);
  if (document.current_location().error() == simdjson::SUCCESS)
    read.fail(root, "unexpected text after the value");
  if (!wrapped)
    return out;
  if (out.size() != 1)
    read.fail(root, "unexpected text after the value");
  return std::move(out.items().front());
}

} // namespace

decode_result parse_json(std::string_view text, const json_limits& limits) {
  decode_result out;
  if (text.size() > limits.bytes) {
    out.error = codec_error{{}, "json: larger than " + std::to_string(limits.bytes) + " bytes"};
    return out;
  }
  text = trim(text);
  if (text.empty()) {
    out.error = codec_error{{}, "unexpected end of JSON input"};
    return out;
  }
  thread_local workspace kept;
  std::unique_ptr<workspace> large;
  if (text.size() > kept_text_bytes_max)
    large = std::make_unique<workspace>();
  try {
    reader read(limits.depth, out.strict_errors);
    out.value = read_document(large ? *large : kept, text, read);
  } catch (const syntax_error& error) {
    out.value = {};
    out.error = codec_error{error.path, error.message};
  }
  return out;
}

} // namespace messages::codec
