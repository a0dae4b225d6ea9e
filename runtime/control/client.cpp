#include "runtime/control/client.hpp"

#include "runtime/control/socket.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace runtime::control {

reply ask(const std::filesystem::path& data, const words& request, std::chrono::milliseconds timeout) {
  auto until = std::chrono::steady_clock::now() + timeout;
  auto line = encode_line(request);
  if (line.size() > request_bytes_max)
    throw std::runtime_error("the request is longer than " + std::to_string(request_bytes_max) + " bytes");
  try {
    auto fd = connect_in(data);
    write_all(fd.get(), line, until);
    auto text = read_until(fd.get(), '\0', reply_bytes_max, until);
    if (auto result = decode_reply(text))
      return *result;
  } catch (const std::system_error& e) {
    auto code = e.code().value();
    if (code == ENOENT || code == ECONNREFUSED || code == ENOTDIR)
      throw std::runtime_error("no troupe host runs on data folder " + data.string()
                               + " (name another with --data or TROUPE_DATA, or start one with `troupe host`)");
    if (code == ETIMEDOUT)
      throw std::runtime_error("the host on data folder " + data.string() + " does not answer");
    throw std::runtime_error("control socket of " + data.string() + ": " + e.code().message());
  }
  throw std::runtime_error("the host on data folder " + data.string() + " broke its answer off");
}

} // namespace runtime::control
