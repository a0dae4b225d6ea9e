// What names things within a simulation.
#pragma once

#include <chrono>
#include <cstdint>

namespace runtime::simulation {

/// A simulated host, counted from 1 on.
using host_id = uint32_t;
/// The simulation itself: never frozen, never behind a link.
constexpr host_id nowhere = 0;

using duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

} // namespace runtime::simulation
