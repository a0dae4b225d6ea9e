#include "runtime/telemetry/message_key.hpp"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <typeinfo>

namespace runtime::telemetry {

namespace {

constexpr std::string_view envelope = "runtime::transport::message<";
constexpr std::string_view anonymous = "(anonymous namespace)::";

std::string demangled(const char* name) {
  int failure = 0;
  std::unique_ptr<char, void (*)(void*)> text{abi::__cxa_demangle(name, nullptr, nullptr, &failure), std::free};
  return failure == 0 && text ? std::string{text.get()} : std::string{name};
}

} // namespace

std::string short_type_name(std::string full) {
  if (full.starts_with(envelope) && full.ends_with('>'))
    full = full.substr(envelope.size(), full.size() - envelope.size() - 1);
  for (auto at = full.find(anonymous); at != full.npos; at = full.find(anonymous))
    full.erase(at, anonymous.size());
  if (full.starts_with('@'))
    full.erase(0, 1);
  // Template arguments are of no interest, and may hold colons.
  full = full.substr(0, full.find('<'));
  auto name = full.rfind("::");
  if (name == full.npos)
    return full;
  auto space = name == 0 ? full.npos : full.rfind("::", name - 1);
  auto begin = space == full.npos ? 0 : space + 2;
  return full.substr(begin, name - begin) + "." + full.substr(name + 2);
}

std::string message_name(message_key key) {
  if (key == 0)
    return "empty";
  if (key < caf::type_nrs)
    return short_type_name(caf::numbered_type_names[key - 1]);
  return short_type_name(demangled(reinterpret_cast<const std::type_info*>(key)->name()));
}

} // namespace runtime::telemetry
