// Objects and requests for the tests of the store role.
#pragma once

#include "actors/store/conversion.hpp"
#include "messages/api/core/v1/config_generated.h"
#include "messages/codec/schema.hpp"

#include <string>
#include <vector>

namespace actors::store::test {

namespace fb = messages::roles::store;
using runtime::transport::attachment;

// A ConfigMap that carries `text`.
inline attachment object(const std::string& text) {
  using namespace messages::api;
  flatbuffers::FlatBufferBuilder builder;
  auto entry = meta::v1::CreateStringEntryDirect(builder, "text", text.c_str());
  auto data = builder.CreateVector(std::vector{entry});
  core::v1::ConfigMapBuilder config_map(builder);
  config_map.add_data(data);
  builder.Finish(config_map.Finish());
  static const auto* type = messages::codec::api_schema().find("v1", "ConfigMap");
  return {type, messages::codec::object_buffer(builder.Release())};
}

inline std::string text_of(const attachment& a) {
  return a ? a.object.root<messages::api::core::v1::ConfigMap>()->data()->Get(0)->value()->str() : "(none)";
}

struct write_sample {
  std::string key;
  std::string text; // put
  int64_t expected = -1;
  bool erase = false;
  bool with_next = false;
};

inline write_sample joined(write_sample w) {
  w.with_next = true;
  return w;
}

inline write_sample put(std::string key, std::string text, int64_t expected = -1) {
  return {std::move(key), std::move(text), expected, false, false};
}

inline write_sample erase(std::string key, int64_t expected = -1) {
  return {std::move(key), {}, expected, true, false};
}

inline protocol::commit_request commit_of(const std::vector<write_sample>& writes, std::string role = {},
                                          int64_t epoch = 0) {
  fb::CommitRequestT request;
  request.writer_role = std::move(role);
  request.writer_epoch = epoch;
  std::vector<attachment> attachments;
  for (const auto& w : writes) {
    auto converted = std::make_unique<fb::WriteT>();
    converted->kind = w.erase ? fb::WriteKind::erase : fb::WriteKind::put;
    converted->key = w.key;
    converted->expected = w.expected;
    converted->with_next = w.with_next;
    if (!w.erase) {
      converted->object = static_cast<int32_t>(attachments.size());
      attachments.push_back(object(w.text));
    }
    request.writes.push_back(std::move(converted));
  }
  return protocol::commit_request{request, std::move(attachments)};
}

inline protocol::fence_request fence_of(std::string role, int64_t epoch) {
  fb::FenceRequestT request;
  request.role = std::move(role);
  request.epoch = epoch;
  return protocol::fence_request{request};
}

// "done 3, conflict 2"
inline std::string results_of(const protocol::commit_reply& reply) {
  std::string text;
  for (const auto* r : *reply->results()) {
    if (!text.empty())
      text += ", ";
    text += fb::EnumNameWriteStatus(r->status());
    text += ' ' + std::to_string(r->revision());
  }
  return text;
}

// "+/a=1@3 (was 0)", "-/a=1@4"; a watch message as text.
inline std::string changes_of(const protocol::shard_changes& message) {
  std::string text = std::to_string(message->after()) + ".." + std::to_string(message->to()) +
                     (message->lagging() ? " lagging" : "");
  if (message->changes())
    for (const auto* c : *message->changes()) {
      text += c->kind() == fb::WriteKind::erase ? " -" : " +";
      text += c->key()->str() + "=" + text_of(message.at(c->object())) + "@" + std::to_string(c->revision());
      if (c->previous() >= 0)
        text += "(" + text_of(message.at(c->previous())) + ")";
    }
  return text;
}

} // namespace actors::store::test
