// The bounds of what clients may take of the server.
#pragma once

#include <chrono>
#include <cstddef>

namespace actors::apiserver::http {

constexpr size_t connections_max = 20'000;
constexpr size_t pipelined_bytes_max = 64 * 1024;      // taken in while a request is being answered
constexpr size_t listed_inline_bytes_max = 256 * 1024; // larger lists are streamed

constexpr std::chrono::seconds handshake_seconds_max{10};
constexpr std::chrono::seconds header_seconds_max{30}; // from the first byte to the last header
constexpr std::chrono::seconds body_seconds_max{60};
constexpr std::chrono::seconds idle_seconds_max{180};  // between requests
constexpr std::chrono::milliseconds quiet_ms_max{1'000}; // then a connection gives its buffers back
constexpr std::chrono::seconds answer_seconds_max{60}; // for everything but streams
constexpr std::chrono::seconds write_seconds_max{30};  // for one piece; a watcher that does not read is ended
constexpr std::chrono::seconds linger_seconds_max{2};  // to take in what a refused client is still sending
constexpr size_t linger_bytes_max = 16u << 20;
constexpr std::chrono::milliseconds stop_drain_ms_max{2'000};
/// For which a connection without a request waits for one when the server stops.
constexpr std::chrono::milliseconds stop_grace_ms{500};
constexpr std::chrono::milliseconds accept_retry_ms{50};

} // namespace actors::apiserver::http
