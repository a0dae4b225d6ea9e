// Tables as text, row by row, so that a large one can be streamed.
#include "actors/apiserver/render/table.hpp"

#include "messages/codec/json.hpp"

namespace actors::apiserver::render {

namespace {

draft columns_of(const registry::kind& kind) {
  draft columns = draft::make_array();
  for (const auto& column : kind.columns)
    columns.push_back(draft::make_object({{"name", column.name},
                                          {"type", column.type},
                                          {"format", column.format},
                                          {"description", column.description},
                                          {"priority", column.priority}}));
  return columns;
}

} // namespace

std::optional<include_object> parse_include_object(std::string_view text) {
  if (text.empty() || text == "Metadata")
    return include_object::metadata;
  if (text == "None")
    return include_object::none;
  if (text == "Object")
    return include_object::object;
  return std::nullopt;
}

void append_table_start(const registry::kind& kind, const list_head& head, bool with_columns,
                        std::string& out) {
  out += R"({"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":)";
  out += list_metadata(head);
  out += R"(,"columnDefinitions":)";
  if (with_columns)
    messages::codec::encode_json(columns_of(kind), out);
  else
    out += "null";
  out += R"(,"rows":[)";
}

void append_row(const registry::kind& kind, const draft& object, include_object what, int64_t now_seconds,
                std::string& out) {
  std::vector<draft> cells;
  if (kind.cells != nullptr)
    kind.cells(object, now_seconds, cells);
  out += R"({"cells":)";
  messages::codec::encode_json(draft::make_array(std::move(cells)), out);
  if (what != include_object::none) {
    out += R"(,"object":)";
    messages::codec::encode_json(what == include_object::object ? object : to_metadata(object), out);
  }
  out += '}';
}

void append_table_end(std::string& out) { out += "]}"; }

} // namespace actors::apiserver::render
