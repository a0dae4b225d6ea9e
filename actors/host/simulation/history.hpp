// What clients of one key asked and were told, and whether there is an order that explains it. Pure.
//
// Every version of an object has a revision, and a client is told the revision that it wrote or read, so the order is known:
// it only has to agree with time (what ended before something else began is not newer) and with the values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace actors::host::simulation {

struct operation {
  enum class what : uint8_t { read, write };
  what kind = what::read;
  std::string key;
  std::string value;      ///< written, or read
  int64_t revision = 0;   ///< of the version that was written or read
  int64_t began_us = 0;
  int64_t ended_us = 0;
  std::string client;
};

/// Only operations with a known outcome; `maybe`: values whose writes may have happened. Returns what is wrong, in words.
std::vector<std::string> check_linearizable(std::vector<operation> operations, const std::vector<std::string>& maybe);

} // namespace actors::host::simulation
