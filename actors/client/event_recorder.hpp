// Records what happened to an object as an Event that kubectl shows. Repetitions are counted on the Event that is
// already there, and an object's events are limited, as in upstream's correlator (client-go, events_cache.go:
// burst 25, one more each 300 s). Owned by one actor.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "actors/client/api_client.hpp"

namespace actors::client {

/// What an Event is about.
struct object_reference {
  std::string api_version, kind, name_space, name, uid;
  int64_t revision = 0;
  std::string field_path; // e.g. spec.containers{web}
};
object_reference reference_to(const resource& what, const entry& item);
/// The object roles.troupe.dev of a role: "controllers/replicaset" is controllers.replicaset.
object_reference role_reference(std::string id);

class event_recorder {
public:
  static constexpr size_t remembered_max = 4096;  // distinct events whose count can go up
  static constexpr size_t in_flight_max = 512;    // writes without an answer; further events are dropped and counted
  static constexpr int burst_max = 25;
  static constexpr int64_t refill_seconds = 300;

  /// `component` as in source.component ("deployment-controller"), `host` the node for kubelets, else "".
  event_recorder(api_client& client, std::string component, std::string host = {});

  /// `happened_us`: when, by the wall clock; 0: now. What another one answers by an event of its own, such as a kubelet that a
  /// pod was assigned to, would else come first.
  void normal(const object_reference& about, std::string_view reason, std::string_view message, int64_t happened_us = 0);
  void warning(const object_reference& about, std::string_view reason, std::string_view message);
  size_t dropped() const { return dropped_; }

private:
  struct known_event {
    std::string name_space, name, key;
    int64_t count = 1;
  };
  struct bucket {
    double tokens = burst_max;
    int64_t refilled_at = 0;
  };
  void record(const object_reference& about, std::string_view type, std::string_view reason, std::string_view message,
              int64_t happened_us);
  bool admit(const object_reference& about, int64_t now_seconds);
  void create(const object_reference& about, std::string_view type, std::string_view reason,
              std::string_view message, int64_t happened_us, const std::string& key);
  void count_up(std::list<known_event>::iterator known, draft event);
  std::string next_name(const std::string& about, int64_t happened_us);
  draft build(const object_reference& about, std::string_view type, std::string_view reason, std::string_view message,
              int64_t happened_us);

  api_client* client_;
  std::string component_;
  std::string host_;
  std::list<known_event> recent_first_;
  std::unordered_map<std::string, std::list<known_event>::iterator> known_;
  std::unordered_map<std::string, bucket> buckets_;
  int64_t last_name_ns_ = 0;
  size_t in_flight_ = 0;
  size_t dropped_ = 0;
};

} // namespace actors::client
