#include "runtime/control/client.hpp"

#include "runtime/control/socket.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace runtime::control {

namespace {

/// Sends the request; what the system says becomes a text for the operator.
template <class Use>
auto with_connection(const std::filesystem::path& data, const words& request, deadline until, Use use) {
  auto line = encode_line(request);
  if (line.size() > request_bytes_max)
    throw std::runtime_error("the request is longer than " + std::to_string(request_bytes_max) + " bytes");
  try {
    auto fd = connect_in(data);
    write_all(fd.get(), line, until);
    return use(fd.get());
  } catch (const std::system_error& e) {
    auto code = e.code().value();
    if (code == ENOENT || code == ECONNREFUSED || code == ENOTDIR)
      throw std::runtime_error("no troupe host runs on data folder " + data.string()
                               + " (name another with --data or TROUPE_DATA, or start one with `troupe host`)");
    if (code == ETIMEDOUT)
      throw std::runtime_error("the host on data folder " + data.string() + " does not answer");
    throw std::runtime_error("control socket of " + data.string() + ": " + e.code().message());
  }
}

} // namespace

reply ask(const std::filesystem::path& data, const words& request, std::chrono::milliseconds timeout) {
  auto until = std::chrono::steady_clock::now() + timeout;
  auto text = with_connection(data, request, until, [&](int fd) { return read_until(fd, '\0', reply_bytes_max, until); });
  if (auto result = decode_reply(text))
    return *result;
  throw std::runtime_error("the host on data folder " + data.string() + " broke its answer off");
}

void follow(const std::filesystem::path& data, const words& request, const std::function<bool(const words&)>& line) {
  with_connection(data, request, std::chrono::steady_clock::now() + ask_time_max, [&](int fd) {
    line_reader lines{fd};
    while (auto text = lines.next(std::chrono::steady_clock::now() + stream_silence_max))
      if (!line(decode_line(*text)))
        break;
    return true;
  });
}

} // namespace runtime::control
