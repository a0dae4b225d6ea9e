// The writer's handler table.
#include "actors/proxy/writer_actor.hpp"

#include "runtime/telemetry/metered.hpp"

namespace actors::proxy {
namespace {

class writer final : public runtime::telemetry::metered<writer_actor::base> {
public:
  writer(caf::actor_config& config, rule_writer_factory make_writer, runtime::seams::clock_ptr clock)
      : metered(config), make_writer_(std::move(make_writer)), clock_(std::move(clock)) {}

  behavior_type make_behavior() override {
    return {
      [this](const write_rules& request) { return on_write(request); },
      [this](const verify_rules&) { return rules_verified{!rules_ || rules_->verify()}; },
    };
  }

  void on_exit() override {
    rules_.reset(); // a successor waits for the table
  }

private:
  rules_written on_write(const write_rules& request) {
    const auto start = clock_->monotonic_us();
    rules_written outcome;
    if (!rules_) {
      // What came while there was no writer is kept for it.
      apply_delta(before_writer_, *request.delta);
      try {
        rules_ = make_writer_();
        outcome.report = rules_->write({before_writer_.begin(), before_writer_.end()});
        before_writer_.clear();
      } catch (const std::exception& failure) {
        outcome.report.error = failure.what();
      }
    } else {
      outcome.report = rules_->write(*request.delta);
    }
    outcome.took_us = clock_->monotonic_us() - start;
    return outcome;
  }

  rule_writer_factory make_writer_;
  runtime::seams::clock_ptr clock_;
  std::unique_ptr<rule_writer> rules_;
  tracker::rule_model before_writer_;
};

} // namespace

writer_actor spawn_writer(caf::actor_system& system, rule_writer_factory make_writer, writer_thread thread,
                          runtime::seams::clock_ptr clock) {
  if (thread == writer_thread::own)
    return system.spawn<writer, caf::detached>(std::move(make_writer), std::move(clock));
  return system.spawn<writer>(std::move(make_writer), std::move(clock));
}

} // namespace actors::proxy
