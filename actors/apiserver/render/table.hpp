// The server-side tables of `kubectl get`: columns and cells come from the registry.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "actors/apiserver/render/object.hpp"

namespace actors::apiserver::render {

enum class include_object : uint8_t { none, metadata, object };
/// The query parameter includeObject; nullopt: no such value.
std::optional<include_object> parse_include_object(std::string_view text);

/// `{"kind":"Table",...,"columnDefinitions":[...],"rows":[` ; `with_columns` is false for all but the first
/// event of a watch.
void append_table_start(const registry::kind& kind, const list_head& head, bool with_columns,
                        std::string& out);
void append_row(const registry::kind& kind, const draft& object, include_object what, int64_t now_seconds,
                std::string& out);
/// `]}`
void append_table_end(std::string& out);

} // namespace actors::apiserver::render
