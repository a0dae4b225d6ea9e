#include "tests/integration/apiserver/https_client.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <stdexcept>

namespace tests {

struct https_client::state {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;
  ~state() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
};

std::string http_answer::header(std::string_view name) const {
  std::string lower = head;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto at = lower.find("\r\n" + std::string{name} + ": ");
  if (at == std::string::npos)
    return {};
  const auto from = at + name.size() + 4;
  return head.substr(from, head.find("\r\n", from) - from);
}

https_client::https_client(uint16_t port, const std::filesystem::path& certificate,
                           const std::filesystem::path& key)
    : state_(std::make_unique<state>()) {
  ::signal(SIGPIPE, SIG_IGN);
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
  if (!certificate.empty() &&
      (SSL_CTX_use_certificate_file(state_->context, certificate.c_str(), SSL_FILETYPE_PEM) != 1 ||
       SSL_CTX_use_PrivateKey_file(state_->context, key.c_str(), SSL_FILETYPE_PEM) != 1))
    throw std::runtime_error("cannot use the client certificate");
  state_->ssl = SSL_new(state_->context);
  SSL_set_fd(state_->ssl, socket_);
  if (SSL_connect(state_->ssl) != 1)
    throw std::runtime_error("TLS handshake failed");
}

https_client::~https_client() {
  state_.reset();
  ::close(socket_);
}

void https_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const int sent =
      SSL_write(state_->ssl, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), 1 << 20)));
    if (sent <= 0)
      return; // the server has closed: its answer may still be there
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool https_client::fill(int seconds) {
  if (SSL_pending(state_->ssl) == 0) {
    pollfd what{socket_, POLLIN, 0};
    if (::poll(&what, 1, seconds * 1000) != 1)
      return false;
  }
  char block[16 * 1024];
  const int got = SSL_read(state_->ssl, block, sizeof block);
  if (got <= 0)
    return false;
  buffer_.append(block, static_cast<size_t>(got));
  return true;
}

std::string https_client::take_until(std::string_view mark, int seconds, bool& found) {
  size_t at;
  while ((at = buffer_.find(mark)) == std::string::npos)
    if (!(found = fill(seconds)))
      return {};
  found = true;
  std::string result = buffer_.substr(0, at + mark.size());
  buffer_.erase(0, at + mark.size());
  return result;
}

std::string https_client::take(size_t size, bool& found) {
  while (buffer_.size() < size)
    if (!(found = fill(10)))
      return {};
  found = true;
  std::string result = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return result;
}

bool https_client::take_chunk(std::string& out, int seconds) {
  bool found = false;
  const auto size_line = take_until("\r\n", seconds, found);
  if (!found)
    return false;
  const auto size = std::stoul(size_line, nullptr, 16);
  out += take(size, found);
  take(2, found);
  return found && size != 0;
}

http_answer https_client::receive(bool head_only) {
  http_answer answer;
  bool found = false;
  answer.head = take_until("\r\n\r\n", 10, found);
  if (!found)
    return {};
  answer.code = std::stoi(answer.head.substr(9, 3));
  if (head_only || answer.code == 304 || answer.code == 100)
    return answer;
  if (answer.header("transfer-encoding") == "chunked") {
    while (take_chunk(answer.body, 10)) {
    }
  } else if (const auto length = answer.header("content-length"); !length.empty()) {
    answer.body = take(std::stoul(length), found);
  } else {
    while (fill(10)) {
    }
    answer.body.swap(buffer_);
  }
  return answer;
}

http_answer https_client::request(std::string_view method, std::string_view target, std::string_view headers,
                                  std::string_view body) {
  std::string text{method};
  text.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(headers);
  if (!body.empty())
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  text.append("\r\n").append(body);
  send(text);
  return receive(method == "HEAD");
}

http_answer https_client::begin_stream(std::string_view target, std::string_view headers) {
  send(std::string{"GET "}
         .append(target)
         .append(" HTTP/1.1\r\nHost: localhost\r\n")
         .append(headers)
         .append("\r\n"));
  http_answer answer;
  bool found = false;
  answer.head = take_until("\r\n\r\n", 10, found);
  if (found)
    answer.code = std::stoi(answer.head.substr(9, 3));
  return answer;
}

std::string https_client::line(int seconds) {
  size_t at;
  while ((at = stream_.find('\n')) == std::string::npos)
    if (!take_chunk(stream_, seconds))
      return {};
  std::string result = stream_.substr(0, at);
  stream_.erase(0, at + 1);
  return result;
}

bool https_client::ended(int seconds) {
  while (fill(seconds)) {
  }
  pollfd what{socket_, POLLIN, 0};
  char byte;
  return ::poll(&what, 1, 2000) == 1 && ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

} // namespace tests
