// Quantities and times in drafts.
#include "actors/apiserver/registry/scalars.hpp"

#include "messages/codec/json.hpp"
#include "messages/codec/quantity.hpp"
#include "messages/codec/time.hpp"

namespace actors::apiserver::registry {

namespace codec = messages::codec;

namespace {

codec::quantity amount_of(const codec::draft& quantity) {
  auto text = quantity.is_number() ? quantity.number_text() : std::string(quantity.str());
  return codec::parse_quantity(text).value_or(codec::quantity());
}

} // namespace

std::optional<int64_t> seconds_of(const codec::draft& time) {
  if (time.str().empty())
    return {};
  return codec::parse_time(time.str());
}

std::string time_text(int64_t seconds) { return codec::format_time(seconds); }

std::string quantity_text(const codec::draft& quantity) { return codec::to_string(amount_of(quantity)); }

int compare_quantities(const codec::draft& left, const codec::draft& right) {
  return codec::compare(amount_of(left), amount_of(right));
}

bool is_whole_quantity(const codec::draft& quantity) {
  auto amount = amount_of(quantity);
  return codec::compare(codec::from_value(codec::value_of(amount)), amount) == 0;
}

bool is_multiple_of(const codec::draft& quantity, const codec::draft& unit) {
  auto size = codec::value_of(amount_of(unit));
  auto amount = codec::value_of(amount_of(quantity));
  return size > 0 && amount % size == 0;
}

codec::draft add_quantities(const codec::draft& left, const codec::draft& right) {
  return codec::to_string(codec::add(amount_of(left), amount_of(right)));
}

std::string round_up_to_milli(const codec::draft& quantity) {
  auto amount = amount_of(quantity);
  auto rounded = codec::from_milli_value(codec::milli_value_of(amount));
  // A saturated rounding is smaller: such an amount has no thousandths to round.
  if (codec::compare(rounded, amount) <= 0)
    return codec::to_string(amount);
  return codec::to_string(rounded);
}

std::optional<std::string> check_json_object(std::string_view text) {
  auto result = codec::parse_json(text);
  if (result.error)
    return result.error->message;
  if (!result.value.is_object())
    return "json: cannot unmarshal value into Go value of type map[string]interface {}";
  return {};
}

} // namespace actors::apiserver::registry
