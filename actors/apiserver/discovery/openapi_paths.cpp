// Operations from the registry's verbs. kubectl looks here for what a server understands (fieldValidation,
// dryRun).
#include "actors/apiserver/discovery/openapi_paths.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>

namespace actors::apiserver::discovery {

namespace {

struct operation_form {
  std::string_view verb, method, id_prefix;
};
constexpr operation_form item_operations[] = {{"get", "get", "read"},
                                              {"update", "put", "replace"},
                                              {"patch", "patch", "patch"},
                                              {"delete", "delete", "delete"},
                                              {"create", "post", "create"}};
constexpr operation_form collection_operations[] = {
  {"list", "get", "list"}, {"create", "post", "create"}, {"deletecollection", "delete", "deletecollection"}};

std::string capital(std::string_view text) {
  std::string out{text};
  if (!out.empty())
    out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

bool has(const std::vector<std::string_view>& verbs, std::string_view verb) {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

class paths_builder {
public:
  explicit paths_builder(dialect form) : form_(form) {}

  void add(const registry::kind& kind) {
    const std::string root = kind.group.empty() ? fmt::format("/api/{}", kind.version)
                                                : fmt::format("/apis/{}/{}", kind.group, kind.version);
    const std::string scope = kind.namespaced ? "/namespaces/{namespace}" : "";
    const auto collection = fmt::format("{}{}/{}", root, scope, kind.plural);
    const auto item = collection + "/{name}";
    for (const auto& form : collection_operations)
      if (has(kind.verbs, form.verb))
        add_operation(collection, form, kind, kind.verbs, "", kind.name, form.verb == "list");
    if (kind.namespaced)
      add_operation(fmt::format("{}/{}", root, kind.plural), collection_operations[0], kind, kind.verbs,
                    "ForAllNamespaces", kind.name, true);
    for (const auto& form : item_operations)
      if (form.verb != "create" && has(kind.verbs, form.verb))
        add_operation(item, form, kind, kind.verbs, "", kind.name, false);
    for (const auto& sub : kind.subresources)
      for (const auto& form : item_operations)
        if (has(sub.verbs, form.verb))
          add_operation(fmt::format("{}/{}", item, sub.name), form, kind, sub.verbs, capital(sub.name),
                        sub.body_kind, false, &sub);
  }

  draft result() {
    draft all = draft::make_object();
    for (auto& [path, item] : paths_)
      all.members().emplace_back(path, std::move(item));
    return all;
  }

private:
  draft parameter(std::string_view name, std::string_view in, std::string_view type,
                  std::string_view description) const {
    draft made = draft::make_object({{"description", description}, {"in", in}, {"name", name}});
    if (in == "path")
      made.set("required", true);
    if (form_ == dialect::v2) {
      made.set("type", type);
      made.set("uniqueItems", true);
    } else {
      made.set("schema", draft::make_object({{"type", type}, {"uniqueItems", true}}));
    }
    return made;
  }

  draft parameters_of(std::string_view verb, bool log) const {
    draft list = draft::make_array();
    const auto query = [&](std::string_view name, std::string_view type, std::string_view description) {
      list.push_back(parameter(name, "query", type, description));
    };
    if (verb == "create" || verb == "update" || verb == "patch") {
      query("dryRun", "string", "All: the request is checked and nothing is stored.");
      query("fieldManager", "string", "Who changes the fields; at most 128 characters.");
      query("fieldValidation", "string",
            "What becomes of unknown and duplicate fields: Ignore, Warn (default) or Strict.");
    } else if (verb == "delete" || verb == "deletecollection") {
      query("dryRun", "string", "All: the request is checked and nothing is removed.");
      query("gracePeriodSeconds", "integer", "Time for an orderly end; 0 deletes at once.");
      query("propagationPolicy", "string", "What becomes of dependents: Orphan, Background or Foreground.");
    }
    if (verb == "list" || verb == "deletecollection") {
      query("allowWatchBookmarks", "boolean", "Asks for BOOKMARK events.");
      query("continue", "string", "The token that the previous piece of the list gave.");
      query("fieldSelector", "string", "Restricts by fields.");
      query("labelSelector", "string", "Restricts by labels.");
      query("limit", "integer", "The largest number of objects in one answer.");
      query("resourceVersion", "string", "How new the answer must be.");
      query("resourceVersionMatch", "string", "NotOlderThan or Exact.");
      query("sendInitialEvents", "boolean", "With watch: the present state first, then a bookmark.");
      query("timeoutSeconds", "integer", "When the watch ends.");
      query("watch", "boolean", "Changes as they happen instead of a list.");
    }
    if (log) {
      query("container", "string", "Which container; may be left out when there is one.");
      query("follow", "boolean", "Goes on with what is written later.");
      query("limitBytes", "integer", "The largest number of bytes.");
      query("previous", "boolean", "The log of the container that ran before.");
      query("sinceSeconds", "integer", "Only lines that are not older.");
      query("tailLines", "integer", "Only the last lines.");
      query("timestamps", "boolean", "Each line begins with its time.");
    }
    return list;
  }

  draft content(std::string_view definition, bool patch) const {
    draft types = draft::make_object();
    if (patch)
      for (const auto type : {"application/json-patch+json", "application/merge-patch+json",
                              "application/strategic-merge-patch+json"})
        types.set(type, draft::make_object({{"schema", draft::make_object({{"type", "object"}})}}));
    else
      types.set("application/json", draft::make_object({{"schema", reference(form_, definition)}}));
    return types;
  }

  void set_bodies(draft& operation, std::string_view verb, const std::string& body, const std::string& answer,
                  bool log) const {
    const bool takes_body = verb == "create" || verb == "update" || verb == "patch";
    const bool patch = verb == "patch";
    draft answered = draft::make_object({{"description", "OK"}});
    if (form_ == dialect::v2) {
      if (takes_body)
        operation["parameters"].push_back(draft::make_object(
          {{"in", "body"},
           {"name", "body"},
           {"required", true},
           {"schema", patch ? draft::make_object({{"type", "object"}}) : reference(form_, body)}}));
      answered.set("schema", log ? draft::make_object({{"type", "string"}}) : reference(form_, answer));
    } else {
      if (takes_body)
        operation.set("requestBody",
                      draft::make_object({{"content", content(body, patch)}, {"required", true}}));
      answered.set(
        "content",
        log ? draft::make_object(
                {{"text/plain", draft::make_object({{"schema", draft::make_object({{"type", "string"}})}})}})
            : content(answer, false));
    }
    operation.set("responses",
                  draft::make_object({{"200", std::move(answered)},
                                      {"401", draft::make_object({{"description", "Unauthorized"}})}}));
  }

  void add_operation(const std::string& path, const operation_form& form, const registry::kind& kind,
                     const std::vector<std::string_view>&, std::string_view suffix,
                     std::string_view body_kind, bool list, const registry::subresource* sub = nullptr) {
    const bool log = sub != nullptr && sub->name == "log";
    std::string body_version = kind.api_version();
    if (sub != nullptr && !sub->body_version.empty())
      body_version = sub->body_group.empty() ? std::string{sub->body_version}
                                             : fmt::format("{}/{}", sub->body_group, sub->body_version);
    const auto* body_type = messages::codec::api_schema().find(body_version, body_kind);
    const auto* status = messages::codec::api_schema().find("v1", "Status");
    if (body_type == nullptr || status == nullptr)
      return;
    const auto body = definition_name(*body_type);
    const bool removes = form.verb == "delete" || form.verb == "deletecollection";
    const auto answer = list ? list_definition_name(kind) : removes ? definition_name(*status) : body;
    const std::string group =
      kind.group.empty() ? "Core" : capital(kind.group.substr(0, kind.group.find('.')));
    const std::string tag = fmt::format(
      "{}_{}", kind.group.empty() ? "core" : kind.group.substr(0, kind.group.find('.')), kind.version);
    const bool namespaced = path.find("{namespace}") != std::string::npos;
    std::string action{form.verb == "update" ? "put" : form.verb == "create" ? "post" : form.verb};
    draft operation = draft::make_object({
      {"description",
       fmt::format("{} {} of kind {}", form.id_prefix, list ? "objects" : "an object", body_kind)},
      {"operationId", fmt::format("{}{}{}{}{}{}", form.id_prefix, group, capital(kind.version),
                                  namespaced ? "Namespaced" : "", kind.name, suffix)},
      {"parameters", parameters_of(form.verb, log)},
      {"tags", draft::make_array({tag})},
      {"x-kubernetes-action", action},
      {"x-kubernetes-group-version-kind",
       sub != nullptr && !sub->body_version.empty()
         ? group_version_kind(sub->body_group, sub->body_version, body_kind)
         : group_version_kind(kind.group, kind.version, body_kind)},
    });
    set_bodies(operation, form.verb, body, answer, log);
    auto& item = paths_[path];
    item.set(form.method, std::move(operation));
    if (item.contains("parameters"))
      return;
    draft shared = draft::make_array();
    if (path.find("{name}") != std::string::npos)
      shared.push_back(parameter("name", "path", "string", fmt::format("name of the {}", kind.name)));
    if (namespaced)
      shared.push_back(parameter("namespace", "path", "string", "the namespace of the object"));
    shared.push_back(parameter("pretty", "query", "string", "true: the answer is indented."));
    item.set("parameters", std::move(shared));
  }

  dialect form_;
  std::map<std::string, draft> paths_;
};

} // namespace

draft make_paths(dialect form, const std::vector<const registry::kind*>& kinds) {
  paths_builder made{form};
  for (const auto* kind : kinds)
    made.add(*kind);
  return made.result();
}

} // namespace actors::apiserver::discovery
