// The bytes that one version hands to the next (messages/handover/handover.fbs). Pure.
#pragma once

#include "messages/handover/handover_generated.h"

#include <optional>
#include <string>
#include <string_view>

namespace runtime::hotswap {

constexpr uint32_t handover_format = 1;

std::string pack(const messages::handover::HandoverT& what);
/// nullopt: these are no handover that this program can read, `why` says what is wrong with them.
std::optional<messages::handover::HandoverT> unpack(std::string_view bytes, std::string& why);

} // namespace runtime::hotswap
