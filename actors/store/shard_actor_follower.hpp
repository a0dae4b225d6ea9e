// A shard that is a copy of one on another host, until it takes over: pulls pages from the source, asks it to hand over when
// little is missing, pulls the rest, and becomes the shard. What it decides on is in the engine's owner record, so a crash at any
// moment costs nothing but the page in flight. Owned by the shard actor, and used on it alone.
#pragma once

#include "actors/store/conversion.hpp"
#include "actors/store/store.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace actors::store {

class follower {
public:
  struct hooks {
    std::function<void(std::chrono::milliseconds)> again_after; // calls go() then
    std::function<void()> taken_over;                           // the engine serves from now on
  };

  follower(caf::scheduled_actor* self, const shard_options& options, std::shared_ptr<storage::engine> engine, hooks hooks)
      : self_(self), options_(options), engine_(std::move(engine)), hooks_(std::move(hooks)), page_bytes_(options.bounds.copy_page_bytes) {}

  void source_up(const std::string& host, const caf::strong_actor_ptr& handle);
  void source_down(const std::string& host, const std::string& reason);
  // The next step, unless one is under way.
  void go();

  messages::roles::store::ShardStateReplyT state() const;
  int64_t pause_us() const { return pause_us_; }

private:
  void begin(std::string_view why);
  void ask_page();
  void ask_for_data();
  void on_page(const protocol::copy_reply& reply);
  void on_handed_over(const protocol::hand_over_reply& reply);
  void take_over();
  void again(std::chrono::milliseconds delay, std::string reason);
  // Runs a step that writes; what the disk refuses is tried again.
  void guarded(const std::function<void()>& step);
  bool must_begin_anew(const storage::copy_page& page) const;

  caf::scheduled_actor* self_;
  const shard_options& options_;
  std::shared_ptr<storage::engine> engine_;
  hooks hooks_;

  size_t page_bytes_;

  runtime::protocols::store_copy_actor source_;
  std::string host_;            // of the source
  uint64_t round_ = 0;          // answers of earlier ones are void
  bool busy_ = false;           // a request is under way
  bool close_ = false;          // little was missing at the last page
  bool done_ = false;
  storage::revision source_revision_ = 0;
  size_t source_stored_ = 0;
  std::string reason_ = "no host serves it";
  std::optional<storage::owner_record> handed_over_; // what the source answered
  std::vector<storage::fence_entry> fences_;
  int64_t asked_us_ = 0;
  int64_t pause_us_ = 0;
};

} // namespace actors::store
