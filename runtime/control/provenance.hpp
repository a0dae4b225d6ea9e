// `written`: what an apiserver knows of the writes of one object, over the control socket.
//
//   request  written OBJECT | written KIND NAMESPACE NAME       KIND as kubectl takes it; NAMESPACE may be empty
//   lines    object OBJECT COMPLETE_SINCE_US
//            entry <written_entry's members in order>           the newest first
#pragma once

#include "runtime/control/protocol.hpp"
#include "runtime/telemetry/provenance.hpp"

namespace runtime::control {

struct written_answer {
  std::string object;
  int64_t complete_since_us = 0;
  std::vector<telemetry::written_entry> entries;
};

std::vector<words> encode_written(const written_answer& answer);
/// Nothing for lines of another version.
std::optional<written_answer> decode_written(const std::vector<words>& lines);

} // namespace runtime::control
