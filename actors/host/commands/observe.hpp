// The commands that look at a running cluster, each in the file of its name.
#pragma once

#include "actors/host/client_command.hpp"
#include "runtime/telemetry/host_sample.hpp"

namespace actors::host::commands {

client_command top();
client_command trace();
client_command ui();
client_command why();

/// `measure all` of the host on the data folder. Throws std::runtime_error.
std::vector<runtime::telemetry::host_sample> measure(const client_arguments& given);

/// A number above 0, else std::runtime_error names the option.
double positive_number(const std::string& text, const char* option);

} // namespace actors::host::commands
