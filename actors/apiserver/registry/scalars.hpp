// Quantities and times in drafts, where they have their JSON form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::registry {

/// Seconds since the epoch of an RFC 3339 time, fractions cut; nothing when absent or malformed.
std::optional<int64_t> seconds_of(const messages::codec::draft& time);
/// "2026-11-23T04:22:21Z".
std::string time_text(int64_t seconds);

/// A quantity is a string, or a number as JSON allows. A malformed one counts as 0: the schema refuses it
/// before.
std::string quantity_text(const messages::codec::draft& quantity); // canonical
/// Below 0, 0 or above 0, as left is less than, equal to or more than right.
int compare_quantities(const messages::codec::draft& left, const messages::codec::draft& right);
bool is_whole_quantity(const messages::codec::draft& quantity); // no fraction of a unit
bool is_multiple_of(const messages::codec::draft& quantity, const messages::codec::draft& unit);
messages::codec::draft add_quantities(const messages::codec::draft& left,
                                      const messages::codec::draft& right);
/// Rounded up to a thousandth of a unit, canonical.
std::string round_up_to_milli(const messages::codec::draft& quantity);

/// What is wrong with a text that must be one JSON object; nothing when it is one.
std::optional<std::string> check_json_object(std::string_view text);

} // namespace actors::apiserver::registry
