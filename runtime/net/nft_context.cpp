// The one place that calls libnftables.
#include "runtime/net/nft_context.hpp"

#include <nftables/libnftables.h>

#include <stdexcept>

namespace runtime::net {
namespace {

// libnftables echoes the failing command; a long one would drown the log.
constexpr size_t error_length_max = 600;

} // namespace

nft_context::nft_context() : context_(nft_ctx_new(NFT_CTX_DEFAULT)) {
  if (!context_ || nft_ctx_buffer_output(context_) != 0 || nft_ctx_buffer_error(context_) != 0)
    throw std::runtime_error("libnftables: no context");
}

nft_context::~nft_context() { nft_ctx_free(context_); }

std::optional<std::string> nft_context::run(const std::string& commands) {
  const int result = nft_run_cmd_from_buffer(context_, commands.c_str());
  std::string error = nft_ctx_get_error_buffer(context_);
  if (result == 0)
    return std::nullopt;
  if (error.size() > error_length_max)
    error = error.substr(0, error_length_max) + "...";
  return error.empty() ? "libnftables: failed without a message" : error;
}

std::string nft_context::take_output() { return nft_ctx_get_output_buffer(context_); }

} // namespace runtime::net
