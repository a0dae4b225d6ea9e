// libnftables behind a class: one long-lived context, commands in, outcome out. Used from one thread.
#pragma once

#include <optional>
#include <string>

struct nft_ctx;

namespace runtime::net {

class nft_context {
public:
  nft_context(); // throws std::runtime_error when libnftables gives no context
  ~nft_context();
  nft_context(const nft_context&) = delete;
  nft_context& operator=(const nft_context&) = delete;

  // Runs `commands` as one transaction. Returns the error's text, nullopt when all of it was applied.
  std::optional<std::string> run(const std::string& commands);
  // What was printed (answers to `list`) since the last call.
  std::string take_output();

private:
  nft_ctx* context_;
};

} // namespace runtime::net
