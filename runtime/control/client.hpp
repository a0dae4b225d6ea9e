// The operator's end of the control socket.
#pragma once

#include "runtime/control/protocol.hpp"

#include <chrono>
#include <filesystem>
#include <functional>

namespace runtime::control {

/// Longer than anything that the host does for one request.
constexpr std::chrono::milliseconds ask_time_max{75'000};

/// Sends a request to the host of a data folder. Throws std::runtime_error with a text for the operator when no host
/// answers there.
reply ask(const std::filesystem::path& data, const words& request, std::chrono::milliseconds timeout = ask_time_max);

/// A stream says something at least this often (trace_heartbeat); else its host hangs.
constexpr std::chrono::milliseconds stream_silence_max{5'000};

/// The same for a command that streams: `line` is called until it returns false or the host ends the stream.
void follow(const std::filesystem::path& data, const words& request, const std::function<bool(const words&)>& line);

} // namespace runtime::control
