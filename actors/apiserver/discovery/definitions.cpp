// One definition per table; scalars with a form of their own are definitions as well, as upstream has them.
#include "actors/apiserver/discovery/definitions.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>

namespace actors::apiserver::discovery {

using messages::codec::field;
using messages::codec::value_kind;

namespace {

constexpr std::string_view schema_root = "messages.api.";
constexpr std::string_view quantity_name = "io.k8s.apimachinery.pkg.api.resource.Quantity";
constexpr std::string_view int_or_string_name = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
constexpr std::string_view meta_prefix = "io.k8s.apimachinery.pkg.apis.";

class builder {
public:
  explicit builder(dialect form) : form_(form) {}

  void add(const type& t) {
    auto name = definition_name(t);
    if (done_.contains(name))
      return;
    done_[name] = {}; // ends cycles
    auto made = define(t);
    done_[name] = std::move(made);
  }

  void add_list(const registry::kind& kind) {
    const auto* item = messages::codec::api_schema().find(kind.api_version(), kind.name);
    const auto* metadata = messages::codec::api_schema().find_table("messages.api.meta.v1.ListMeta");
    draft properties = draft::make_object();
    properties.set("apiVersion", text("The API's group and version of this list."));
    properties.set("items", draft::make_object({{"description", "The objects."},
                                                {"items", reference(form_, definition_name(*item))},
                                                {"type", "array"}}));
    properties.set("kind", text("The kind of this list."));
    if (metadata != nullptr) {
      add(*metadata);
      properties.set("metadata", described(reference(form_, definition_name(*metadata)),
                                           "The list's own metadata.", false));
    }
    done_[list_definition_name(kind)] = draft::make_object({
      {"description", fmt::format("A list of objects of kind {}.", kind.name)},
      {"properties", std::move(properties)},
      {"required", draft::make_array({"items"})},
      {"type", "object"},
      {"x-kubernetes-group-version-kind",
       draft::make_array({group_version_kind(kind.group, kind.version, fmt::format("{}List", kind.name))})},
    });
  }

  draft result() {
    draft all = draft::make_object();
    for (auto& [name, definition] : done_)
      all.members().emplace_back(name, std::move(definition));
    return all;
  }

private:
  static draft text(std::string_view description) {
    return draft::make_object({{"description", description}, {"type", "string"}});
  }

  draft define(const type& t) {
    draft properties = draft::make_object();
    draft required = draft::make_array();
    std::vector<const field*> sorted;
    for (const auto& f : t.fields())
      sorted.push_back(&f);
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->name < b->name; });
    for (const auto* f : sorted) {
      properties.set(f->name, property(*f));
      if (f->required)
        required.push_back(f->name);
    }
    draft result = draft::make_object();
    if (!t.description().empty())
      result.set("description", t.description());
    if (!properties.empty())
      result.set("properties", std::move(properties));
    if (!required.empty())
      result.set("required", std::move(required));
    result.set("type", "object");
    if (!t.kind().empty())
      result.set("x-kubernetes-group-version-kind",
                 draft::make_array({group_version_kind(t.group(), t.version(), t.kind())}));
    if (const auto* map_type = t.attribute("map_type"))
      result.set("x-kubernetes-map-type", *map_type);
    return result;
  }

  /// A scalar that is a definition of its own.
  draft scalar_definition(std::string_view name, draft definition) {
    if (!done_.contains(std::string{name}))
      done_[std::string{name}] = std::move(definition);
    return reference(form_, name);
  }

  draft value(value_kind kind, const type* nested) {
    const auto simple = [](std::string_view type, std::string_view format = {}) {
      draft made = draft::make_object();
      if (!format.empty())
        made.set("format", format);
      made.set("type", type);
      return made;
    };
    switch (kind) {
      case value_kind::boolean:
        return simple("boolean");
      case value_kind::int32:
        return simple("integer", "int32");
      case value_kind::int64:
        return simple("integer", "int64");
      case value_kind::number:
        return simple("number", "double");
      case value_kind::string:
        return simple("string");
      case value_kind::bytes:
        return simple("string", "byte");
      case value_kind::raw_json:
        return simple("object");
      case value_kind::time:
        return scalar_definition(std::string{meta_prefix} + "meta.v1.Time", simple("string", "date-time"));
      case value_kind::micro_time:
        return scalar_definition(std::string{meta_prefix} + "meta.v1.MicroTime",
                                 simple("string", "date-time"));
      case value_kind::quantity:
        return scalar_definition(quantity_name, either("number", {}));
      case value_kind::int_or_string:
        return scalar_definition(int_or_string_name, either("integer", "int-or-string"));
      case value_kind::table:
        add(*nested);
        return reference(form_, definition_name(*nested));
      case value_kind::map: {
        const auto& entry = nested->fields().at(1);
        draft items = entry.list
                        ? draft::make_object({{"items", value(entry.kind, entry.nested)}, {"type", "array"}})
                        : value(entry.kind, entry.nested);
        return draft::make_object({{"additionalProperties", std::move(items)}, {"type", "object"}});
      }
    }
    return {};
  }

  /// A string or something else: v2 cannot say it.
  draft either(std::string_view other, std::string_view format) const {
    draft made = draft::make_object();
    if (!format.empty())
      made.set("format", format);
    if (form_ == dialect::v2)
      made.set("type", "string");
    else
      made.set("oneOf", draft::make_array(
                          {draft::make_object({{"type", other}}), draft::make_object({{"type", "string"}})}));
    return made;
  }

  /// A reference cannot stand beside other members in v3.
  draft described(draft of, std::string_view description, bool by_value) const {
    if (form_ == dialect::v3 && of.contains("$ref")) {
      draft wrapped = draft::make_object({{"allOf", draft::make_array({std::move(of)})}});
      if (by_value)
        wrapped.set("default", draft::make_object());
      of = std::move(wrapped);
    }
    if (!description.empty())
      of.set("description", description);
    return of;
  }

  draft property(const field& f) {
    draft made = value(f.kind, f.nested);
    if (f.list)
      made = draft::make_object({{"items", std::move(made)}, {"type", "array"}});
    made = described(std::move(made), f.description, f.emit_empty && f.kind == value_kind::table);
    if (!f.format.empty() && f.kind == value_kind::string)
      made.set("format", f.format);
    if (form_ == dialect::v3)
      if (const auto* otherwise = f.attribute("default_value");
          otherwise != nullptr && f.kind == value_kind::string && !f.list)
        made.set("default", *otherwise);
    if (!f.map_keys.empty()) {
      draft keys = draft::make_array();
      for (const auto& key : f.map_keys)
        keys.push_back(key);
      made.set("x-kubernetes-list-map-keys", std::move(keys));
    }
    if (!f.list_type.empty())
      made.set("x-kubernetes-list-type", f.list_type);
    if (const auto* map_type = f.attribute("map_type"))
      made.set("x-kubernetes-map-type", *map_type);
    if (!f.patch_merge_key.empty())
      made.set("x-kubernetes-patch-merge-key", f.patch_merge_key);
    std::string strategy;
    for (const auto& [wanted, name] :
         {std::pair{f.patch_merge, "merge"}, std::pair{f.patch_replace, "replace"},
          std::pair{f.patch_retain_keys, "retainKeys"}})
      if (wanted)
        strategy += (strategy.empty() ? "" : ",") + std::string{name};
    if (!strategy.empty())
      made.set("x-kubernetes-patch-strategy", strategy);
    return made;
  }

  dialect form_;
  std::map<std::string, draft> done_;
};

} // namespace

std::string definition_name(const type& t) {
  const auto rest =
    std::string_view{t.full_name()}.substr(std::min(schema_root.size(), t.full_name().size()));
  if (rest.starts_with("meta."))
    return fmt::format("{}{}", meta_prefix, rest);
  return rest.starts_with("troupe.") ? fmt::format("dev.{}", rest) : fmt::format("io.k8s.api.{}", rest);
}

std::string list_definition_name(const registry::kind& kind) {
  return definition_name(*messages::codec::api_schema().find(kind.api_version(), kind.name)) + "List";
}

draft reference(dialect form, std::string_view name) {
  return draft::make_object(
    {{"$ref", fmt::format("{}{}", form == dialect::v2 ? "#/definitions/" : "#/components/schemas/", name)}});
}

draft group_version_kind(std::string_view group, std::string_view version, std::string_view kind) {
  return draft::make_object({{"group", group}, {"kind", kind}, {"version", version}});
}

draft make_definitions(dialect form, const std::vector<const type*>& roots,
                       const std::vector<const registry::kind*>& lists) {
  builder made{form};
  for (const auto* root : roots)
    made.add(*root);
  for (const auto* kind : lists)
    made.add_list(*kind);
  return made.result();
}

} // namespace actors::apiserver::discovery
