#include "runtime/protocols/render.hpp"

#include "messages/api/meta/v1/meta_generated.h"
#include "messages/codec/schema.hpp"
#include "messages/roles/schema_bytes.hpp"
#include "runtime/protocols/apiserver.hpp"
#include "runtime/protocols/kubelet.hpp"
#include "runtime/protocols/store.hpp"
#include "runtime/telemetry/message_key.hpp"

#include <flatbuffers/idl.h>

#include <memory>
#include <stdexcept>

namespace runtime::protocols {

namespace {

constexpr size_t attachments_shown_max = 16;

/// The schema of all protocols, read once.
const flatbuffers::Parser& protocols() {
  static const auto parser = [] {
    flatbuffers::IDLOptions options;
    options.indent_step = -1; // on one line
    options.strict_json = false;
    options.allow_non_utf8 = true; // a log's bytes
    auto result = std::make_unique<flatbuffers::Parser>(options);
    auto bytes = messages::roles::schema_bytes();
    if (!result->Deserialize(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()))
      throw std::logic_error("the embedded schema of the protocols cannot be read");
    return result;
  }();
  return *parser;
}

std::string describe(const transport::attachment& item) {
  if (!item)
    return "?";
  std::string result{item.type->name()};
  if (auto metadata = messages::codec::metadata_of(*item.type, item.object)) {
    result += " ";
    if (metadata->namespace_())
      result += metadata->namespace_()->str() + "/";
    if (metadata->name())
      result += metadata->name()->str();
  }
  return result;
}

template <class T>
bool try_render(const transport::message<T>&, const caf::type_erased_tuple& content, std::string& out) {
  using message = transport::message<T>;
  if (!content.match_element<message>(0))
    return false;
  auto& value = content.get_as<message>(0);
  if (!value.valid()) {
    out = "(damaged)";
    return true;
  }
  auto table = "messages.roles." + telemetry::message_name(telemetry::key_of(content));
  flatbuffers::GenerateTextFromTable(protocols(), &*value, table, &out);
  auto& attachments = value.attachments();
  for (size_t i = 0; i < attachments.size() && i < attachments_shown_max; ++i)
    out += (i == 0 ? " [" : ", ") + describe(attachments[i]);
  if (!attachments.empty())
    out += attachments.size() > attachments_shown_max ? ", ...]" : "]";
  return true;
}

template <class... Messages>
std::string render_one_of(const caf::type_erased_tuple& content) {
  std::string out;
  (void) (try_render(Messages{}, content, out) || ...);
  return out;
}

} // namespace

std::string render_message(const caf::type_erased_tuple& content) {
  if (content.size() != 1)
    return {};
  return render_one_of<apiserver::write_request, apiserver::write_reply, apiserver::get_request, apiserver::get_reply,
                       apiserver::watch_request, apiserver::watch_reply, apiserver::watch_batch, apiserver::watch_ack,
                       apiserver::watch_cancel, store::commit_request, store::commit_reply, store::range_request,
                       store::range_reply, store::revision_request, store::revision_reply, store::watch_request,
                       store::watch_reply, store::shard_changes, store::shard_changes_ack, store::copy_request, store::copy_reply,
                       store::hand_over_request, store::hand_over_reply, store::shard_state_request, store::shard_state_reply, kubelet::read_log_request,
                       kubelet::read_log_reply>(content);
}

} // namespace runtime::protocols
