// What is much alike takes little room: zstd packs an object with a dictionary of examples, here the FlatBuffers of one table, of which
// one is much like the next. Gives back any bytes exactly. No clock, no randomness.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct ZSTD_CCtx_s;
struct ZSTD_CDict_s;

namespace actors::apiserver::cache {

/// Examples. Lives on for as long as what was packed with them. Any thread.
class dictionary {
public:
  static constexpr size_t bytes_max = 32u << 10;

  explicit dictionary(std::string examples) : examples_(std::move(examples)) {}
  const std::string& examples() const { return examples_; }
  /// Throws std::logic_error when these are not `out.size()` bytes that were packed with this dictionary.
  void unpack(std::span<const uint8_t> packed, std::span<uint8_t> out) const;

private:
  const std::string examples_;
};

/// Packs, and learns from what it is shown. One thread.
class dictionary_packer {
public:
  dictionary_packer();
  ~dictionary_packer();
  dictionary_packer(dictionary_packer&&) noexcept;
  dictionary_packer& operator=(dictionary_packer&&) noexcept;

  /// What pack() packs with.
  const std::shared_ptr<const dictionary>& used() const { return used_; }
  /// Overwrites `out`. Throws std::bad_alloc.
  void pack(std::string_view bytes, std::vector<uint8_t>& out);
  /// An example for what is packed later. False: there is no room.
  bool learn(std::string_view bytes);
  /// Half of the room for examples is empty.
  bool has_room() const { return examples_.size() < dictionary::bytes_max / 2; }

private:
  struct context_end {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  struct prepared_end {
    void operator()(ZSTD_CDict_s* prepared) const;
  };

  std::string examples_; // of these, used_ has those that there were when they had last doubled: each dictionary lives on
  std::shared_ptr<const dictionary> used_;
  std::unique_ptr<ZSTD_CCtx_s, context_end> context_;
  std::unique_ptr<ZSTD_CDict_s, prepared_end> prepared_;
};

} // namespace actors::apiserver::cache
