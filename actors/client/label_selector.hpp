// Does a LabelSelector of an object (spec.selector) select these labels? On stored objects, without decoding them.
#pragma once

#include <string>

#include "messages/api/meta/v1/meta_generated.h"

namespace actors::client {

using label_entries = flatbuffers::Vector<flatbuffers::Offset<messages::api::meta::v1::StringEntry>>;

/// "" and false when absent. Maps are sorted by key, so that the look-up is O(log n).
const flatbuffers::String* label_value(const label_entries* labels, const char* key);

/// An empty selector selects everything, a null one nothing (upstream's LabelSelectorAsSelector).
bool selects(const messages::api::meta::v1::LabelSelector* selector, const label_entries* labels);

/// A Service's spec.selector: all entries must be there. Null or empty: selects nothing.
bool selects(const label_entries* wanted, const label_entries* labels);

/// The text form that the API's labelSelector parameter takes: `a=b,c in (d,e)`.
std::string selector_text(const messages::api::meta::v1::LabelSelector* selector);

} // namespace actors::client
