// The chain of writes that led to an object's present state, as text. Pure: the log is asked through a function.
#pragma once

#include "runtime/control/provenance.hpp"

#include <functional>
#include <string>

namespace actors::host::commands {

/// A chain longer than this is cut; it says so.
constexpr size_t why_steps_max = 64;

/// What all apiservers know of an object's writes, the newest first.
using written_lookup = std::function<runtime::control::written_answer(const std::string& object)>;

/// The entry that wrote `revision` (0: the newest), or the last one before it; null when there is none.
const runtime::telemetry::written_entry* entry_at(const runtime::control::written_answer& known, int64_t revision);

/// Throws std::runtime_error when nothing is known of the object itself.
std::string explain(const runtime::control::written_answer& object, const written_lookup& lookup);

} // namespace actors::host::commands
