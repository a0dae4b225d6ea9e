// The log's files on a disk in memory whose power can fail: of what was not synced, each sector of 512 bytes is there or not.
#pragma once

#include "storage/engine.hpp"
#include "storage/log/files.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <set>
#include <utility>

namespace storage::test {

struct power_lost {};

class memory_log_files : public log::files {
public:
  static constexpr size_t sector_bytes = 512;

  std::unique_ptr<log::file> open(unsigned number) override {
    if (!contents_[number].exists)
      return nullptr;
    return std::make_unique<handle>(*this, contents_[number]);
  }
  std::unique_ptr<log::file> make(unsigned number) override {
    contents_[number] = {};
    contents_[number].exists = true;
    return open(number);
  }
  void sync_names() override {}
  std::string name(unsigned number) const override { return "memory/log." + std::to_string(number); }

  std::string& bytes(unsigned number) { return contents_[number].now; }
  void remove(unsigned number) { contents_[number] = {}; }

  // The power fails in the so-manieth operation from now on; in a write, when some of it has reached the cache.
  void fail_in(int operations) { left_ = operations; }
  // The next operation of that kind fails so.
  void fail_next_write(error_code how) { write_failure_ = how; }
  void fail_next_sync(error_code how) { sync_failure_ = how; }
  // Syncs return without having done anything.
  void ignore_syncs(bool yes) { ignores_syncs_ = yes; }

  // What is there when the power comes back.
  void lose_power(std::mt19937_64& random) {
    const auto kept_of_8 = random() % 9; // also none, also all
    for (auto& c : contents_) {
      const auto longer = c.now.size() - std::min(c.now.size(), c.durable.size());
      c.durable.resize(c.durable.size() + (longer > 0 ? random() % (longer + 1) : 0), '\0');
      for (const auto sector : c.unsynced) {
        const auto begin = sector * sector_bytes;
        if (random() % 8 < kept_of_8 && begin < c.durable.size())
          c.durable.replace(begin, std::min(sector_bytes, c.durable.size() - begin), c.now, begin,
                            std::min(sector_bytes, c.durable.size() - begin));
      }
      c.now = c.durable;
      c.unsynced.clear();
    }
    left_ = -1;
  }

private:
  struct stored_file {
    bool exists = false;
    std::string now, durable;
    std::set<size_t> unsynced; // sectors
  };

  class handle : public log::file {
  public:
    handle(memory_log_files& disk, stored_file& c) : disk_(disk), content_(c) {}
    uint64_t size() override { return content_.now.size(); }
    log::content read() override {
      log::content bytes(content_.now.size());
      std::copy(content_.now.begin(), content_.now.end(), bytes.data());
      return bytes;
    }
    void write(uint64_t offset, std::string_view bytes) override {
      const bool fails = disk_.count_down();
      throw_once(disk_.write_failure_);
      if (fails)
        bytes = bytes.substr(0, bytes.size() / 2);
      if (content_.now.size() < offset + bytes.size())
        content_.now.resize(offset + bytes.size(), '\0');
      content_.now.replace(offset, bytes.size(), bytes);
      for (auto at = offset; at < offset + bytes.size(); at = (at / sector_bytes + 1) * sector_bytes)
        content_.unsynced.insert(at / sector_bytes);
      if (fails)
        throw power_lost{};
    }
    void sync() override {
      if (disk_.count_down())
        throw power_lost{};
      throw_once(disk_.sync_failure_);
      if (disk_.ignores_syncs_)
        return;
      content_.durable = content_.now;
      content_.unsynced.clear();
    }

  private:
    memory_log_files& disk_;
    stored_file& content_;
  };

  bool count_down() {
    if (left_ == 0)
      throw power_lost{};
    return left_ > 0 && --left_ == 0;
  }

  static void throw_once(std::optional<error_code>& failure) {
    if (failure)
      throw error(*std::exchange(failure, std::nullopt), "the disk in memory was told to fail");
  }

  std::array<stored_file, 2> contents_;
  std::optional<error_code> write_failure_, sync_failure_;
  int left_ = -1;
  bool ignores_syncs_ = false;
};

} // namespace storage::test
