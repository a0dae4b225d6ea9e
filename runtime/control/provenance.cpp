#include "runtime/control/provenance.hpp"

#include "runtime/control/word_reader.hpp"

namespace runtime::control {

namespace {

words encode_entry(const telemetry::written_entry& entry) {
  return {"entry",
          entry.object,
          std::to_string(entry.revision),
          std::to_string(entry.previous),
          std::to_string(entry.wall_us),
          entry.verb,
          entry.subresource,
          entry.user,
          entry.by_role ? "1" : "0",
          entry.agent,
          entry.origin,
          std::to_string(entry.epoch),
          entry.cause_object,
          std::to_string(entry.cause_revision)};
}

bool decode_entry(const words& line, telemetry::written_entry& entry) {
  int by_role = 0;
  word_reader in{line, 1};
  in >> entry.object >> entry.revision >> entry.previous >> entry.wall_us >> entry.verb >> entry.subresource >> entry.user
    >> by_role >> entry.agent >> entry.origin >> entry.epoch >> entry.cause_object >> entry.cause_revision;
  entry.by_role = by_role != 0;
  return in.done();
}

} // namespace

std::vector<words> encode_written(const written_answer& answer) {
  std::vector<words> result{{"object", answer.object, std::to_string(answer.complete_since_us)}};
  for (auto& entry : answer.entries)
    result.push_back(encode_entry(entry));
  return result;
}

std::optional<written_answer> decode_written(const std::vector<words>& lines) {
  written_answer result;
  for (auto& line : lines) {
    if (line.empty())
      return std::nullopt;
    word_reader in{line, 1};
    if (line[0] == "object" && !(in >> result.object >> result.complete_since_us).done())
      return std::nullopt;
    if (line[0] == "entry" && !decode_entry(line, result.entries.emplace_back()))
      return std::nullopt;
    if (line[0] != "object" && line[0] != "entry")
      return std::nullopt;
  }
  return result;
}

} // namespace runtime::control
