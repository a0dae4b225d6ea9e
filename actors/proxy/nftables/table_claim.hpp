// One writer per table within this process. A restarted proxy may come up while the thread of its predecessor
// is still inside a batch; two writers would undo each other's changes.
#pragma once

#include <chrono>
#include <string>

namespace actors::proxy::nftables {

class table_claim {
public:
  // Waits until `table` is free. Throws std::runtime_error after `patience`.
  table_claim(std::string table, std::chrono::milliseconds patience);
  ~table_claim(); // on any thread
  table_claim(const table_claim&) = delete;
  table_claim& operator=(const table_claim&) = delete;

private:
  const std::string table_;
};

} // namespace actors::proxy::nftables
