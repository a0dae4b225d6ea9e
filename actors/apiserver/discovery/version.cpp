// Version facts.
#include "actors/apiserver/discovery/version.hpp"

namespace actors::apiserver::discovery {

messages::codec::draft version_info() {
  using messages::codec::draft;
  return draft::make_object({
    {"major", "1"},
    {"minor", "36"},
    {"gitVersion", "v1.36.0+troupe-0.1.0"},
    {"gitCommit", ""},
    {"gitTreeState", "clean"},
    {"buildDate", "2026-01-01T00:00:00Z"},
    {"goVersion", "none"},
    {"compiler", "g++ " __VERSION__},
    {"platform", "linux/amd64"},
  });
}

} // namespace actors::apiserver::discovery
