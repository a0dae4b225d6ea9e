#include "runtime/mesh/hello.hpp"

#include "runtime/mesh/frame.hpp"
#include "runtime/mesh/wire.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace runtime::mesh {

namespace {

constexpr std::string_view magic = "TROUPE/M";
constexpr size_t named_max = 8;

std::string list_of(const std::vector<std::string>& names) {
  std::vector<std::string> shown{names.begin(), names.begin() + std::min(names.size(), named_max)};
  return shown.empty() ? "nobody" : fmt::format("{}", fmt::join(shown, ", "));
}

std::string range(const hello& x) {
  return x.version_oldest == x.version ? fmt::format("{}", x.version)
                                       : fmt::format("{} to {}", x.version_oldest, x.version);
}

void check_version(const hello& mine, const hello& theirs) {
  if (theirs.version >= mine.version_oldest && mine.version >= theirs.version_oldest)
    return;
  throw refused(refusal_reason::wrong_version,
                fmt::format("host {} (troupe {}) speaks mesh protocol {}, host {} (troupe {}) speaks {}: run the same "
                            "version of troupe on both",
                            theirs.host, theirs.build, range(theirs), mine.host, mine.build, range(mine)));
}

} // namespace

std::string_view to_string(refusal_reason reason) {
  switch (reason) {
    case refusal_reason::no_certificate:
      return "no-certificate";
    case refusal_reason::wrong_ca:
      return "wrong-ca";
    case refusal_reason::expired:
      return "expired";
    case refusal_reason::bad_certificate:
      return "bad-certificate";
    case refusal_reason::wrong_host:
      return "wrong-host";
    case refusal_reason::unknown_host:
      return "unknown-host";
    case refusal_reason::not_tls:
      return "not-tls";
    case refusal_reason::bad_frame:
      return "bad-frame";
    case refusal_reason::wrong_version:
      return "wrong-version";
    case refusal_reason::wrong_cluster:
      return "wrong-cluster";
    case refusal_reason::duplicate:
      return "duplicate";
    case refusal_reason::too_slow:
      return "too-slow";
    case refusal_reason::too_many:
      return "too-many";
    case refusal_reason::broken_off:
      return "broken-off";
    case refusal_reason::by_peer:
      return "by-peer";
  }
  return "unknown";
}

std::string encode_hello(const hello& value) {
  std::string out{magic};
  append_number(out, value.version_oldest);
  append_number(out, value.version);
  append_number(out, value.incarnation);
  append_number(out, static_cast<uint64_t>(value.started_us));
  for (auto text : {&value.cluster, &value.host, &value.node, &value.build})
    append_text(out, *text);
  return out;
}

std::optional<hello> decode_hello(std::string_view payload) {
  if (!payload.starts_with(magic))
    return std::nullopt;
  payload.remove_prefix(magic.size());
  hello result;
  uint64_t started = 0;
  bool whole = take_number(payload, result.version_oldest) && take_number(payload, result.version)
               && take_number(payload, result.incarnation) && take_number(payload, started);
  for (auto text : {&result.cluster, &result.host, &result.node, &result.build}) {
    whole = whole && take_text(payload, *text);
    *text = clean_reason(*text);
  }
  if (!whole || result.version_oldest > result.version || result.host.empty())
    return std::nullopt;
  result.started_us = static_cast<int64_t>(started);
  return result;
}

void check_names(std::string_view host, const std::vector<std::string>& names) {
  auto wanted = std::string{host} + std::string{domain};
  if (std::find(names.begin(), names.end(), wanted) == names.end())
    throw refused(refusal_reason::wrong_host,
                  fmt::format("its certificate is of {}, not of {}", list_of(names), wanted));
}

void check_hello(const expectation& expected, const hello& theirs, const std::vector<std::string>& names) {
  auto& mine = expected.mine;
  // The version first: whatever else a host of another version says may mean something else.
  check_version(mine, theirs);
  if (theirs.cluster != mine.cluster)
    throw refused(refusal_reason::wrong_cluster, fmt::format("host {} belongs to cluster `{}`, host {} to `{}`",
                                                             theirs.host, theirs.cluster, mine.host, mine.cluster));
  check_names(theirs.host, names);
  if (theirs.host == mine.host)
    throw refused(refusal_reason::duplicate, fmt::format("two processes run as host {}", mine.host));
  if (!expected.dialled.empty() && theirs.host != expected.dialled)
    throw refused(refusal_reason::wrong_host, fmt::format("host {} answers at the address of host {}", theirs.host,
                                                          expected.dialled));
  if (std::find(expected.hosts.begin(), expected.hosts.end(), theirs.host) == expected.hosts.end())
    throw refused(refusal_reason::unknown_host,
                  fmt::format("host {} has no host `{}` in its placement", mine.host, theirs.host));
  if (expected.dialled.empty() && !dials(theirs.host, mine.host))
    throw refused(refusal_reason::unknown_host,
                  fmt::format("host {} connects to {}, not the other way round", mine.host, theirs.host));
}

} // namespace runtime::mesh
