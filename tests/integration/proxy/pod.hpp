// A stand-in for a pod: a child process in a network namespace of its own that answers over TCP and UDP with
// its name and the address that it saw, and that sends requests when asked to. Ends with the test.
#pragma once

#include <sys/types.h>

#include <string>

namespace network {

inline constexpr int served_port = 8080;

// "<name> <address of the client>", "refused", "timeout" or another error's text.
std::string request_tcp(const std::string& address, int port);
// From one socket for all calls: one flow, as a resolver keeps it.
std::string request_udp(const std::string& address, int port);

class pod {
public:
  // `gateway` is on the other end of a veth whose host side the caller attaches: `link` is its name.
  pod(std::string name, const std::string& link, const std::string& address_and_bits,
      const std::string& gateway);
  ~pod();
  pod(const pod&) = delete;
  pod& operator=(const pod&) = delete;

  std::string tcp(const std::string& address, int port) {
    return ask("tcp " + address + ' ' + std::to_string(port));
  }
  std::string udp(const std::string& address, int port) {
    return ask("udp " + address + ' ' + std::to_string(port));
  }

private:
  std::string ask(const std::string& command);

  const std::string link_;
  pid_t process_ = -1;
  int channel_ = -1;
};

// Runs `command` through the shell; throws with its text when it fails.
void shell(const std::string& command);
std::string output_of(const std::string& command);

} // namespace network
