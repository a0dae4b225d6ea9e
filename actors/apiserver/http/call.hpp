// One authenticated request on its way through the front, and what the front's parts share.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "actors/apiserver/auth/identity.hpp"
#include "actors/apiserver/auth/page_sessions.hpp"
#include "actors/apiserver/auth/tokens.hpp"
#include "actors/apiserver/cluster_port.hpp"
#include "actors/apiserver/front_port.hpp"
#include "actors/apiserver/http/continue_tokens.hpp"
#include "actors/apiserver/http/limits.hpp"
#include "actors/apiserver/http/media_type.hpp"
#include "actors/apiserver/http/message.hpp"
#include "actors/apiserver/http/request_metrics.hpp"
#include "actors/apiserver/http/route.hpp"
#include "actors/apiserver/http/turnstile.hpp"
#include "actors/apiserver/http/url.hpp"
#include "actors/apiserver/http/wake_hub.hpp"
#include "actors/apiserver/status/status.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/seams/random.hpp"
#include "runtime/telemetry/log.hpp"

namespace actors::apiserver::http {

/// Thread-safe; lives as long as the front.
struct front_context {
  std::shared_ptr<front_port> port;
  std::shared_ptr<cluster_port> cluster; // null: there is no host around the front
  std::string host;
  std::shared_ptr<request_metrics> metrics = std::make_shared<request_metrics>();
  std::shared_ptr<auth::page_sessions> sessions;
  runtime::seams::clock_ptr clock;
  runtime::seams::random_ptr random;
  runtime::telemetry::logger log;
  auth::token_table* tokens = nullptr;
  continue_snapshots snapshots;
  wake_hubs hubs;
  std::shared_ptr<turnstile> large_writes = std::make_shared<turnstile>(large_write_bytes_at_once);
};

struct call {
  std::shared_ptr<front_context> front;
  request what;
  responder_ptr reply;
  url target;
  route where;
  auth::user_info user;
  object_form form = object_form::object;

  void fail(const status::api_error& error) const;
  void send(int code, std::string json) const;
  /// Waits (without a thread) until the cache is as new as the store, then goes on on the connection's loop.
  void after_barrier(std::function<void()> then) const;
};
using call_ptr = std::shared_ptr<call>;

/// The Status as an answer, with Retry-After and WWW-Authenticate where they belong.
response render_error(const status::api_error& error);
/// Indents a JSON text for people.
std::string indent_json(std::string_view json);

// The verbs. Each sends exactly one answer.
void serve_get(const call_ptr& request);
void serve_list(const call_ptr& request);
void serve_watch(const call_ptr& request);
void serve_write(const call_ptr& request);
void serve_log(const call_ptr& request);

} // namespace actors::apiserver::http
