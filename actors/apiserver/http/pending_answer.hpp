// The way of an answer from wherever it is made back to its connection. Private to the wire.
#pragma once

#include <cstdint>
#include <memory>

#include "actors/apiserver/http/loop.hpp"
#include "actors/apiserver/http/message.hpp"

namespace actors::apiserver::http {

/// The responder of request `id` of a connection. Dropped without an answer (its holder died), it answers
/// itself.
responder_ptr make_responder(std::weak_ptr<connection> target, std::weak_ptr<loop> home,
                             std::shared_ptr<handler> served, uint64_t id);

} // namespace actors::apiserver::http
