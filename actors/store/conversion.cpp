#include "actors/store/conversion.hpp"

#include "messages/codec/schema.hpp"

namespace actors::store {

namespace fb = messages::roles::store;
using runtime::transport::attachment;

namespace {

constexpr size_t write_overhead_bytes = 128;

std::string stored_form(const attachment& object) {
  std::string bytes;
  bytes.reserve(object.object.size() + object.type->full_name().size() + 16);
  runtime::transport::append_wire(object, bytes);
  return bytes;
}

// Adds the object to the attachments and returns its index.
int32_t attach(std::vector<attachment>& attachments, std::string_view value, const std::string& key) {
  // The engine has checked the checksum, so the bytes are those that were verified when they were written. They stay in memory for as
  // long as the object is in a cache: without what is not the object.
  auto object = runtime::transport::attachment_of_stored(value);
  if (!object)
    throw storage::error(storage::error_code::corrupt,
                         "\"" + key + "\" is of a table that this version of Troupe does not know");
  attachments.push_back(std::move(*object));
  return static_cast<int32_t>(attachments.size() - 1);
}

fb::WriteStatus to_status(storage::write_status status) {
  switch (status) {
    case storage::write_status::done:
      return fb::WriteStatus::done;
    case storage::write_status::conflict:
      return fb::WriteStatus::conflict;
    case storage::write_status::absent:
      return fb::WriteStatus::absent;
    case storage::write_status::too_large:
      return fb::WriteStatus::too_large;
    case storage::write_status::failed:
      return fb::WriteStatus::failed;
    case storage::write_status::skipped:
      return fb::WriteStatus::skipped;
  }
  return fb::WriteStatus::failed;
}

protocol::commit_reply reply_of(const std::vector<fb::WriteResultT>& results, std::string message) {
  fb::CommitReplyT reply;
  reply.message = std::move(message);
  for (const auto& r : results)
    reply.results.push_back(std::make_unique<fb::WriteResultT>(r));
  return protocol::commit_reply{reply};
}

} // namespace

std::optional<std::string> find_fault(const protocol::commit_request& request, size_t writes_max) {
  if (!request.valid())
    return "the message was damaged on its way";
  const auto* writes = request->writes();
  if (writes == nullptr || writes->size() == 0)
    return "a commit without writes";
  if (writes->size() > writes_max)
    return "a commit of " + std::to_string(writes->size()) + " writes, at most " +
           std::to_string(writes_max) + " are taken in one request";
  for (const auto* w : *writes)
    if (w->kind() == fb::WriteKind::put && !request.at(w->object()))
      return "a put of \"" + w->key()->str() + "\" without an object";
  if (writes->Get(writes->size() - 1)->with_next())
    return "the last write of a commit is joined to a next one"; // which would be another request's
  return std::nullopt;
}

std::optional<std::string> find_fault(const protocol::fence_request& request) {
  if (!request.valid())
    return "the message was damaged on its way";
  const auto* role = request->role();
  if (role == nullptr || role->size() == 0 || role->size() > storage::role_bytes_max)
    return "a fence needs the id of a role, 1 to " + std::to_string(storage::role_bytes_max) + " bytes long";
  if (request->epoch() < 1)
    return "the fence of \"" + role->str() + "\" has the epoch " + std::to_string(request->epoch()) +
           ", epochs start at 1";
  return std::nullopt;
}

size_t bytes_of(const protocol::commit_request& request) {
  size_t bytes = 0;
  for (const auto* w : *request->writes())
    bytes += w->key()->size() + request.at(w->object()).object.size() + write_overhead_bytes;
  return bytes;
}

void append_writes(const protocol::commit_request& request, std::vector<storage::write>& out) {
  for (const auto* w : *request->writes()) {
    storage::write converted;
    converted.key = w->key()->str();
    if (w->kind() == fb::WriteKind::erase)
      converted.kind = storage::change_kind::erase;
    else
      converted.value = stored_form(request.at(w->object()));
    if (w->expected() >= 0)
      converted.expected = w->expected();
    converted.with_next = w->with_next();
    out.push_back(std::move(converted));
  }
}

protocol::commit_reply to_reply(std::span<const storage::write_result> results) {
  std::vector<fb::WriteResultT> converted(results.size());
  std::string message;
  for (size_t i = 0; i < results.size(); ++i) {
    converted[i].status = to_status(results[i].status);
    converted[i].revision = results[i].rev;
    if (results[i].status == storage::write_status::failed)
      message = "a key must not be empty, contain a NUL character or appear twice in a group";
  }
  return reply_of(converted, std::move(message));
}

protocol::commit_reply fenced_reply(size_t writes, int64_t epoch) {
  fb::WriteResultT result;
  result.status = fb::WriteStatus::fenced;
  result.revision = epoch;
  return reply_of(std::vector<fb::WriteResultT>(writes, result), {});
}

protocol::commit_reply to_reply(size_t writes, fb::WriteStatus status, std::string message) {
  fb::WriteResultT result;
  result.status = status;
  return reply_of(std::vector<fb::WriteResultT>(writes, result), std::move(message));
}

protocol::range_reply to_reply(storage::range_page&& page) {
  fb::RangeReplyT reply;
  reply.more = page.more;
  reply.revision = page.at;
  std::vector<attachment> attachments;
  attachments.reserve(page.records.size());
  for (auto& r : page.records) {
    auto converted = std::make_unique<fb::RecordT>();
    converted->object = attach(attachments, r.value, r.key);
    converted->key = std::move(r.key);
    converted->created = r.created;
    converted->modified = r.modified;
    reply.records.push_back(std::move(converted));
  }
  return protocol::range_reply{reply, std::move(attachments)};
}

protocol::shard_changes to_message(const std::string& shard, storage::revision after,
                                   storage::change_page&& page) {
  fb::ShardChangesT message;
  message.shard = shard;
  message.after = after;
  message.to = page.last;
  std::vector<attachment> attachments;
  attachments.reserve(2 * page.changes.size());
  for (auto& c : page.changes) {
    auto converted = std::make_unique<fb::ChangeT>();
    const bool erase = c.kind == storage::change_kind::erase;
    converted->kind = erase ? fb::WriteKind::erase : fb::WriteKind::put;
    converted->revision = c.rev;
    converted->created = c.created;
    converted->previous_revision = c.previous_rev;
    converted->object = attach(attachments, c.value, c.key);
    // What an erase replaced is its last value: one copy serves both.
    if (c.previous)
      converted->previous = erase ? converted->object : attach(attachments, *c.previous, c.key);
    converted->key = std::move(c.key);
    message.changes.push_back(std::move(converted));
  }
  return protocol::shard_changes{message, std::move(attachments)};
}

protocol::copy_reply to_reply(storage::copy_page&& page) {
  fb::CopyReplyT reply;
  reply.last = page.last;
  reply.current = page.current;
  reply.oldest = page.oldest;
  reply.second = page.second;
  reply.stored = static_cast<int64_t>(page.stored);
  for (auto& w : page.writes) {
    auto converted = std::make_unique<fb::CopiedWriteT>();
    converted->revision = w.rev;
    converted->kind = w.kind == storage::change_kind::erase ? fb::WriteKind::erase : fb::WriteKind::put;
    converted->key = std::move(w.key);
    converted->value.assign(w.value.begin(), w.value.end());
    converted->created = w.created;
    converted->previous = w.previous;
    converted->second = w.second;
    reply.writes.push_back(std::move(converted));
  }
  return protocol::copy_reply{reply};
}

storage::copy_page to_page(const protocol::copy_reply& reply) {
  storage::copy_page page{.writes = {},
                          .last = reply->last(),
                          .current = reply->current(),
                          .oldest = reply->oldest(),
                          .second = reply->second(),
                          .stored = static_cast<size_t>(std::max<int64_t>(reply->stored(), 0))};
  if (reply->writes() == nullptr)
    return page;
  page.writes.reserve(reply->writes()->size());
  for (const auto* w : *reply->writes()) {
    const auto kind = w->kind() == fb::WriteKind::erase ? storage::change_kind::erase : storage::change_kind::put;
    std::string value;
    if (w->value() != nullptr)
      value.assign(reinterpret_cast<const char*>(w->value()->data()), w->value()->size());
    page.writes.push_back({w->revision(), kind, w->key()->str(), std::move(value), w->created(), w->previous(), w->second()});
  }
  return page;
}

protocol::copy_reply refused_copy(std::string why) {
  fb::CopyReplyT reply;
  reply.refused = std::move(why);
  return protocol::copy_reply{reply};
}

protocol::hand_over_reply to_reply(const storage::owner_record& owner, const std::vector<storage::fence_entry>& fences) {
  fb::HandOverReplyT reply;
  reply.epoch = owner.epoch;
  reply.revision = owner.last;
  for (const auto& fence : fences) {
    auto converted = std::make_unique<fb::FenceT>();
    converted->role = fence.role;
    converted->epoch = fence.epoch;
    reply.fences.push_back(std::move(converted));
  }
  return protocol::hand_over_reply{reply};
}

protocol::hand_over_reply refused_hand_over(std::string why) {
  fb::HandOverReplyT reply;
  reply.refused = std::move(why);
  return protocol::hand_over_reply{reply};
}

protocol::shard_changes lagging_message(const std::string& shard, storage::revision sent) {
  fb::ShardChangesT message;
  message.shard = shard;
  message.after = message.to = sent;
  message.lagging = true;
  return protocol::shard_changes{message};
}

} // namespace actors::store
