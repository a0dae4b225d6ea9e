// The JSON of objects that somebody reads: rendered once and shared while it is asked for, and given back when it is not. Kept apart
// from the objects, so that those that nobody reads pay nothing for it. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace actors::apiserver::cache {

class cached_object;

class rendered_texts {
public:
  using text = std::shared_ptr<const std::string>;

  /// Of all texts together; what does not fit is rendered each time.
  static constexpr size_t bytes_max = 64u << 20;
  /// A text that was not asked for so long is forgotten: a list of all nodes would otherwise stay for as long as the nodes do.
  static constexpr std::chrono::seconds idle_max{10};

  /// Null: there is none.
  text find(const cached_object& object);
  /// What is kept for the object from now on, if anything: `rendered`, or what another thread has rendered before.
  text admit(const cached_object& object, text rendered);
  void forget(const cached_object& object);

  /// Forgets what is idle, of one part of the texts per call: to be called again and again. Monotonic time.
  void age(int64_t now_us);

  size_t bytes() const { return bytes_.load(); }

  static constexpr size_t parts = 16;

private:
  struct entry {
    text value;
    int64_t used_us;
  };
  struct part {
    std::mutex mutex;
    std::unordered_map<const cached_object*, entry> texts;
  };
  part& part_of(const cached_object& object);

  std::array<part, parts> parts_;
  std::atomic<size_t> bytes_{0};
  std::atomic<int64_t> now_us_{0};   // as of the last age()
  std::atomic<size_t> next_{0};      // whose turn it is
};

/// Of this process.
rendered_texts& rendered();

} // namespace actors::apiserver::cache
