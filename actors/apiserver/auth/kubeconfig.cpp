// The administrator's kubeconfig and the names of the server.
#include "actors/apiserver/auth/pki.hpp"

#include <arpa/inet.h>

#include <fmt/format.h>
#include <algorithm>

#include "messages/codec/base64.hpp"

namespace actors::apiserver::auth {

namespace {

std::string first_address(std::string_view cidr) {
  const std::string network{cidr.substr(0, cidr.find('/'))};
  in_addr address{};
  if (inet_pton(AF_INET, network.c_str(), &address) != 1)
    return {};
  address.s_addr = htonl(ntohl(address.s_addr) + 1);
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &address, text, sizeof text) == nullptr ? std::string{} : std::string{text};
}

std::string base64(std::string_view bytes) {
  std::string out;
  messages::codec::append_base64(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), out);
  return out;
}

} // namespace

std::vector<std::string> server_names(std::string_view address, std::string_view service_cidr) {
  std::vector<std::string> names = {
    "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
    "localhost",  "127.0.0.1"};
  for (std::string extra : {std::string{address}, first_address(service_cidr)})
    if (!extra.empty() && std::find(names.begin(), names.end(), extra) == names.end())
      names.push_back(std::move(extra));
  return names;
}

std::string render_kubeconfig(const pki& keys, std::string_view url, std::string_view cluster_name) {
  return fmt::format(
    "apiVersion: v1\n"
    "kind: Config\n"
    "clusters:\n"
    "- name: {0}\n"
    "  cluster:\n"
    "    server: {1}\n"
    "    certificate-authority-data: {2}\n"
    "users:\n"
    "- name: kubernetes-admin\n"
    "  user:\n"
    "    client-certificate-data: {3}\n"
    "    client-key-data: {4}\n"
    "contexts:\n"
    "- name: kubernetes-admin@{0}\n"
    "  context:\n"
    "    cluster: {0}\n"
    "    user: kubernetes-admin\n"
    "current-context: kubernetes-admin@{0}\n",
    cluster_name, url, base64(keys.ca_pem), base64(keys.admin.certificate_pem), base64(keys.admin.key_pem));
}

} // namespace actors::apiserver::auth
