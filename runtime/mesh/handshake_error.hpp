// From what OpenSSL and the kernel say about a failed handshake to a reason that an operator understands.
#pragma once

#include "runtime/mesh/refusal.hpp"

#include <boost/system/error_code.hpp>

#include <openssl/ssl.h>

#include <string>

namespace runtime::mesh {

refused classify(const boost::system::error_code& error, SSL* tls);

/// Why an established connection ended.
std::string describe_end(const boost::system::error_code& error);

} // namespace runtime::mesh
