// The schema of sample.fbs for the codec's tests.
#pragma once

#include "messages/codec/schema.hpp"

namespace sample {

const messages::codec::schema& sample_schema();
const messages::codec::type& widget();

} // namespace sample
