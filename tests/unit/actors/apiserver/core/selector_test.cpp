// Label and field selectors over stored objects.
#include <catch2/catch.hpp>

#include "actors/apiserver/selectors/change_filter.hpp"
#include "actors/apiserver/selectors/interest_index.hpp"
#include "actors/apiserver/selectors/selector.hpp"
#include "messages/codec/codec.hpp"

using namespace actors::apiserver;
using namespace actors::apiserver::selectors;
using messages::codec::draft;

namespace {

const registry::kind& pods() {
  return *registry::find_kind("", "v1", "pods");
}

cache::object_ptr pod(const char* labels_json, const char* node, int64_t revision = 1) {
  const auto& type = *messages::codec::api_schema().find("v1", "Pod");
  draft object = draft::make_object({{"apiVersion", "v1"},
                                     {"kind", "Pod"},
                                     {"metadata", draft::make_object({{"name", "web"}, {"namespace", "default"}})},
                                     {"spec", draft::make_object({{"nodeName", node}})},
                                     {"status", draft::make_object({{"phase", "Running"}})}});
  object["metadata"].set("labels", messages::codec::parse_json(labels_json).value);
  return std::make_shared<const cache::cached_object>(type, messages::codec::pack(type, object).object, revision);
}

object_selector parse(std::string_view labels, std::string_view fields = "") {
  auto parsed = object_selector::parse(pods(), labels, fields);
  if (auto* error = std::get_if<selector_error>(&parsed))
    FAIL(error->message);
  return std::get<object_selector>(parsed);
}

bool matches(std::string_view labels, std::string_view fields, const cache::object_ptr& object) {
  return parse(labels, fields).matches(object->what(), object->bytes());
}

} // namespace

TEST_CASE("label selectors match as kubectl's users expect") {
  const auto object = pod(R"({"app":"web","tier":"front","size":"5","example.com/x":""})", "node-a");
  const std::vector<std::pair<std::string, bool>> table = {
    {"", true},
    {"app=web", true},
    {"app==web", true},
    {"app=db", false},
    {"app!=db", true},
    {"other!=x", true},
    {"app", true},
    {"!app", false},
    {"!other", true},
    {"app in (web,db)", true},
    {"app in (db)", false},
    {"app notin (db, cache)", true},
    {"app notin (web)", false},
    {"other in (x)", false},
    {"other notin (x)", true},
    {"app=web,tier=front", true},
    {"app=web,tier=back", false},
    {"app in (web), tier notin (back) ,size", true},
    {"size>4", true},
    {"size<5", false},
    {"example.com/x", true},
    {"example.com/x=", true},
    {" app = web ", true},
  };
  for (const auto& [text, wanted] : table) {
    INFO(text);
    CHECK(matches(text, "", object) == wanted);
  }
}

TEST_CASE("field selectors read the stored object") {
  const auto object = pod("{}", "node-a");
  CHECK(matches("", "metadata.name=web", object));
  CHECK_FALSE(matches("", "metadata.name!=web", object));
  CHECK(matches("", "spec.nodeName=node-a,status.phase!=Pending", object));
  CHECK_FALSE(matches("", "spec.nodeName=node-b", object));
  CHECK(matches("", "spec.nodeName=", pod("{}", "")));
  CHECK(parse("", "metadata.name=web").required_name() == "web");
}

TEST_CASE("bad selectors are refused with the reason") {
  const auto error = [](std::string_view labels, std::string_view fields) {
    auto parsed = object_selector::parse(pods(), labels, fields);
    auto* found = std::get_if<selector_error>(&parsed);
    return found == nullptr ? std::string{} : found->message;
  };
  for (const std::string text : {"=x", "a b", "app in web", "app in (web", "a=b=c", "-a=b", "a=b c", "size>x", ","}) {
    INFO(text);
    CHECK_FALSE(error(text, "").empty());
  }
  CHECK(error("", "spec.image=x") == "field label not supported: spec.image");
  CHECK_FALSE(error("", "metadata.name").empty());
}

TEST_CASE("a watcher sees objects enter and leave its selection") {
  const auto in = pod(R"({"app":"web"})", "node-a");
  const auto out = pod(R"({"app":"db"})", "node-a");
  const auto selector = parse("app=web");
  const auto seen = [&](cache::object_ptr before, cache::object_ptr after, std::string_view prefix = "/pods/") {
    return filter_change({9, "/pods/default/web", before, after}, prefix, selector);
  };
  CHECK(seen(nullptr, in)->what == seen_as::added);
  CHECK(seen(in, in)->what == seen_as::modified);
  CHECK(seen(out, in)->what == seen_as::added);
  CHECK(seen(in, out)->what == seen_as::deleted);
  CHECK(seen(in, out)->object == in); // the last state that it saw
  CHECK(seen(in, nullptr)->what == seen_as::deleted);
  CHECK_FALSE(seen(out, out));
  CHECK_FALSE(seen(nullptr, out));
  CHECK_FALSE(seen(out, nullptr));
  CHECK_FALSE(seen(nullptr, in, "/pods/other/"));
  CHECK(seen(nullptr, in, "/pods/default/")->revision == 9);
}

TEST_CASE("the index names every watcher that a change concerns, and of those with a field's value no other") {
  const std::vector<std::pair<std::string, std::string>> selectors = {
    {"", ""},
    {"app=web", ""},
    {"", "spec.nodeName=node-a"},
    {"app=web", "spec.nodeName=node-a"},
    {"", "spec.nodeName=node-b"},
    {"", "spec.nodeName=node-c"},
    {"", "spec.nodeName!=node-a"},
    {"", "spec.nodeName="},
    {"", "metadata.name=web"},
    {"", "metadata.name=other,spec.nodeName=node-a"},
    {"", "status.phase!=Running,spec.nodeName=node-b"},
  };
  interest_index<size_t> index;
  for (size_t i = 0; i < selectors.size(); ++i)
    index.add(parse(selectors[i].first, selectors[i].second), i);
  const std::vector<cache::object_ptr> states = {nullptr, pod(R"({"app":"web"})", ""), pod(R"({"app":"db"})", "node-a"),
                                                 pod(R"({"app":"web"})", "node-b")};
  for (const auto& before : states)
    for (const auto& after : states) {
      const cache::change item{5, "/pods/default/web", before, after};
      std::set<size_t> named = index.broad();
      index.collect(item, named);
      for (size_t i = 0; i < selectors.size(); ++i)
        if (filter_change(item, "/pods/", parse(selectors[i].first, selectors[i].second)))
          CHECK(named.count(i) == 1);
      CHECK(named.count(5) == 0); // node-c
    }
  for (size_t i = 0; i < selectors.size(); ++i)
    index.remove(parse(selectors[i].first, selectors[i].second), i);
  std::set<size_t> none = index.broad();
  index.collect({5, "/pods/default/web", states[2], states[3]}, none);
  CHECK(none.empty());
}
