// The handler of the API: authentication, authorization, and the way to what answers.
#pragma once

#include <filesystem>
#include <memory>

#include "actors/apiserver/http/message.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/seams/random.hpp"
#include "runtime/telemetry/log.hpp"

namespace actors::apiserver {
class front_port;
class cluster_port;
}

namespace actors::apiserver::auth {
class page_sessions;
}

namespace actors::apiserver::http {

struct api_settings {
  std::shared_ptr<front_port> port;
  std::filesystem::path token_file;
  std::string address; // as clients reach it, for /api
  runtime::seams::clock_ptr clock;
  runtime::seams::random_ptr random;
  runtime::telemetry::logger log;
  std::shared_ptr<cluster_port> cluster;          // null: none
  std::string host;                               // the host's name
  std::shared_ptr<auth::page_sessions> sessions;  // null: its own, which nobody is invited to
};

/// Throws std::runtime_error for a damaged token file.
std::shared_ptr<handler> make_api_handler(api_settings settings);

} // namespace actors::apiserver::http
