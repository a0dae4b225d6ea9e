// `troupe pki init`: certificates for the hosts of a placement. Needs no running host.
#pragma once

#include "actors/host/client_command.hpp"

namespace actors::host {

client_command pki_command();

} // namespace actors::host
