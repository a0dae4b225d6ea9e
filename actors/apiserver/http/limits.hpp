// The bounds of what clients may take of the server.
#pragma once

#include <chrono>
#include <cstddef>

namespace actors::apiserver::http {

constexpr size_t connections_max = 20'000;
/// Of the process' file descriptors, so many are not for connections: stores that are opened again, sockets of other roles,
/// `troupe` commands. Of a small limit, half.
constexpr size_t descriptors_kept = 512;
constexpr size_t pipelined_bytes_max = 64 * 1024;      // taken in while a request is being answered
/// Bodies up to small_body_bytes are bounded by the number of connections; all larger ones together by this. Beyond it: 429.
constexpr size_t small_body_bytes = 32 * 1024;
constexpr size_t large_bodies_bytes_max = 192u << 20;
/// Writes with a large body take their turn, so many bytes at once: 3 MiB become a hundred megabytes of objects, and hold the write
/// chain for a tenth of a second. Small ones pass them.
constexpr size_t large_write_bytes_at_once = 1u << 20;
constexpr size_t turn_bytes_max = 64 * 1024; // read or written by a connection before others of its thread have their turn
constexpr size_t listed_inline_bytes_max = 256 * 1024; // larger lists are streamed

/// Threads that serve connections: two a processor, so that the kernel has something to even out. Measured on 2 processors, 2 against
/// 4 threads: one write to 1,000 watchers 15.8 and 14.5 ms, get 55,300/s and 58,500/s, create the same.
constexpr size_t threads_per_processor = 2, threads_min = 4, threads_max = 32;

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
/// When there are as many connections as there may be, some that have had no request for so long make room.
constexpr std::chrono::seconds idle_crowded_seconds_max{5};
constexpr size_t make_room_max = 32; // by one thread, at once
constexpr std::chrono::seconds accept_warning_seconds{10}; // between two warnings

} // namespace actors::apiserver::http
