#include "runtime/mesh/commands.hpp"

#include <algorithm>
#include <charconv>

namespace runtime::mesh {

namespace {

using control::refuse;
using control::reply;
using control::words;
using until_time = std::chrono::steady_clock::time_point;

constexpr const char* host_word = "host";
constexpr const char* row_word = "row";
constexpr const char* link_word = "link";
constexpr const char* refused_word = "refused";
constexpr size_t link_words = 11;

/// Commands that go to other hosts themselves: not to be asked for by another host, which could go on for ever.
bool goes_on(const words& request) {
  return !request.empty() && (request[0] == "all" || request[0] == "at");
}

std::chrono::milliseconds left(until_time until) {
  auto time = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  return std::clamp(time, std::chrono::milliseconds(0), all_time_max);
}

reply decode(const call_result& result) {
  if (!result.error.empty())
    return refuse(result.error);
  auto decoded = control::decode_reply(result.text);
  return decoded ? *decoded : refuse("host " + result.host + " is of another version of troupe: its answer is not understood");
}

void append(reply& all, const std::string& host, reply part) {
  all.lines.push_back({host_word, host, part.error});
  for (auto& line : part.lines) {
    line.insert(line.begin(), row_word);
    all.lines.push_back(std::move(line));
  }
}

struct scope {
  std::string host;
  std::weak_ptr<mesh> links;
};

/// The peers of the placement in force, in order.
std::vector<std::string> peers_of(const std::shared_ptr<mesh>& links) {
  std::vector<std::string> result;
  if (links)
    for (auto& row : links->table()->rows())
      result.push_back(row.host);
  return result;
}

reply run_on_all(const control::command_table& commands, const scope& here, const words& request, until_time until) {
  words inner{request.begin() + 1, request.end()};
  if (inner.empty() || goes_on(inner))
    return refuse("`all` takes a command that one host answers");
  auto links = here.links.lock();
  auto peers = peers_of(links);
  reply result;
  append(result, here.host, commands.answer(inner, until));
  if (!links)
    return result;
  auto answers = links->call_all(peers, control::encode_line(inner), left(until));
  for (auto& answer : answers)
    append(result, answer.host, decode(answer));
  return result;
}

reply run_at(const control::command_table& commands, const scope& here, const words& request, until_time until) {
  if (request.size() < 3)
    return refuse("`at` takes a host and a command");
  words inner{request.begin() + 2, request.end()};
  if (goes_on(inner))
    return refuse("`at` takes a command that one host answers");
  if (request[1] == here.host)
    return commands.answer(inner, until);
  auto links = here.links.lock();
  auto peers = peers_of(links);
  if (std::find(peers.begin(), peers.end(), request[1]) == peers.end())
    return refuse("the placement has no host `" + request[1] + "`");
  return decode(links->call(request[1], control::encode_line(inner), left(until)));
}

reply list_links(const std::weak_ptr<mesh>& weak) {
  reply result;
  auto links = weak.lock();
  if (!links)
    return result;
  for (auto& row : links->table()->rows())
    result.lines.push_back(encode_link(row));
  for (auto& [reason, count] : links->table()->refusals())
    result.lines.push_back({refused_word, reason, std::to_string(count)});
  return result;
}

template <class T>
bool parse(const std::string& text, T& value) {
  auto end = text.data() + text.size();
  auto [parsed, failure] = std::from_chars(text.data(), end, value);
  return failure == std::errc{} && parsed == end;
}

} // namespace

void add_commands(const control::command_table_ptr& commands, const std::string& host, const std::shared_ptr<mesh>& links) {
  std::weak_ptr<control::command_table> table = commands; // which holds the handlers
  scope here{host, links};
  commands->add("all", [table, here](const words& request, until_time until) {
    auto held = table.lock();
    return held ? run_on_all(*held, here, request, until) : refuse("the host stops");
  });
  commands->add("at", [table, here](const words& request, until_time until) {
    auto held = table.lock();
    return held ? run_at(*held, here, request, until) : refuse("the host stops");
  });
  commands->add("links", [links = here.links](const words&, until_time) { return list_links(links); });
  if (!links)
    return;
  links->set_answerer([table](const std::string& line, until_time until) {
    auto held = table.lock();
    auto request = control::decode_line(std::string_view{line}.substr(0, line.find('\n')));
    auto result = !held || goes_on(request) ? refuse("not for other hosts")
                                            : held->answer(request, until);
    return control::encode_reply(result);
  });
}

words encode_link(const link_row& row) {
  std::string sees;
  for (auto& host : row.sees)
    sees += (sees.empty() ? "" : ",") + host;
  return {link_word,
          row.host,
          std::string{to_string(row.state)},
          std::to_string(row.round_trip_us),
          std::to_string(row.since_us),
          std::to_string(row.bytes_in),
          std::to_string(row.bytes_out),
          std::to_string(row.connects),
          std::to_string(row.incarnation),
          row.reason,
          sees};
}

std::optional<link_row> decode_link(const words& line) {
  if (line.size() != link_words || line[0] != link_word)
    return std::nullopt;
  link_row row{.host = line[1], .reason = line[9]};
  auto state = parse_link_state(line[2]);
  if (!state || !parse(line[3], row.round_trip_us) || !parse(line[4], row.since_us) || !parse(line[5], row.bytes_in)
      || !parse(line[6], row.bytes_out) || !parse(line[7], row.connects) || !parse(line[8], row.incarnation))
    return std::nullopt;
  row.state = *state;
  for (size_t from = 0; from < line[10].size();) {
    auto comma = std::min(line[10].find(',', from), line[10].size());
    row.sees.push_back(line[10].substr(from, comma - from));
    from = comma + 1;
  }
  return row;
}

std::optional<std::vector<host_reply>> split_hosts(const reply& all) {
  std::vector<host_reply> result;
  for (auto& line : all.lines) {
    if (line.size() == 3 && line[0] == host_word)
      result.push_back({line[1], line[2], {}});
    else if (!line.empty() && line[0] == row_word && !result.empty())
      result.back().lines.emplace_back(line.begin() + 1, line.end());
    else
      return std::nullopt;
  }
  return result;
}

std::optional<std::vector<words>> answered_lines(const reply& all) {
  auto hosts = split_hosts(all);
  if (!hosts)
    return std::nullopt;
  std::vector<words> result;
  for (auto& host : *hosts)
    std::move(host.lines.begin(), host.lines.end(), std::back_inserter(result));
  return result;
}

} // namespace runtime::mesh
