// HTTP/1.1 requests out of bytes, in whatever pieces they arrive. Not thread-safe; one per connection.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "actors/apiserver/http/message.hpp"

namespace actors::apiserver::http {

constexpr uint32_t header_bytes_max = 64 * 1024;     // request line and headers
constexpr uint64_t body_bytes_max = 3 * 1024 * 1024; // as upstream

class request_parser {
public:
  enum class state { more, headers_done, done, failed };
  struct problem {
    int code = 400;
    std::string message;
  };

  request_parser();
  ~request_parser();

  /// Takes what it can of `bytes` and says how much that was. After `headers_done` (reported once, when a
  /// body follows) call again with the rest. After `done` take() gives the request; the rest of the bytes
  /// belongs to the next one.
  state feed(std::string_view bytes, size_t& taken);
  /// Of this request nothing has arrived so far.
  bool is_fresh() const;
  size_t body_bytes() const;     // so far
  bool expects_continue() const; // after headers_done
  bool keep_alive() const;       // after done
  bool is_version_10() const;
  const problem& failure() const { return problem_; }
  /// The request; the parser starts anew.
  request take();

private:
  struct beast_parser;
  std::unique_ptr<beast_parser> parser_;
  problem problem_;
};

} // namespace actors::apiserver::http
