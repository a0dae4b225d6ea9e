// The child process behind a pod, and the requests that everyone may send.
#include "tests/integration/proxy/pod.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace network {
namespace {

constexpr int answer_ms_max = 3000;
int udp_socket = -1; // of request_udp

sockaddr_in address_of(const std::string& text, int port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(static_cast<uint16_t>(port));
  if (inet_pton(AF_INET, text.c_str(), &result.sin_addr) != 1)
    throw std::runtime_error("no address: " + text);
  return result;
}

std::string outcome(int error) {
  // EPERM: what a sender on the node itself is told about a datagram that its own rules reject.
  if (error == ECONNREFUSED || error == EPERM)
    return "refused";
  return error == EAGAIN || error == EINPROGRESS || error == ETIMEDOUT ? "timeout" : std::strerror(error);
}

void limit_time(int socket) {
  const timeval limit{answer_ms_max / 1000, answer_ms_max % 1000 * 1000};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); // connect() as well
}

std::string receive(int socket) {
  std::array<char, 256> buffer;
  const auto length = recv(socket, buffer.data(), buffer.size(), 0);
  return length < 0 ? outcome(errno) : std::string(buffer.data(), static_cast<size_t>(length));
}

int listening(int type) {
  const int result = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(result, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const auto any = address_of("0.0.0.0", served_port);
  if (bind(result, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
      (type == SOCK_STREAM && listen(result, 128) != 0))
    throw std::runtime_error("cannot listen");
  return result;
}

std::string answer(const std::string& name, const sockaddr_in& client) {
  char text[INET_ADDRSTRLEN];
  return name + ' ' + inet_ntop(AF_INET, &client.sin_addr, text, sizeof text);
}

void serve_tcp(int listener, std::string name) {
  for (;;) {
    sockaddr_in client{};
    socklen_t size = sizeof client;
    const int connection = accept(listener, reinterpret_cast<sockaddr*>(&client), &size);
    if (connection < 0)
      return;
    const auto text = answer(name, client);
    send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    close(connection);
  }
}

void serve_udp(int socket, std::string name) {
  for (;;) {
    std::array<char, 64> buffer;
    sockaddr_in client{};
    socklen_t size = sizeof client;
    if (recvfrom(socket, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&client), &size) < 0)
      return;
    const auto text = answer(name, client);
    sendto(socket, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&client), size);
  }
}

// Commands come one per datagram; "up ..." configures the link and starts the servers.
[[noreturn]] void live(int channel, const std::string& name) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  udp_socket = -1; // the parent's belongs to the parent's namespace
  const bool alone = unshare(CLONE_NEWNET) == 0;
  const std::string first = alone ? "alone" : "no namespace";
  send(channel, first.data(), first.size(), 0);
  for (;;) {
    std::array<char, 512> buffer;
    const auto length = recv(channel, buffer.data(), buffer.size(), 0);
    if (length <= 0)
      _exit(0);
    std::istringstream command(std::string(buffer.data(), static_cast<size_t>(length)));
    std::string verb, address, gateway, reply;
    command >> verb >> address;
    try {
      if (verb == "up") {
        command >> gateway;
        shell("ip link set lo up && ip addr add " + address +
              " dev eth0 && ip link set eth0 up && ip route add default via " + gateway);
        std::thread(serve_tcp, listening(SOCK_STREAM), name).detach();
        std::thread(serve_udp, listening(SOCK_DGRAM), name).detach();
        reply = "up";
      } else {
        int port = 0;
        command >> port;
        reply = verb == "tcp" ? request_tcp(address, port) : request_udp(address, port);
      }
    } catch (const std::exception& failure) {
      reply = failure.what();
    }
    send(channel, reply.data(), reply.size(), MSG_NOSIGNAL);
  }
}

} // namespace

std::string request_tcp(const std::string& address, int port) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  limit_time(connection);
  const auto where = address_of(address, port);
  const auto result = connect(connection, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0
                        ? receive(connection)
                        : outcome(errno);
  close(connection);
  return result;
}

std::string request_udp(const std::string& address, int port) {
  if (udp_socket < 0) {
    udp_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    limit_time(udp_socket);
  }
  const auto where = address_of(address, port);
  // Connected, so that a refusal by ICMP is seen.
  if (connect(udp_socket, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
      send(udp_socket, "?", 1, 0) < 0)
    return outcome(errno);
  return receive(udp_socket);
}

pod::pod(std::string name, const std::string& link, const std::string& address_and_bits,
         const std::string& gateway)
    : link_(link) {
  int channels[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channels) != 0)
    throw std::runtime_error("socketpair");
  process_ = fork();
  if (process_ == 0) {
    close(channels[0]);
    live(channels[1], name);
  }
  close(channels[1]);
  channel_ = channels[0];
  if (receive(channel_) != "alone")
    throw std::runtime_error("the pod has no network namespace");
  shell("ip link add " + link + " type veth peer name eth0 netns " + std::to_string(process_));
  shell("ip link set " + link + " up");
  if (auto answer = ask("up " + address_and_bits + ' ' + gateway); answer != "up")
    throw std::runtime_error("pod " + name + ": " + answer);
}

pod::~pod() {
  // The kernel tears a namespace down later than its last process ends; the name is free at once only this
  // way.
  std::system(("ip link del " + link_).c_str());
  close(channel_);
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

std::string pod::ask(const std::string& command) {
  if (send(channel_, command.data(), command.size(), MSG_NOSIGNAL) < 0)
    throw std::runtime_error("the pod is gone");
  return receive(channel_);
}

void shell(const std::string& command) {
  if (std::system(command.c_str()) != 0)
    throw std::runtime_error("failed: " + command);
}

std::string output_of(const std::string& command) {
  std::string result;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (const auto length = fread(buffer.data(), 1, buffer.size(), pipe))
    result.append(buffer.data(), length);
  pclose(pipe);
  return result;
}

} // namespace network
