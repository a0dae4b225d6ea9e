// JSON in tests: objects written as JSON, and short ways to run one kind's functions over them.
#pragma once

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "actors/apiserver/registry/kind.hpp"

namespace samples {

using actors::apiserver::registry::draft;
using actors::apiserver::registry::kind;

inline constexpr int64_t now_seconds = 1'800'000'000; // 2027-01-15T08:00:00Z

/// Fails the test on malformed JSON.
draft json(std::string_view text);
/// By its name: "Pod", "Deployment"; "events.k8s.io/Event".
const kind& kind_of(std::string_view name);

/// `base` with `patch` merged into it (RFC 7386), then defaulted.
draft with(const kind&, const draft& base, std::string_view patch);
/// Canonical, as the verbs hand it to validation: checked by the schema, packed and unpacked.
draft canonical(const kind&, draft object);

/// The texts of what validate() or validate_update() says.
std::vector<std::string> mistakes(const kind&, const draft& object);
std::vector<std::string> update_mistakes(const kind&, const draft& next, const draft& old);
std::vector<std::string> cells(const kind&, const draft& object);

/// A valid object of the kind, defaulted and prepared as for create.
draft sample(std::string_view kind_name);

} // namespace samples
