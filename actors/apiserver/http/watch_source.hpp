// The events of one watch. Lives on its connection's loop; reads the cache without copying it. A watcher that
// reads slowly falls behind in the window and is told so (410) when the window no longer has its position.
#pragma once

#include <memory>
#include <string>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "actors/apiserver/front_port.hpp"
#include "actors/apiserver/http/media_type.hpp"
#include "actors/apiserver/http/message.hpp"
#include "actors/apiserver/http/wake_hub.hpp"
#include "actors/apiserver/render/table.hpp"
#include "actors/apiserver/selectors/selector.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/seams/random.hpp"

namespace actors::apiserver::http {

struct watch_settings {
  const registry::kind* kind = nullptr;
  std::string prefix; // of the keys
  selectors::object_selector selector;
  std::string selector_text; // what it was made from: equal texts select the same
  object_form form = object_form::object;
  render::include_object include = render::include_object::metadata;
  bool bookmarks = false;
  bool announce_initial_end = false; // a bookmark with k8s.io/initial-events-end after the present state
  int64_t after = -1;                // -1: `initial` first
  int64_t ends_at_us = 0;
  cache::snapshot_ptr initial;
  const cache::change_window* window = nullptr;
  std::shared_ptr<front_port> port; // keeps the window alive, and outlives the hub
  std::shared_ptr<wake_hub> hub;
  runtime::seams::clock_ptr clock;
  runtime::seams::random_ptr random;
};

class watch_source final : public body_source {
public:
  static constexpr int64_t timeout_seconds_min = 30 * 60; // without timeoutSeconds: up to twice that
  static constexpr int64_t timeout_seconds_max = 24 * 60 * 60;
  static constexpr int64_t bookmark_us = 60'000'000;
  static constexpr size_t changes_per_read_max = 64;

  explicit watch_source(watch_settings settings);
  step read(std::string& out) override;
  void attach(std::function<void()> wake) override;

private:
  bool write_initial(std::string& out);
  void write_change(const cache::change& item, std::string& out);
  void write_event(std::string_view type, const cache::cached_object& object, int64_t revision,
                   std::string& out);
  void write_bookmark(bool initial_end, std::string& out);
  void write_expired(std::string& out);
  bool selects(const cache::object_ptr& object) const;
  /// True: all changes of the page are written.
  bool write_changes(const cache::change_window::page& page, std::string& out);

  watch_settings settings_;
  std::string asked_for_; // see wake_hub::piece; "": the events depend on more than that
  std::string initial_after_;
  int64_t position_ = 0;
  int64_t bookmark_due_us_ = 0;
  bool columns_sent_ = false;
  std::shared_ptr<void> registration_;
};

} // namespace actors::apiserver::http
