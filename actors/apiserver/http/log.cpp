// GET pods/<name>/log: pieces from the pod's kubelet, asked for one at a time as the client reads them.
#include <fmt/format.h>

#include "actors/apiserver/http/call.hpp"
#include "actors/apiserver/http/log_options.hpp"
#include "actors/apiserver/http/read.hpp"
#include "actors/apiserver/render/object.hpp"

namespace actors::apiserver::http {

namespace kubelet = runtime::protocols::kubelet;

namespace {

constexpr int64_t poll_us_min = 50'000, poll_us_max = 250'000;
/// A followed log survives a restart of the kubelet that is shorter than this.
constexpr int64_t outage_us_max = 30'000'000;
constexpr int64_t answer_us_max = 60'000'000;

/// Where reading is. Shared with the answers that are under way; used on the connection's loop only.
struct log_state {
  kubelet::ReadLogRequestT request;
  std::string node;
  bool follow = false;
  std::string data; // read and not yet sent
  bool at_end = false, closed = false;
  bool in_flight = false;
  int64_t poll_us = poll_us_min;
  int64_t next_read_us = 0;
  int64_t outage_since_us = 0; // 0: the kubelet answers
  std::function<void()> wake;

  void take(const kubelet::ReadLogReply& reply, int64_t now_us) {
    outage_since_us = 0;
    if (reply.data() != nullptr)
      data.append(reinterpret_cast<const char*>(reply.data()->data()), reply.data()->size());
    if (reply.position() != nullptr)
      request.position = reply.position()->str();
    at_end = reply.at_end();
    closed = reply.closed();
    poll_us = data.empty() ? std::min(poll_us * 2, poll_us_max) : poll_us_min;
    next_read_us = at_end ? now_us + poll_us : 0;
  }
};

class log_source final : public body_source {
public:
  log_source(call_ptr item, std::shared_ptr<log_state> state)
      : item_(std::move(item)), state_(std::move(state)) {}
  void attach(std::function<void()> wake) override { state_->wake = std::move(wake); }

  step read(std::string& out) override {
    auto& state = *state_;
    out += state.data;
    state.data.clear();
    if (state.closed || (state.at_end && !state.follow))
      return {next::end, 0};
    const int64_t now = item_->front->clock->monotonic_us();
    if (!state.in_flight && now >= state.next_read_us)
      ask();
    if (state.in_flight)
      return {next::wait, now + answer_us_max};
    return {next::wait, state.next_read_us};
  }

private:
  void ask() {
    state_->in_flight = true;
    std::weak_ptr<log_state> weak = state_;
    item_->front->port->read_log(
      state_->node, kubelet::read_log_request{state_->request},
      [weak, item = item_](const status::api_error& error, const kubelet::read_log_reply& reply) {
        item->reply->post([weak, item, error, reply] {
          if (auto state = weak.lock())
            arrived(*item, *state, error, reply);
        });
      });
  }

  static void arrived(const call& item, log_state& state, const status::api_error& error,
                      const kubelet::read_log_reply& reply) {
    const int64_t now = item.front->clock->monotonic_us();
    state.in_flight = false;
    if (!error && reply.valid() && reply->code() == 200) {
      state.take(*reply, now);
    } else {
      // The container's node may come back; what the kubelet itself refuses (the pod is gone) is final.
      const bool may_return = state.follow && (error || reply->code() == 429);
      if (state.outage_since_us == 0)
        state.outage_since_us = now;
      state.closed = !may_return || now - state.outage_since_us > outage_us_max;
      state.next_read_us = now + poll_us_max;
    }
    if (state.wake)
      state.wake();
  }

  call_ptr item_;
  std::shared_ptr<log_state> state_;
};

status::api_error refusal_of(const kubelet::ReadLogReply& reply, const kubelet::ReadLogRequestT& asked) {
  const std::string message =
    reply.message() == nullptr ? std::string{"the kubelet refused"} : reply.message()->str();
  switch (reply.code()) {
    case 400:
      return status::bad_request(message);
    case 404: // assigned to the node, which has not heard of it so far
      return status::bad_request(fmt::format(
        "container \"{}\" in pod \"{}\" is waiting to start: ContainerCreating", asked.container, asked.pod));
    case 429:
      return status::too_many_requests(message, 1);
    default:
      return status::internal(message);
  }
}

void answer_empty(const call& item) {
  response answer;
  answer.content_type = "text/plain";
  item.reply->send(std::move(answer));
}

void begin(const call_ptr& item, const std::shared_ptr<log_state>& state) {
  item->front->port->read_log(
    state->node, kubelet::read_log_request{state->request},
    [item, state](const status::api_error& error, const kubelet::read_log_reply& reply) {
      item->reply->post([item, state, error, reply] {
        if (error)
          return item->fail(error);
        if (reply->code() != 200)
          return item->fail(refusal_of(*reply, state->request));
        state->take(*reply, item->front->clock->monotonic_us());
        response answer;
        answer.content_type = "text/plain";
        answer.stream = std::make_unique<log_source>(item, state);
        item->reply->send(std::move(answer));
      });
    });
}

void find_pod(const call_ptr& item, log_options options) {
  const auto& kind = *item->where.kind;
  const auto snapshot = item->front->port->cache().shard_of(kind.key_prefix).read();
  const auto* found = snapshot->objects.find(object_key(item->where));
  if (found == nullptr)
    return item->fail(status::not_found(kind, item->where.name));
  const auto pod = render::to_draft(kind, **found, (*found)->revision());
  if (auto error = choose_container(pod, options.container))
    return item->fail(error);
  auto state = std::make_shared<log_state>();
  state->node = pod.at({"spec", "nodeName"}).str();
  if (state->node.empty())
    return answer_empty(*item); // not yet assigned: as upstream, nothing
  state->request = first_log_request(pod, options);
  state->follow = options.follow && !options.previous;
  begin(item, state);
}

} // namespace

void serve_log(const call_ptr& item) {
  log_options options;
  if (auto error = parse_log_options(item->target, options))
    return item->fail(error);
  item->after_barrier([item, options] { find_pod(item, options); });
}

} // namespace actors::apiserver::http
