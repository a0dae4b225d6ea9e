// message<T>: one CAF message type per FlatBuffers table T. The root table's bytes and the attached API objects
// are immutable and reference-counted, so that a message costs two pointers within a process; between hosts
// both are serialized, and verified when they arrive (a message that fails arrives as an error, never as data).
#pragma once

#include "runtime/transport/attachment.hpp"

#include <caf/all.hpp>
#include <flatbuffers/flatbuffers.h>

#include <memory>
#include <string>
#include <vector>

namespace runtime::transport {

/// One message between hosts is at most this large; longer lists travel in several messages.
constexpr size_t message_size_max = 64u << 20;

template <class T>
class message {
public:
  using native = typename T::NativeTableType;

  message() = default;

  /// Packs `content`; `attachments` are what its `object` indices refer to.
  explicit message(const native& content, std::vector<attachment> attachments = {}) {
    flatbuffers::FlatBufferBuilder builder{256};
    builder.Finish(T::Pack(builder, &content));
    auto bytes = builder.Release();
    body_ = std::make_shared<body>(
      body{messages::codec::object_buffer{std::move(bytes)}, std::move(attachments)});
  }

  bool valid() const { return body_ != nullptr; }
  const T* operator->() const { return body_->root.template root<T>(); }
  const T& operator*() const { return *body_->root.template root<T>(); }
  native unpack() const {
    native result;
    body_->root.template root<T>()->UnPackTo(&result);
    return result;
  }

  const std::vector<attachment>& attachments() const { return body_->attachments; }
  /// The attachment that an `object` field names; an empty one for -1 or an index that is out of range.
  const attachment& at(int32_t index) const {
    static const attachment none;
    if (index < 0 || static_cast<size_t>(index) >= body_->attachments.size())
      return none;
    return body_->attachments[static_cast<size_t>(index)];
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, message& x) {
    std::string wire;
    if constexpr (Inspector::reads_state)
      wire = x.to_wire();
    auto load = [&]() -> caf::error {
      if (x.from_wire(std::move(wire)))
        return caf::none;
      return make_error(caf::sec::invalid_argument, "a message failed its verification");
    };
    return f(caf::meta::type_name("message"), wire, caf::meta::load_callback(load));
  }

private:
  struct body {
    messages::codec::object_buffer root;
    std::vector<attachment> attachments;
  };

  static void append_size(std::string& out, size_t size) {
    const uint64_t value = size;
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static void pad(std::string& out) { out.resize((out.size() + 7) / 8 * 8); }

  /// u64 size, bytes, padding to 8: first the root, then each attachment.
  std::string to_wire() const {
    std::string out;
    if (!body_)
      return out;
    append_size(out, body_->root.size());
    out.append(reinterpret_cast<const char*>(body_->root.data()), body_->root.size());
    for (const auto& item : body_->attachments) {
      pad(out);
      std::string wire;
      append_wire(item, wire);
      append_size(out, wire.size());
      out += wire;
    }
    return out;
  }

  bool from_wire(std::string bytes) {
    if (bytes.empty()) {
      body_ = nullptr;
      return true;
    }
    if (bytes.size() > message_size_max)
      return false;
    auto owner = std::make_shared<const std::string>(std::move(bytes));
    auto result = std::make_shared<body>();
    size_t position = 0;
    bool is_root = true;
    while (position < owner->size()) {
      uint64_t size = 0;
      if (owner->size() - position < sizeof size)
        return false;
      std::memcpy(&size, owner->data() + position, sizeof size);
      position += sizeof size;
      if (size > owner->size() - position)
        return false;
      if (is_root) {
        const auto* data = reinterpret_cast<const uint8_t*>(owner->data()) + position;
        flatbuffers::Verifier verifier{data, size};
        if (!verifier.VerifyBuffer<T>(nullptr))
          return false;
        result->root = messages::codec::object_buffer{std::shared_ptr<const void>{owner, owner.get()}, data, size};
        is_root = false;
      } else {
        auto item = attachment_from_wire(owner, position, size, true);
        if (!item)
          return false;
        result->attachments.push_back(std::move(*item));
      }
      position = (position + size + 7) / 8 * 8;
    }
    if (is_root)
      return false;
    body_ = std::move(result);
    return true;
  }

  std::shared_ptr<const body> body_;
};

} // namespace runtime::transport
