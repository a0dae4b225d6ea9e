#include "runtime/control/measure.hpp"

#include "runtime/control/word_reader.hpp"

#include <charconv>

namespace runtime::control {

namespace {

using namespace telemetry;

constexpr size_t actor_words_after_row = 5;

std::string text(double value) {
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

words encode_actor(const actor_sample& actor) {
  words result{"actor"};
  for (auto& word : encode_row(actor.row))
    result.push_back(std::move(word));
  result.insert(result.end(), {actor.parent, std::to_string(actor.handled), std::to_string(actor.epoch),
                               std::to_string(actor.takeovers), std::to_string(actor.swaps)});
  return result;
}

std::optional<actor_sample> decode_actor(const words& line) {
  if (line.size() < 1 + actor_words_after_row)
    return std::nullopt;
  auto row_end = line.size() - actor_words_after_row;
  auto row = decode_row({line.begin() + 1, line.begin() + static_cast<ptrdiff_t>(row_end)});
  if (!row)
    return std::nullopt;
  actor_sample result{.row = std::move(*row)};
  word_reader in{line, row_end};
  in >> result.parent >> result.handled >> result.epoch >> result.takeovers >> result.swaps;
  return in.done() ? std::optional{std::move(result)} : std::nullopt;
}

words encode_times(const handler_times& times) {
  words result{"times", times.message, text(times.seconds)};
  for (auto count : times.buckets)
    result.push_back(std::to_string(count));
  return result;
}

bool decode_into(std::vector<host_sample>& samples, const words& line) {
  word_reader in{line, 1};
  auto& kind = line[0];
  if (kind == "host")
    samples.emplace_back();
  if (samples.empty())
    return false;
  auto& sample = samples.back();
  if (kind == "host") {
    auto& process = sample.process;
    in >> sample.host >> sample.version >> sample.wall_us >> process.cpu_seconds >> process.resident_bytes
      >> process.descriptors >> process.start_seconds;
    return in.done();
  }
  if (kind == "actor") {
    auto actor = decode_actor(line);
    if (actor)
      sample.actors.push_back(std::move(*actor));
    return actor.has_value();
  }
  if (kind == "times" && !sample.actors.empty()) {
    auto& times = sample.actors.back().times.emplace_back();
    in >> times.message >> times.seconds;
    for (auto& count : times.buckets)
      in >> count;
    return in.done();
  }
  if (kind == "link") {
    auto& link = sample.links.emplace_back();
    in >> link.peer >> link.state >> link.reason >> link.round_trip_us >> link.bytes_in >> link.bytes_out;
    return in.done();
  }
  if (kind == "refused") {
    auto& refused = sample.refused_links.emplace_back();
    in >> refused.first >> refused.second;
    return in.done();
  }
  return false;
}

} // namespace

std::vector<words> encode_sample(const host_sample& sample) {
  auto& process = sample.process;
  std::vector<words> result{{"host", sample.host, sample.version, std::to_string(sample.wall_us),
                             text(process.cpu_seconds), std::to_string(process.resident_bytes),
                             std::to_string(process.descriptors), std::to_string(process.start_seconds)}};
  for (auto& actor : sample.actors) {
    result.push_back(encode_actor(actor));
    for (auto& times : actor.times)
      result.push_back(encode_times(times));
  }
  for (auto& link : sample.links)
    result.push_back({"link", link.peer, link.state, link.reason, std::to_string(link.round_trip_us),
                      std::to_string(link.bytes_in), std::to_string(link.bytes_out)});
  for (auto& [reason, count] : sample.refused_links)
    result.push_back({"refused", reason, std::to_string(count)});
  return result;
}

std::optional<std::vector<host_sample>> decode_samples(const std::vector<words>& lines) {
  std::vector<host_sample> result;
  for (auto& line : lines)
    if (line.empty() || !decode_into(result, line))
      return std::nullopt;
  return result;
}

} // namespace runtime::control
