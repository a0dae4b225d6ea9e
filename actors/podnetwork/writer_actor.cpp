// The writer's handler table.
#include "actors/podnetwork/writer_actor.hpp"

#include "runtime/telemetry/metered.hpp"

namespace actors::podnetwork {
namespace {

class writer final : public runtime::telemetry::metered<writer_actor::base> {
public:
  writer(caf::actor_config& config, network_writer_factory make_writer)
      : metered(config), make_writer_(std::move(make_writer)) {}

  behavior_type make_behavior() override {
    return {[this](const reconcile_network& request) {
      network_reconciled answer;
      try {
        if (!network_)
          network_ = make_writer_();
        answer.report = network_->reconcile(*request.nodes);
      } catch (const std::exception& failure) {
        network_.reset(); // its socket may be what failed
        answer.report.error = failure.what();
      }
      return answer;
    }};
  }

  void on_exit() override { network_.reset(); }

private:
  network_writer_factory make_writer_;
  std::unique_ptr<network_writer> network_;
};

} // namespace

writer_actor spawn_writer(caf::actor_system& system, network_writer_factory make_writer, writer_thread thread) {
  if (thread == writer_thread::own)
    return system.spawn<writer, caf::detached>(std::move(make_writer));
  return system.spawn<writer>(std::move(make_writer));
}

} // namespace actors::podnetwork
