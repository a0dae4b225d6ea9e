// Puts the API's handler behind the server.
#include <stdexcept>

#include "actors/apiserver/front_port.hpp"
#include "actors/apiserver/http/api_handler.hpp"
#include "actors/apiserver/http/server.hpp"

namespace actors::apiserver::http {

std::shared_ptr<server> start(const server_options& settings, std::shared_ptr<front_port> port,
                              runtime::telemetry::logger log) {
  server_options filled = settings;
  if (!filled.clock)
    filled.clock = std::make_shared<runtime::seams::system_clock>();
  if (!filled.random)
    filled.random = std::make_shared<runtime::seams::system_random>();
  auto served = make_api_handler(
    {std::move(port), filled.data / "pki" / "tokens.csv", filled.address, filled.clock, filled.random, log,
     filled.cluster, filled.host, filled.sessions});
  return start(filled, std::move(served), log);
}

} // namespace actors::apiserver::http
