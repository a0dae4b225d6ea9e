#include "actors/apiserver/http/request_metrics.hpp"

#include <atomic>

#include "runtime/telemetry/prometheus.hpp"

namespace actors::apiserver::http {

namespace {

constexpr std::array<double, 23> bounds = {0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1,  1.25, 1.5, 2,
                                           3,     4,     5,    6,   8,   10,  15,  20,  30, 45,   60};
constexpr std::array<std::string_view, bounds.size()> bound_names = {
  "0.005", "0.025", "0.05", "0.1", "0.2", "0.4", "0.6", "0.8", "1",  "1.25", "1.5", "2",
  "3",     "4",     "5",    "6",   "8",   "10",  "15",  "20",  "30", "45",   "60"};

std::string_view verb_of(const route& where) {
  constexpr std::pair<std::string_view, std::string_view> names[] = {
    {"get", "GET"},       {"list", "LIST"},     {"watch", "WATCH"},
    {"create", "POST"},   {"update", "PUT"},    {"patch", "PATCH"},
    {"delete", "DELETE"}, {"deletecollection", "DELETECOLLECTION"},
    {"post", "POST"},     {"put", "PUT"},       {"head", "HEAD"}};
  for (const auto& [verb, name] : names)
    if (verb == where.verb)
      return name;
  return "other";
}

runtime::telemetry::metric_labels to_metric(const request_labels& labels) {
  return {{"component", "apiserver"},     {"dry_run", labels.dry_run}, {"group", labels.group},
          {"resource", labels.resource},  {"scope", labels.scope},     {"subresource", labels.subresource},
          {"verb", labels.verb},          {"version", labels.version}};
}

class measured_responder final : public responder {
public:
  measured_responder(responder_ptr inner, std::shared_ptr<request_metrics> metrics, request_labels labels,
                     runtime::seams::clock_ptr clock)
      : inner_(std::move(inner)),
        metrics_(std::move(metrics)),
        labels_(std::move(labels)),
        clock_(std::move(clock)),
        begin_us_(clock_->monotonic_us()) {}

  ~measured_responder() override {
    if (!answered_)
      count(500, false); // what a dropped responder answers
  }

  void send(response answer) override {
    if (!answered_.exchange(true))
      count(answer.code, answer.stream != nullptr && answer.code < 400);
    inner_->send(std::move(answer));
  }
  void post(std::function<void()> work) override { inner_->post(std::move(work)); }
  std::weak_ptr<event_loop> loop() override { return inner_->loop(); }

private:
  void count(int code, bool stream) {
    const bool endless = stream && (labels_.verb == "WATCH" || labels_.subresource == "log");
    metrics_->note(labels_, code, endless ? -1 : static_cast<double>(clock_->monotonic_us() - begin_us_) * 1e-6);
  }

  responder_ptr inner_;
  std::shared_ptr<request_metrics> metrics_;
  request_labels labels_;
  runtime::seams::clock_ptr clock_;
  int64_t begin_us_;
  std::atomic<bool> answered_{false};
};

} // namespace

request_labels labels_of(const route& where, std::string_view dry_run) {
  request_labels result;
  result.verb = verb_of(where);
  result.dry_run = dry_run == "All" ? "All" : "";
  if (!where.is_resource || where.kind == nullptr)
    return result; // names that nobody serves are the client's invention
  result.group = where.kind->group;
  result.version = where.kind->version;
  result.resource = where.kind->plural;
  if (where.kind->find_subresource(where.subresource) != nullptr)
    result.subresource = where.subresource;
  result.scope = !where.name.empty() ? "resource" : !where.name_space.empty() ? "namespace" : "cluster";
  return result;
}

void request_metrics::note(const request_labels& labels, int code, double seconds) {
  std::lock_guard guard{mutex_};
  const auto key = std::make_pair(labels, code);
  auto total = totals_.find(key);
  if (total == totals_.end()) {
    if (totals_.size() >= series_max)
      return;
    total = totals_.emplace(key, 0).first;
  }
  ++total->second;
  if (seconds < 0)
    return;
  auto& duration = durations_[labels];
  size_t bucket = 0;
  while (bucket < bounds.size() && seconds > bounds[bucket])
    ++bucket;
  ++duration.counts[bucket];
  duration.sum += seconds;
}

void request_metrics::append(std::string& out) const {
  static_assert(buckets == bounds.size() + 1);
  runtime::telemetry::metric_writer writer{out};
  std::lock_guard guard{mutex_};
  writer.begin("apiserver_request_total", "counter",
               "Requests answered, by verb, dry run, group, version, resource, scope, component and HTTP code.");
  for (const auto& [key, count] : totals_) {
    auto labels = to_metric(key.first);
    const std::string code = std::to_string(key.second);
    labels.emplace_back("code", code);
    writer.sample(labels, count);
  }
  writer.begin("apiserver_request_duration_seconds", "histogram",
               "Time until a request was answered in seconds, without streams.");
  for (const auto& [labels, duration] : durations_)
    writer.histogram(to_metric(labels), bound_names, duration.counts, duration.sum);
}

responder_ptr measured(responder_ptr inner, std::shared_ptr<request_metrics> metrics, request_labels labels,
                       runtime::seams::clock_ptr clock) {
  return std::make_shared<measured_responder>(std::move(inner), std::move(metrics), std::move(labels), std::move(clock));
}

} // namespace actors::apiserver::http
