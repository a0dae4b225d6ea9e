// Selectors on stored objects, after upstream's LabelSelectorAsSelector.
#include "actors/client/label_selector.hpp"

#include "messages/api/apps/v1/replicaset_generated.h"
#include "messages/api/core/v1/pod_generated.h"
#include "messages/api/core/v1/service_generated.h"
#include "messages/api/meta/v1/meta_generated.h"
#include "tests/unit/actors/client/samples.hpp"

using namespace client_samples;
namespace api = messages::api;

namespace {

/// A pod's labels, kept alive.
struct labels {
  messages::codec::object_buffer object;
  explicit labels(std::string_view text)
      : object(packed(client::pods.type(), draft::make_object({{"metadata", draft::make_object({{"name", "x"}, {"labels", json(text)}})}}))) {}
  const client::label_entries* get() const { return object.root<api::core::v1::Pod>()->metadata()->labels(); }
};

/// A ReplicaSet's spec.selector, kept alive.
struct selector {
  messages::codec::object_buffer object;
  explicit selector(std::string_view text)
      : object(packed(client::replicasets.type(), draft::make_object({{"metadata", draft::make_object({{"name", "x"}})},
                                                                    {"spec", draft::make_object({{"selector", json(text)}})}}))) {}
  const api::meta::v1::LabelSelector* get() const { return object.root<api::apps::v1::ReplicaSet>()->spec()->selector(); }
};

bool selects(std::string_view wanted, std::string_view has) {
  const selector s{wanted};
  const labels l{has};
  return client::selects(s.get(), l.get());
}

std::string expression(std::string_view op, std::string_view values) {
  return fmt::format(R"({{"matchExpressions":[{{"key":"tier","operator":"{}","values":{}}}]}})", op, values);
}

} // namespace

TEST_CASE("matchLabels wants every one of its labels", "[client]") {
  constexpr auto wanted = R"({"matchLabels":{"app":"web","tier":"front"}})";
  CHECK(selects(wanted, R"({"app":"web","tier":"front","more":"x"})"));
  CHECK_FALSE(selects(wanted, R"({"app":"web"})"));
  CHECK_FALSE(selects(wanted, R"({"app":"web","tier":"back"})"));
  CHECK_FALSE(selects(wanted, R"({})"));
}

TEST_CASE("an empty selector selects everything, a missing one nothing", "[client]") {
  const labels some{R"({"app":"web"})"};
  CHECK(selects("{}", R"({"app":"web"})"));
  CHECK(selects("{}", "{}"));
  CHECK_FALSE(client::selects(static_cast<const api::meta::v1::LabelSelector*>(nullptr), some.get()));
}

TEST_CASE("an expression's operator decides what a missing label means", "[client]") {
  constexpr auto front = R"({"tier":"front"})";
  constexpr auto back = R"({"tier":"back"})";
  constexpr auto none = "{}";
  const std::string in = expression("In", R"(["front","middle"])");
  CHECK(selects(in, front));
  CHECK_FALSE(selects(in, back));
  CHECK_FALSE(selects(in, none));
  const std::string not_in = expression("NotIn", R"(["front","middle"])");
  CHECK_FALSE(selects(not_in, front));
  CHECK(selects(not_in, back));
  CHECK(selects(not_in, none));
  CHECK(selects(expression("Exists", "[]"), back));
  CHECK_FALSE(selects(expression("Exists", "[]"), none));
  CHECK_FALSE(selects(expression("DoesNotExist", "[]"), back));
  CHECK(selects(expression("DoesNotExist", "[]"), none));
}

TEST_CASE("a label with an empty value is a label", "[client]") {
  CHECK(selects(R"({"matchLabels":{"app":""}})", R"({"app":""})"));
  CHECK_FALSE(selects(R"({"matchLabels":{"app":""}})", "{}"));
  CHECK(selects(expression("In", R"([""])"), R"({"tier":""})"));
}

TEST_CASE("a Service selects by all entries, and nothing when it has none", "[client]") {
  const auto service = [](std::string_view wanted) {
    return packed(client::services.type(), json(fmt::format(R"({{"metadata":{{"name":"x"}},"spec":{{"selector":{}}}}})", wanted)));
  };
  const labels web{R"({"app":"web","tier":"front"})"};
  const auto selected = [&](std::string_view wanted) {
    const messages::codec::object_buffer object = service(wanted);
    const auto* stored = object.root<api::core::v1::Service>();
    return client::selects(stored->spec()->selector(), web.get());
  };
  CHECK(selected(R"({"app":"web"})"));
  CHECK(selected(R"({"app":"web","tier":"front"})"));
  CHECK_FALSE(selected(R"({"app":"web","tier":"back"})"));
  CHECK_FALSE(selected("{}"));
  CHECK_FALSE(client::selects(static_cast<const client::label_entries*>(nullptr), web.get()));
}

TEST_CASE("a selector's text is what the API's labelSelector parameter takes", "[client]") {
  const auto text = [](std::string_view wanted) { return client::selector_text(selector{wanted}.get()); };
  CHECK(text(R"({"matchLabels":{"b":"2","a":"1"}})") == "a=1,b=2");
  CHECK(text(R"({"matchLabels":{"a":"1"},"matchExpressions":[{"key":"c","operator":"In","values":["d","e"]},
    {"key":"f","operator":"NotIn","values":["g"]},{"key":"h","operator":"Exists"},{"key":"i","operator":"DoesNotExist"}]})") ==
        "a=1,c in (d,e),f notin (g),h,!i");
  CHECK(text("{}").empty());
  CHECK(client::selector_text(nullptr).empty());
}
