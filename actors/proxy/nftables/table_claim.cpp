// Names of tables in use.
#include "actors/proxy/nftables/table_claim.hpp"

#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>

namespace actors::proxy::nftables {
namespace {

struct claims {
  std::mutex mutex;
  std::condition_variable released;
  std::set<std::string> tables;
};

claims& all_claims() {
  static claims instance;
  return instance;
}

} // namespace

table_claim::table_claim(std::string table, std::chrono::milliseconds patience) : table_(std::move(table)) {
  auto& all = all_claims();
  std::unique_lock lock(all.mutex);
  if (!all.released.wait_for(lock, patience, [&] { return !all.tables.contains(table_); }))
    throw std::runtime_error("table " + table_ + " is still written by another proxy of this process");
  all.tables.insert(table_);
}

table_claim::~table_claim() {
  auto& all = all_claims();
  {
    std::lock_guard lock(all.mutex);
    all.tables.erase(table_);
  }
  all.released.notify_all();
}

} // namespace actors::proxy::nftables
