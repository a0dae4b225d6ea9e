// The actor around a rule_writer: makes it on its own thread, measures it, turns exceptions into answers.
#pragma once

#include "actors/proxy/proxy.hpp"
#include "actors/proxy/rule_writer.hpp"

#include <caf/all.hpp>

namespace actors::proxy {

struct write_rules {
  std::shared_ptr<const tracker::model_delta> delta;
};
struct rules_written {
  write_report report;
  int64_t took_us = 0;
};

struct verify_rules {};
struct rules_verified {
  bool present = false;
};

using writer_actor = caf::typed_actor<caf::replies_to<write_rules>::with<rules_written>,
                                      caf::replies_to<verify_rules>::with<rules_verified>>;

writer_actor spawn_writer(caf::actor_system& system, rule_writer_factory make_writer, writer_thread thread,
                          runtime::seams::clock_ptr clock);

} // namespace actors::proxy

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::proxy::write_rules)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::proxy::rules_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::proxy::verify_rules)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::proxy::rules_verified)
