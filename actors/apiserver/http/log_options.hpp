// The options of GET pods/<name>/log and the choice of the container. Pure.
#pragma once

#include <optional>
#include <string>

#include "actors/apiserver/http/url.hpp"
#include "actors/apiserver/status/status.hpp"
#include "messages/roles/kubelet_generated.h"

namespace actors::apiserver::http {

struct log_options {
  std::string container;
  bool follow = false, previous = false, timestamps = false;
  std::optional<int64_t> tail_lines, since_seconds, limit_bytes;
  std::optional<int64_t> since_us; // unix microseconds
};

status::api_error parse_log_options(const url& target, log_options& into);

/// Fills in the only container, or says which there are. `pod` is a draft of the pod.
status::api_error choose_container(const messages::codec::draft& pod, std::string& container);

/// The request for the first piece.
messages::roles::kubelet::ReadLogRequestT first_log_request(const messages::codec::draft& pod,
                                                            const log_options& options);

} // namespace actors::apiserver::http
