#include "actors/kubelet/probes/probe_io.hpp"
#include <algorithm>
#include <cstdlib>
#include "actors/kubelet/probes/grpc_health.hpp"
#include "actors/kubelet/probes/socket.hpp"

namespace actors::kubelet::probes {
namespace {

constexpr size_t response_bytes_max = 10 << 10; ///< as upstream reads of a response
constexpr int redirects_max = 10;

connection::clock::time_point deadline_after(int64_t timeout_s) {
  return connection::clock::now() + std::chrono::seconds(std::max<int64_t>(1, timeout_s));
}

std::string host_port(const std::string& host, int port) {
  return (host.find(':') != std::string::npos ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool is_clean(const std::string& text) { return text.find_first_of("\r\n") == std::string::npos; }

std::string request_text(const std::string& path, const std::string& authority,
                         const std::vector<pods::http_header>& headers) {
  std::string host = authority, agent = "kube-probe/1.36", accept = "*/*", others;
  for (const auto& h : headers) {
    if (!is_clean(h.name) || !is_clean(h.value))
      continue;
    if (equal_ignoring_case(h.name, "host"))
      host = h.value;
    else if (equal_ignoring_case(h.name, "user-agent"))
      agent = h.value;
    else if (equal_ignoring_case(h.name, "accept"))
      accept = h.value;
    else
      others += h.name + ": " + h.value + "\r\n";
  }
  std::string text = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n";
  if (!agent.empty())
    text += "User-Agent: " + agent + "\r\n";
  if (!accept.empty())
    text += "Accept: " + accept + "\r\n";
  return text + others + "\r\n";
}

struct response {
  int code = 0;
  std::string location;
};

response parse_response(const std::string& head) {
  response r;
  if (head.rfind("HTTP/", 0) != 0)
    return r;
  auto space = head.find(' ');
  if (space == std::string::npos)
    return r;
  r.code = std::atoi(head.c_str() + space + 1);
  for (size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
    auto colon = head.find(':', at);
    auto end = head.find("\r\n", at + 2);
    if (colon == std::string::npos || end == std::string::npos || colon > end)
      continue;
    if (!equal_ignoring_case(std::string_view(head).substr(at + 2, colon - at - 2), "location"))
      continue;
    auto begin = head.find_first_not_of(' ', colon + 1);
    r.location = head.substr(begin, end - begin);
  }
  return r;
}

attempt run_exec(const pods::handler& h, const target& t, int64_t timeout_s,
                 cri::container_runtime& runtime) {
  try {
    auto r = runtime.exec_sync(t.container_id, h.command, timeout_s);
    if (r.exit_code == 0)
      return {outcome::success, {}};
    auto text = (r.out + r.err).substr(0, response_bytes_max);
    return {outcome::failure, text};
  } catch (const cri::error& e) {
    std::string what = e.what();
    bool timed_out = e.code == cri::error_code::deadline || what.find("timed out") != std::string::npos ||
                     what.find("timeout") != std::string::npos;
    if (timed_out)
      return {outcome::failure, "command timed out after " + std::to_string(timeout_s) + "s"};
    return {outcome::unknown, what};
  }
}

} // namespace

int resolve_port(const pods::handler& h, const pods::container_spec* c) {
  if (h.port_name.empty())
    return h.port;
  if (c)
    for (const auto& p : c->ports)
      if (p.name == h.port_name)
        return p.port;
  return 0;
}

attempt http_get(const std::string& scheme, const std::string& host, int port, const std::string& path,
                 const std::vector<pods::http_header>& headers, int64_t timeout_s) {
  auto deadline = deadline_after(timeout_s);
  bool tls = equal_ignoring_case(scheme, "https");
  std::string target = path.empty() || path[0] != '/' ? "/" + path : path;
  if (!is_clean(target) || target.find(' ') != std::string::npos)
    return {outcome::unknown, "invalid path"};
  auto url = [&] { return std::string(tls ? "https" : "http") + "://" + host_port(host, port) + target; };
  try {
    for (int hop = 0; hop <= redirects_max; ++hop) {
      connection c(host, port, deadline);
      if (tls)
        c.start_tls(host);
      c.write(request_text(target, host_port(host, port), headers));
      std::string head;
      while (head.find("\r\n\r\n") == std::string::npos && head.size() < response_bytes_max) {
        auto more = c.read(4096);
        if (more.empty())
          break;
        head += more;
      }
      auto r = parse_response(head);
      if (r.code == 0)
        return {outcome::failure, "Get \"" + url() + "\": EOF"};
      if (r.code >= 300 && r.code < 400 && !r.location.empty() && r.location[0] == '/' &&
          is_clean(r.location)) {
        target = r.location;
        continue;
      }
      if (r.code >= 200 && r.code < 400)
        return {outcome::success, {}};
      return {outcome::failure, "HTTP probe failed with statuscode: " + std::to_string(r.code)};
    }
    return {outcome::failure, "Get \"" + url() + "\": stopped after 10 redirects"};
  } catch (const io_error& e) {
    auto what = e.timeout
                  ? std::string("context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
                  : "dial tcp " + host_port(host, port) + ": " + e.what();
    return {outcome::failure, "Get \"" + url() + "\": " + what};
  }
}

attempt tcp_connect(const std::string& host, int port, int64_t timeout_s) {
  try {
    connection c(host, port, deadline_after(timeout_s));
    return {outcome::success, {}};
  } catch (const io_error& e) {
    return {outcome::failure, "dial tcp " + host_port(host, port) + ": " + e.what()};
  }
}

attempt run(const pods::handler& h, const target& t, int64_t timeout_s, cri::container_runtime& runtime) {
  if (h.kind == pods::handler_kind::exec)
    return run_exec(h, t, timeout_s, runtime);
  auto host = h.host.empty() ? t.pod_ip : h.host;
  int port = resolve_port(h, t.container);
  if (port <= 0 || port > 65535)
    return {outcome::unknown, "couldn't find port: " + h.port_name};
  if (host.empty())
    return {outcome::failure, "the pod has no address"};
  switch (h.kind) {
    case pods::handler_kind::http:
      return http_get(h.scheme, host, port, h.path, h.headers, timeout_s);
    case pods::handler_kind::tcp:
      return tcp_connect(host, port, timeout_s);
    case pods::handler_kind::grpc:
      return grpc_health(host_port(host, port), h.grpc_service, timeout_s);
    default:
      return {outcome::unknown, "missing probe handler"};
  }
}

} // namespace actors::kubelet::probes
