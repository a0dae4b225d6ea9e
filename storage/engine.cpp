#include "storage/engine.hpp"

namespace storage {

compacted::compacted(revision asked, revision oldest)
    : std::runtime_error("revision " + std::to_string(asked) + " is compacted, the oldest kept is " +
                         std::to_string(oldest)),
      asked_(asked),
      oldest_(oldest) {}

namespace {

[[noreturn]] void cannot_move() { throw error(error_code::moved, "this engine cannot be copied to another host"); }

} // namespace

owner_record engine::owner() { return {}; }

size_t engine::stored() { return 0; }

copy_page engine::copy(revision, size_t) { cannot_move(); }

std::vector<fence_entry> engine::fences() { return {}; }

owner_record engine::hand_over(std::string_view, std::string_view) { cannot_move(); }

void engine::begin_copy(std::string_view, std::string_view) { cannot_move(); }

void engine::append(const copy_page&) { cannot_move(); }

void engine::mark_asking() { cannot_move(); }

void engine::take_over(int64_t, std::span<const fence_entry>) { cannot_move(); }

} // namespace storage
