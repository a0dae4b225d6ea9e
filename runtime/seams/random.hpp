// Randomness as a seam: identifiers, name suffixes and jitter come from here, so that one seed replays a
// run. Thread-safe; the host or the simulation owns one instance and roles share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace runtime::seams {

class random_source {
public:
  virtual ~random_source() = default;

  /// Fills `size` bytes.
  virtual void fill(void* bytes, size_t size) = 0;

  uint64_t uint64();

  /// Uniform in [0, bound); 0 when bound is 0.
  uint64_t below(uint64_t bound);

  /// Uniform in [0, 1).
  double unit();

  /// A version 4 UUID in its lower-case text form.
  std::string uuid();

  /// `length` characters of the alphabet that Kubernetes uses for generated names: no vowels, so that no
  /// word appears by chance.
  std::string name_suffix(size_t length = 5);

  /// `value` moved by at most `fraction` of it, up or down: 100 with 0.1 gives 90 to 110.
  int64_t jitter(int64_t value, double fraction);
};

using random_ptr = std::shared_ptr<random_source>;

/// The kernel's generator.
class system_random final : public random_source {
public:
  void fill(void* bytes, size_t size) override;
};

/// The same sequence for the same seed, on every machine: for tests and simulations. Not for secrets.
class seeded_random final : public random_source {
public:
  explicit seeded_random(uint64_t seed);
  void fill(void* bytes, size_t size) override;

private:
  std::mutex mutex_;
  uint64_t state_;
};

} // namespace runtime::seams
