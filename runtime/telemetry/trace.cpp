#include "runtime/telemetry/trace.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <shared_mutex>
#include <stdexcept>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace runtime::telemetry {

namespace {

int64_t micros(auto since) {
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

int64_t wall_us() {
  return micros(std::chrono::system_clock::now().time_since_epoch());
}

int64_t monotonic_us() {
  return micros(std::chrono::steady_clock::now().time_since_epoch());
}

/// Which traces follow which actors.
class trace_registry {
public:
  using traces = std::vector<trace_ptr>;

  void add(const trace_ptr& item) {
    std::unique_lock guard{mutex_};
    if (all_.size() >= traces_max)
      throw std::runtime_error("there are " + std::to_string(traces_max) + " traces already: end one of them");
    all_.push_back({item.get(), item, 0});
    traces_running.store(static_cast<uint32_t>(all_.size()), std::memory_order_relaxed);
  }

  /// The reader is gone, even if an actor holds the trace for a moment more.
  void remove(const trace* item) {
    std::unique_lock guard{mutex_};
    std::erase_if(all_, [item](const entry& one) { return one.key == item; });
    traces_running.store(static_cast<uint32_t>(all_.size()), std::memory_order_relaxed);
  }

  void started(const std::string& id, const caf::abstract_actor& actor) {
    std::unique_lock guard{mutex_};
    for (auto& item : all_)
      if (auto live = item.what.lock(); live && live->filter().actor == id)
        item.actor = actor.id();
  }

  traces of(caf::actor_id actor) const {
    traces result;
    std::shared_lock guard{mutex_};
    for (auto& item : all_)
      if (item.actor == actor && actor != 0)
        if (auto live = item.what.lock())
          result.push_back(std::move(live));
    return result;
  }

private:
  struct entry {
    const trace* key;
    std::weak_ptr<trace> what;
    caf::actor_id actor;
  };

  mutable std::shared_mutex mutex_;
  std::vector<entry> all_;
};

trace_registry& registry() {
  static trace_registry result;
  return result;
}

std::atomic<message_renderer> renderer{nullptr};

std::string render(const caf::type_erased_tuple& content) {
  if (auto special = renderer.load(std::memory_order_relaxed))
    if (auto text = special(content); !text.empty())
      return text;
  std::string text = content.stringify();
  // A local message without a rendering of its own says nothing but its type, which is shown anyway.
  return text.find("<unprintable>") == text.npos ? text : std::string{};
}

void offer_all(const trace_registry::traces& traces, bool out, const caf::abstract_actor* peer, const std::string& type,
               const std::string& text, double seconds) {
  for (auto& item : traces)
    item->offer(out, peer, type, text, seconds);
}

bool any_wants(const trace_registry::traces& traces, const std::string& type) {
  return std::any_of(traces.begin(), traces.end(), [&](const trace_ptr& item) { return item->wants_type(type); });
}

/// Cut at a character's border, on one line.
std::string shortened(const std::string& text) {
  auto result = text.substr(0, trace_text_max);
  if (result.size() < text.size()) {
    while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xc0) == 0x80)
      result.pop_back();
    if (!result.empty() && (static_cast<unsigned char>(result.back()) & 0x80) != 0)
      result.pop_back();
    result += "...";
  }
  for (auto& c : result)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  return result;
}

} // namespace

void set_message_renderer(message_renderer value) {
  renderer.store(value, std::memory_order_relaxed);
}

// ---- the gate ----------------------------------------------------------------------------------------------

traced_message trace_begin(const caf::abstract_actor& self, const caf::mailbox_element& what) {
  traced_message result;
  auto traces = registry().of(self.id());
  if (traces.empty())
    return result;
  auto& content = what.content();
  result.type = message_name(key_of(content));
  if (!any_wants(traces, result.type))
    return result;
  result.wanted = true;
  result.text = render(content);
  return result;
}

void trace_handled(const caf::abstract_actor& self, const caf::strong_actor_ptr& sender, traced_message message,
                   double seconds) {
  offer_all(registry().of(self.id()), false, sender ? sender->get() : nullptr, message.type, message.text, seconds);
}

void trace_sent(const caf::strong_actor_ptr& sender, const caf::abstract_actor* receiver,
                const caf::type_erased_tuple& content) {
  if (!sender)
    return;
  auto traces = registry().of(sender->id());
  if (traces.empty())
    return;
  auto type = message_name(key_of(content));
  if (any_wants(traces, type))
    offer_all(traces, true, receiver, type, render(content), -1);
}

// ---- one trace ---------------------------------------------------------------------------------------------

trace::trace(trace_filter filter, std::shared_ptr<actor_table> table)
  : filter_(std::move(filter)), table_(std::move(table)), event_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
    tokens_(filter_.rate), refilled_us_(monotonic_us()) {
  if (event_fd_ < 0)
    throw std::system_error(errno, std::generic_category(), "eventfd");
}

trace::~trace() {
  close(event_fd_);
}

/// A bucket that holds one second's worth.
bool trace::admit(int64_t now_us) {
  auto rate = std::clamp(filter_.rate, 0.001, trace_rate_max);
  tokens_ = std::min(std::max(rate, 1.0), tokens_ + rate * static_cast<double>(now_us - refilled_us_) * 1e-6);
  refilled_us_ = now_us;
  if (tokens_ < 1)
    return false;
  tokens_ -= 1;
  return true;
}

const std::string& trace::name_of(const caf::abstract_actor* peer) {
  static const std::string nobody = "-";
  if (peer == nullptr)
    return nobody;
  if (names_.size() >= trace_names_max)
    names_.clear();
  auto [found, added] = names_.emplace(std::make_pair(peer->node(), peer->id()), std::string{});
  if (added) {
    found->second = table_ ? table_->id_of(peer->address()) : std::string{};
    if (found->second.empty())
      found->second = "actor#" + std::to_string(peer->id());
  }
  return found->second;
}

void trace::offer(bool out, const caf::abstract_actor* peer, const std::string& type, const std::string& full,
                  double seconds) {
  if (!wants_type(type) || full.find(filter_.match) == full.npos)
    return;
  std::lock_guard guard{mutex_};
  if (ring_.size() >= trace_ring_max || !admit(monotonic_us())) {
    ++left_out_;
    return;
  }
  ring_.push_back({.wall_us = wall_us(),
                   .out = out,
                   .peer = name_of(peer),
                   .type = type,
                   .text = shortened(full),
                   .seconds = seconds});
  uint64_t one = 1;
  // Cannot fail: the counter is far from its limit.
  [[maybe_unused]] auto written = write(event_fd_, &one, sizeof one);
}

trace::batch trace::take() {
  std::lock_guard guard{mutex_};
  uint64_t count = 0;
  [[maybe_unused]] auto got = read(event_fd_, &count, sizeof count);
  batch result;
  result.events.assign(std::make_move_iterator(ring_.begin()), std::make_move_iterator(ring_.end()));
  ring_.clear();
  result.left_out = std::exchange(left_out_, 0);
  return result;
}

trace_ptr begin_trace(trace_filter filter, std::shared_ptr<actor_table> table) {
  const auto id = filter.actor;
  trace_ptr result{new trace{std::move(filter), table}};
  registry().add(result);
  // After that: one that is started from now on tells by itself.
  if (auto actor = table ? table->handle_of(id) : nullptr)
    registry().started(id, *caf::actor_cast<caf::abstract_actor*>(actor));
  return {result.get(), [held = result](trace* item) mutable {
            registry().remove(item);
            held.reset();
          }};
}

void trace_started(const std::string& id, const caf::abstract_actor& actor) {
  registry().started(id, actor);
}

} // namespace runtime::telemetry
