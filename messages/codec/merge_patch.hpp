// JSON merge patch, RFC 7386.
#pragma once

#include "messages/codec/draft.hpp"

namespace messages::codec {

void apply_merge_patch(draft& target, const draft& patch);

} // namespace messages::codec
