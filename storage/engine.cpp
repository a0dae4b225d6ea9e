#include "storage/engine.hpp"

namespace storage {

compacted::compacted(revision asked, revision oldest)
    : std::runtime_error("revision " + std::to_string(asked) + " is compacted, the oldest kept is " +
                         std::to_string(oldest)),
      asked_(asked),
      oldest_(oldest) {}

} // namespace storage
