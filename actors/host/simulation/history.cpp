#include "actors/host/simulation/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace actors::host::simulation {

namespace {

std::string describe(const operation& op) {
  return fmt::format("{} {} {} of {} at revision {} ({} to {} us)", op.client,
                     op.kind == operation::what::write ? "wrote" : "read", op.value, op.key, op.revision, op.began_us, op.ended_us);
}

/// Of one key.
void check_key(std::vector<const operation*> operations, const std::set<std::string>& maybe, std::vector<std::string>& wrong) {
  std::map<int64_t, const operation*> writes; // by revision
  for (const auto* op : operations)
    if (op->kind == operation::what::write)
      if (const auto [other, fresh] = writes.emplace(op->revision, op); !fresh)
        wrong.push_back(fmt::format("two writes have one revision: {}; {}", describe(*other->second), describe(*op)));
  std::map<int64_t, std::string> versions;
  for (const auto* op : operations) {
    if (op->kind == operation::what::write)
      continue;
    if (const auto written = writes.find(op->revision); written != writes.end()) {
      if (written->second->value != op->value)
        wrong.push_back(fmt::format("a read saw another value than was written: {}; {}", describe(*op), describe(*written->second)));
    } else if (maybe.count(op->value) == 0) {
      wrong.push_back(fmt::format("a read saw a value that nobody wrote at that revision: {}", describe(*op)));
    }
    if (const auto [other, fresh] = versions.emplace(op->revision, op->value); !fresh && other->second != op->value)
      wrong.push_back(fmt::format("two reads saw different values of one revision: {}", describe(*op)));
  }
  // In the order of their ends; whatever begins later must not be older than the newest that had ended.
  std::sort(operations.begin(), operations.end(), [](auto* a, auto* b) { return a->ended_us < b->ended_us; });
  auto by_begin = operations;
  std::sort(by_begin.begin(), by_begin.end(), [](auto* a, auto* b) { return a->began_us < b->began_us; });
  const operation* newest = nullptr;
  size_t ended = 0;
  for (const auto* op : by_begin) {
    for (; ended < operations.size() && operations[ended]->ended_us < op->began_us; ++ended)
      if (newest == nullptr || operations[ended]->revision > newest->revision)
        newest = operations[ended];
    const bool write = op->kind == operation::what::write;
    if (newest != nullptr && (op->revision < newest->revision || (write && op->revision == newest->revision)))
      wrong.push_back(fmt::format("time and revisions disagree: {} after {}", describe(*op), describe(*newest)));
  }
}

} // namespace

std::vector<std::string> check_linearizable(std::vector<operation> operations, const std::vector<std::string>& maybe) {
  std::vector<std::string> wrong;
  std::map<std::string, std::vector<const operation*>> keys;
  for (const auto& op : operations)
    keys[op.key].push_back(&op);
  const std::set<std::string> possible(maybe.begin(), maybe.end());
  for (auto& [key, list] : keys)
    check_key(list, possible, wrong);
  return wrong;
}

} // namespace actors::host::simulation
