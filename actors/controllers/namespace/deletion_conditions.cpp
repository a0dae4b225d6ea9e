// Conditions, in upstream's words.
#include "actors/controllers/namespace/deletion_conditions.hpp"

#include <fmt/format.h>

#include "messages/codec/time.hpp"

namespace actors::controllers::namespaces {

using client::draft;

namespace {

struct condition {
  const char* type;
  bool failing;
  const char* reason;
  std::string message;
};

void put_condition(draft& conditions, const condition& wanted, int64_t now_seconds) {
  const char* status = wanted.failing ? "True" : "False";
  draft next = draft::make_object({{"type", wanted.type},
                                   {"status", status},
                                   {"lastTransitionTime", messages::codec::format_time(now_seconds)},
                                   {"reason", wanted.reason},
                                   {"message", wanted.message}});
  for (auto& item : conditions.items())
    if (item.get("type").str() == wanted.type) {
      if (item.get("status").str() == status)
        next.set("lastTransitionTime", item.get("lastTransitionTime"));
      item = std::move(next);
      return;
    }
  conditions.push_back(std::move(next));
}

std::string list(const char* start, const char* format, const std::map<std::string, int64_t>& counts) {
  std::string result;
  for (const auto& [name, count] : counts)
    result.append(result.empty() ? start : ", ").append(fmt::format(fmt::runtime(format), name, count));
  return result;
}

} // namespace

draft deletion_conditions(const draft& present, const remaining_content& content, int64_t now_seconds) {
  draft result = present.is_array() ? present : draft::make_array();
  // The kinds are compiled in: these two cannot fail.
  put_condition(result, {"NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered"}, now_seconds);
  put_condition(result, {"NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions", "All legacy kube types successfully parsed"},
                now_seconds);
  put_condition(result, {"NamespaceDeletionContentFailure", false, "ContentDeleted",
                         "All content successfully deleted, may be waiting on finalization"},
                now_seconds);
  if (content.by_resource.empty())
    put_condition(result, {"NamespaceContentRemaining", false, "ContentRemoved", "All content successfully removed"}, now_seconds);
  else
    put_condition(result, {"NamespaceContentRemaining", true, "SomeResourcesRemain",
                           list("Some resources are remaining: ", "{} has {} resource instances", content.by_resource)},
                  now_seconds);
  if (content.by_finalizer.empty())
    put_condition(result, {"NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", "All content-preserving finalizers finished"},
                  now_seconds);
  else
    put_condition(result, {"NamespaceFinalizersRemaining", true, "SomeFinalizersRemain",
                           list("Some content in the namespace has finalizers remaining: ", "{} in {} resource instances", content.by_finalizer)},
                  now_seconds);
  return result;
}

} // namespace actors::controllers::namespaces
