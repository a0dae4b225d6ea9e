// Exponential back-off per key, with upstream's rules: the first failure waits not at all, then 10 s doubling
// to 300 s; forgotten when nothing failed for twice the maximum. Pure; times are microseconds since the
// epoch.
#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace actors::kubelet::pods {

inline constexpr int64_t backoff_initial_us = 10'000'000;
inline constexpr int64_t backoff_max_us = 300'000'000;

class backoff_table {
public:
  /// How long to wait still, when the failure happened at `event_us`; 0: go ahead.
  int64_t remaining_us(const std::string& key, int64_t event_us, int64_t now_us) const;
  /// As remaining_us, counted from the last call of `failed` for the key.
  int64_t remaining_since_update_us(const std::string& key, int64_t now_us) const;
  /// The current delay of the key, for messages ("back-off 20s restarting ...").
  int64_t delay_us(const std::string& key) const;
  /// Notes one more failure (or one more attempt after one): starts at the initial delay or doubles it.
  void next(const std::string& key, int64_t event_us, int64_t now_us);
  void forget(const std::string& key) { entries_.erase(key); }

private:
  struct entry {
    int64_t delay_us = 0, updated_us = 0;
  };
  std::map<std::string, entry> entries_;
};

/// Go's notation of a duration, as upstream prints it: "10s", "1m20s", "5m0s".
std::string duration_text(int64_t us);

} // namespace actors::kubelet::pods
