// Keeps the text of a failure: CAF turns an exception into `runtime_error` without its words, so every
// actor installs `keep_failure_text` (metered.hpp does) and every reader uses `failure_text`.
#pragma once

#include <caf/error.hpp>
#include <caf/scheduled_actor.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace runtime::telemetry {

/// An error that carries `text` and nothing else.
caf::error make_failure(std::string_view text);

/// Makes an actor fail with `text`, ahead of the messages that wait in its mailbox. An actor that traps exits may
/// take it for a request to stop.
void send_failure(const caf::strong_actor_ptr& target, std::string_view text);

/// The words of an error: what make_failure was given, else CAF's own rendering.
/// Empty for a normal end (no error, exit_reason::normal).
std::string failure_text(const caf::error& reason);

/// True for the ends that are no failure: normal and user_shutdown.
bool is_orderly(const caf::error& reason);

/// What an exception says about itself.
std::string exception_text(std::exception_ptr failure);

/// For `set_exception_handler`.
caf::error keep_failure_text(caf::scheduled_actor* self, std::exception_ptr& failure);

} // namespace runtime::telemetry
