// Between the protocol's messages and the storage engine's types. Pure functions; objects are stored in their
// wire form (table name, FlatBuffer).
#pragma once

#include "runtime/protocols/store.hpp"
#include "storage/engine.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace actors::store {

namespace protocol = runtime::protocols::store;

// Why the request is refused as a whole; nullopt: it is well-formed.
std::optional<std::string> find_fault(const protocol::commit_request& request, size_t writes_max);
std::optional<std::string> find_fault(const protocol::fence_request& request);

// About what its writes take in memory and in a transaction.
size_t bytes_of(const protocol::commit_request& request);

// Appends the writes of a well-formed request.
void append_writes(const protocol::commit_request& request, std::vector<storage::write>& out);

protocol::commit_reply to_reply(std::span<const storage::write_result> results);

// The same status for every write of a request.
protocol::commit_reply to_reply(size_t writes, messages::roles::store::WriteStatus status,
                                std::string message);

// The writer's role is at `epoch` by now.
protocol::commit_reply fenced_reply(size_t writes, int64_t epoch);

// Throw storage::error (corrupt) when a value is no object of a table that this program knows.
protocol::range_reply to_reply(storage::range_page&& page);
protocol::shard_changes to_message(const std::string& shard, storage::revision after,
                                   storage::change_page&& page);

// Tells a watcher that it was dropped at `sent`.
protocol::shard_changes lagging_message(const std::string& shard, storage::revision sent);

// Pages of a copy: values travel as they are stored.
protocol::copy_reply to_reply(storage::copy_page&& page);
storage::copy_page to_page(const protocol::copy_reply& reply);
protocol::copy_reply refused_copy(std::string why);
protocol::hand_over_reply to_reply(const storage::owner_record& owner, const std::vector<storage::fence_entry>& fences);
protocol::hand_over_reply refused_hand_over(std::string why);

} // namespace actors::store
