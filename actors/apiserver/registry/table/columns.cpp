// What the tables of several kinds share.
#include "actors/apiserver/registry/table/columns.hpp"

#include "actors/apiserver/registry/scalars.hpp"

namespace actors::apiserver::registry::table {

namespace {

// "5m" or "5m20s": the smaller unit only when it is not 0.
std::string two_units(int64_t big, char big_unit, int64_t small, char small_unit) {
  auto out = std::to_string(big) + big_unit;
  if (small)
    out += std::to_string(small) + small_unit;
  return out;
}

} // namespace

std::string human_duration(int64_t seconds) {
  if (seconds < -1)
    return "<invalid>";
  if (seconds < 0)
    return "0s";
  if (seconds < 120)
    return std::to_string(seconds) + "s";
  auto minutes = seconds / 60;
  if (minutes < 10)
    return two_units(minutes, 'm', seconds % 60, 's');
  if (minutes < 180)
    return std::to_string(minutes) + "m";
  auto hours = minutes / 60;
  if (hours < 8)
    return two_units(hours, 'h', minutes % 60, 'm');
  if (hours < 48)
    return std::to_string(hours) + "h";
  auto days = hours / 24;
  if (hours < 24 * 8)
    return two_units(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2)
    return std::to_string(days) + "d";
  if (hours < 24 * 365 * 8)
    return two_units(days / 365, 'y', days % 365, 'd');
  return std::to_string(days / 365) + "y";
}

std::string since(const draft& time, int64_t now_seconds) {
  auto then = seconds_of(time);
  return then ? human_duration(now_seconds - *then) : "<unknown>";
}

std::string age(const draft& object, int64_t now_seconds) {
  return since(object.get("metadata").get("creationTimestamp"), now_seconds);
}

draft name_of(const draft& object) { return object.get("metadata").get("name").str(); }

std::string list_containers(const draft& containers, std::string_view member) {
  std::string out;
  for (auto& container : containers.items())
    out.append(out.empty() ? "" : ",").append(container.get(member).str());
  return out;
}

std::string or_none(std::string_view text) { return text.empty() ? "<none>" : std::string(text); }

} // namespace actors::apiserver::registry::table
