// How `troupe tree` draws the actors of a host. Pure.
#pragma once

#include "runtime/telemetry/actor_table.hpp"

#include <span>
#include <string>

namespace actors::host {

enum class tree_lines : uint8_t { utf8, ascii };

/// A line per row below a heading, children below their parent in the order of `rows`. A row whose parent is
/// not among them is a root.
std::string render_tree(std::span<const runtime::telemetry::tree_row> rows, tree_lines lines);

} // namespace actors::host
