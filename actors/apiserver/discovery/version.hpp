// What /version says: the API that is served, and by whom.
#pragma once

#include "messages/codec/draft.hpp"

namespace actors::apiserver::discovery {

messages::codec::draft version_info();

} // namespace actors::apiserver::discovery
