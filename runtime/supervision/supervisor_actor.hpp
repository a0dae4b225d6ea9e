// The supervisor's actor: turns exits, timers and ends of children into the steps that decide_restart.hpp asks for.
#pragma once

#include "runtime/supervision/supervisor.hpp"
#include "runtime/telemetry/metered.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/result.hpp>

#include <map>

namespace runtime::supervision {

class supervisor_actor final : public telemetry::metered<caf::event_based_actor> {
public:
  supervisor_actor(caf::actor_config& cfg, supervisor_spec spec);

  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override;

private:
  enum class phase : uint8_t { down, waiting, up, stopping };

  struct child {
    child_spec spec;
    phase state = phase::down;
    bool must_stop = false;   ///< to be stopped as soon as its turn comes
    bool must_start = false;  ///< to be started as soon as its turn comes
    bool due = true;          ///< its backoff is over
    bool killed = false;      ///< was sent exit_reason::kill after its time to stop
    uint64_t step = 0;        ///< numbers starts and stops, so that a late timer is recognised
    size_t streak = 0;
    std::chrono::steady_clock::time_point started;
    restart_history history;   ///< for its own intensity
    bool over_its_own = false; ///< that alone is exceeded
    caf::strong_actor_ptr handle;
    bool removed = false; ///< its slot waits for an add_child of the same id
    std::vector<caf::response_promise> removals; ///< told when it has ended
  };

  // -- events
  void on_child_end(size_t index, const caf::error& reason);
  void on_stop_timeout(size_t index, uint64_t step);
  void on_stop(const caf::error& reason);
  void on_add(const add_child& order);
  caf::result<child_removed> on_remove(const remove_child& order);

  // -- steps
  void advance();
  bool stop_some();
  void start_some();
  void start(child& child);
  void begin_stop(size_t index);
  void handle_failure(size_t index, bool orderly, const std::string& text);
  restart_intensity limit() const;
  void show_limit() const;
  bool is_too_many(child& child);
  void give_up(const child& last);
  void finish_removal(child& child);
  void note_end(child& child, telemetry::actor_state state, const std::string& failure);

  supervisor_spec spec_;
  std::vector<child> children_;
  std::map<caf::actor_addr, size_t> by_address_;
  restart_history history_;
  failure_log failures_;
  bool ending_ = false;
  bool advancing_ = false;
  caf::error end_reason_;
};

} // namespace runtime::supervision
