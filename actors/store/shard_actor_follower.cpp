#include "actors/store/shard_actor_follower.hpp"

#include "runtime/transport/ask.hpp"

namespace actors::store {

namespace fb = messages::roles::store;
using runtime::transport::ask;

void follower::source_up(const std::string& host, const caf::strong_actor_ptr& handle) {
  if (done_ || host == options_.host)
    return;
  source_ = caf::actor_cast<runtime::protocols::store_copy_actor>(handle);
  host_ = host;
  reason_.clear();
  ++round_;
  busy_ = false;
  go();
}

void follower::source_down(const std::string& host, const std::string& reason) {
  if (done_ || host != host_)
    return;
  source_ = nullptr;
  ++round_;
  busy_ = false;
  reason_ = "host " + host + " does not serve it: " + reason;
  options_.log.warning("the source of the copy is gone, waiting for it", {{"shard", options_.shard}, {"host", host}, {"why", reason}});
}

void follower::go() {
  if (busy_ || done_ || !source_)
    return;
  guarded([this] {
    if (engine_->owner().copy.empty())
      begin("nothing is here yet");
    if (handed_over_ && engine_->current() == handed_over_->last)
      take_over();
    else if (!handed_over_ && close_)
      ask_for_data();
    else
      ask_page();
  });
}

/// Damage is a page that does not fit: the copy is begun anew. What else fails, but for a full disk, ends the shard, and it
/// is opened again.
void follower::guarded(const std::function<void()>& step) {
  try {
    step();
  } catch (const storage::error& e) {
    if (e.code() != storage::error_code::disk_full && e.code() != storage::error_code::corrupt)
      throw;
    options_.log.error("the copy does not go on", {{"shard", options_.shard}, {"why", e.what()}});
    if (e.code() == storage::error_code::corrupt)
      begin("it did not fit together");
    again(options_.bounds.copy_retry, e.what());
  }
}

/// A copy that has asked for the data keeps its name: the source has given them to that one.
void follower::begin(std::string_view why) {
  const auto before = engine_->owner();
  const auto name = before.state == storage::owner_state::asking ? before.copy : options_.random->uuid();
  options_.log.info("copying a shard", {{"shard", options_.shard}, {"from", host_}, {"copy", name}, {"why", why}});
  engine_->begin_copy(name, host_);
  close_ = false;
}

void follower::again(std::chrono::milliseconds delay, std::string reason) {
  if (reason != reason_ && !reason.empty())
    options_.log.warning("the copy waits", {{"shard", options_.shard}, {"from", host_}, {"why", reason}});
  reason_ = std::move(reason);
  hooks_.again_after(delay);
}

void follower::ask_page() {
  fb::CopyRequestT content;
  content.copy = engine_->owner().copy;
  content.after = engine_->current();
  content.bytes_max = static_cast<int32_t>(page_bytes_);
  busy_ = true;
  ask(
    self_, source_, options_.bounds.copy_deadline, protocol::copy_request{content},
    [this, round = round_](const protocol::copy_reply& reply) {
      if (round == round_)
        on_page(reply);
    },
    [this, round = round_](caf::error& error) {
      if (round != round_)
        return;
      busy_ = false;
      page_bytes_ = std::max(page_bytes_ / 2, options_.bounds.copy_page_bytes_min);
      again(options_.bounds.copy_retry, "host " + host_ + ": " + runtime::telemetry::failure_text(error));
    });
}

/// The source has forgotten history that this copy lacks.
bool follower::must_begin_anew(const storage::copy_page& page) const {
  const auto have = engine_->current();
  return have > 0 && page.oldest != engine_->oldest() && have < page.oldest;
}

void follower::on_page(const protocol::copy_reply& reply) {
  busy_ = false;
  if (!reply.valid())
    return again(options_.bounds.copy_retry, "the answer of host " + host_ + " cannot be read");
  if (reply->refused() != nullptr && reply->refused()->size() > 0)
    return again(options_.bounds.copy_retry, reply->refused()->str());
  const auto page = to_page(reply);
  guarded([&] {
    reason_.clear();
    source_revision_ = page.current;
    source_stored_ = page.stored;
    if (must_begin_anew(page)) {
      begin("the source has forgotten what is missing here");
    } else {
      engine_->append(page);
      page_bytes_ = std::min(page_bytes_ * 2, options_.bounds.copy_page_bytes);
      close_ = page.current - page.last <= options_.bounds.hand_over_lag_max;
    }
    go();
  });
}

void follower::ask_for_data() {
  engine_->mark_asking();
  const auto owner = engine_->owner();
  fb::HandOverRequestT content;
  content.copy = owner.copy;
  content.host = options_.host;
  content.after = engine_->current();
  busy_ = true;
  asked_us_ = options_.clock->monotonic_us();
  ask(
    self_, source_, options_.bounds.hand_over_deadline, protocol::hand_over_request{content},
    [this, round = round_](const protocol::hand_over_reply& reply) {
      if (round == round_)
        on_handed_over(reply);
    },
    [this, round = round_](caf::error& error) {
      if (round != round_)
        return;
      busy_ = false;
      close_ = false; // the next page says how far it is
      again(options_.bounds.copy_retry, "host " + host_ + ": " + runtime::telemetry::failure_text(error));
    });
}

void follower::on_handed_over(const protocol::hand_over_reply& reply) {
  busy_ = false;
  close_ = false;
  if (!reply.valid())
    return again(options_.bounds.copy_retry, "the answer of host " + host_ + " cannot be read");
  if (reply->refused() != nullptr && reply->refused()->size() > 0)
    return again(options_.bounds.copy_retry, reply->refused()->str());
  handed_over_ = storage::owner_record{storage::owner_state::handed_over, reply->epoch(), reply->revision(), {}, host_};
  fences_.clear();
  if (reply->fences() != nullptr)
    for (const auto* fence : *reply->fences())
      if (fence->role() != nullptr)
        fences_.push_back({fence->role()->str(), fence->epoch()});
  go();
}

void follower::take_over() {
  engine_->take_over(handed_over_->epoch, fences_);
  done_ = true;
  source_ = nullptr;
  pause_us_ = options_.clock->monotonic_us() - asked_us_;
  options_.log.info("a shard was moved here", {{"shard", options_.shard},
                                               {"from", host_},
                                               {"revision", engine_->current()},
                                               {"epoch", handed_over_->epoch},
                                               {"pause_us", pause_us_}});
  hooks_.taken_over();
}

fb::ShardStateReplyT follower::state() const {
  using enum fb::ShardPhase;
  const auto owner = engine_->owner();
  fb::ShardStateReplyT result;
  result.revision = engine_->current();
  result.peer = host_.empty() ? owner.peer : host_;
  result.lag = std::max<int64_t>(source_revision_ - result.revision, 0);
  if (source_stored_ > 0)
    result.percent = static_cast<int32_t>(std::min<size_t>(engine_->stored() * 100 / source_stored_, 100));
  result.reason = reason_;
  const bool asking = owner.state == storage::owner_state::asking;
  result.phase = asking ? handing_over : !source_ ? waiting : result.lag > options_.bounds.hand_over_lag_max || source_stored_ == 0 ? copying : catching_up;
  return result;
}

} // namespace actors::store
