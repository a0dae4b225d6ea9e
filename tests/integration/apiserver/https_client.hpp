// A blocking TLS client that sends exactly the bytes it is told to, for tests of the server.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace tests {

struct http_answer {
  int code = 0; // 0: the connection ended without an answer
  std::string head, body;
  /// The value of a header in lower case name; "" if absent.
  std::string header(std::string_view name) const;
};

class https_client {
public:
  /// `certificate` and `key`: PEM files, "" for an anonymous client. Throws std::runtime_error.
  https_client(uint16_t port, const std::filesystem::path& certificate = {},
               const std::filesystem::path& key = {});
  ~https_client();
  https_client(const https_client&) = delete;
  https_client& operator=(const https_client&) = delete;

  void send(std::string_view bytes);
  /// One whole answer (chunks joined); `head_only` for HEAD.
  http_answer receive(bool head_only = false);
  http_answer request(std::string_view method, std::string_view target, std::string_view headers = {},
                      std::string_view body = {});
  /// The head of a streamed answer; then lines.
  http_answer begin_stream(std::string_view target, std::string_view headers = {});
  /// One line of a chunked stream, without its end; nullopt-like "" when the stream has ended or `seconds`
  /// passed.
  std::string line(int seconds = 5);
  /// True when the server has closed its side.
  bool ended(int seconds = 5);
  int socket() const { return socket_; }

private:
  bool fill(int seconds);
  std::string take_until(std::string_view mark, int seconds, bool& found);
  std::string take(size_t size, bool& found);
  bool take_chunk(std::string& out, int seconds);

  int socket_ = -1;
  struct state;
  std::unique_ptr<state> state_;
  std::string buffer_, stream_;
};

} // namespace tests
