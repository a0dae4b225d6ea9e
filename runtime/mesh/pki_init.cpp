#include "runtime/mesh/pki_init.hpp"

#include "runtime/mesh/hello.hpp"
#include "runtime/pki/certificate.hpp"
#include "runtime/pki/private_file.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

namespace runtime::mesh {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view remedy_ca = "restore it, or choose another folder to make a new CA (every host then needs new certificates)";
constexpr std::string_view remedy_host = "remove it, or run again with --renew HOST";
constexpr std::string_view ca_usage = "critical,digitalSignature,keyCertSign,cRLSign";
// As kubeadm's: an API CA is also accepted as a server's own certificate by old clients.
constexpr std::string_view api_ca_usage = "critical,digitalSignature,keyEncipherment,keyCertSign";
constexpr std::string_view host_usage = "critical,digitalSignature";

class maker {
public:
  explicit maker(const pki_init_options& options) : options_(options) {
  }

  pki_init_result run() {
    make_folder(options_.folder);
    auto mesh = load_or_make_ca("ca", "troupe mesh " + options_.cluster, {ca_usage, "", "", 0});
    auto api = load_or_make_ca("api-ca", "kubernetes", {api_ca_usage, "", "DNS:kubernetes", 0});
    for (auto& host : options_.hosts) {
      make_folder(options_.folder / host);
      make_host(host, mesh);
      auto in_list = std::find(options_.api_hosts.begin(), options_.api_hosts.end(), host);
      if (in_list != options_.api_hosts.end()) {
        put(fs::path{host} / "api-ca.key", pki::pem_of(api.key.get()));
        put(fs::path{host} / "api-ca.crt", pki::pem_of(api.certificate.get()));
      }
    }
    return std::move(result_);
  }

private:
  static void make_folder(const fs::path& folder) {
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (!failure)
      fs::permissions(folder, fs::perms::owner_all, failure);
    if (failure)
      throw std::runtime_error(fmt::format("cannot make folder {}: {}", folder.string(), failure.message()));
  }

  /// Writes a file unless it has this content already.
  void put(const fs::path& name, const std::string& text) {
    auto file = options_.folder / name;
    if (pki::read_private_file(file) == text) {
      result_.kept.push_back(name.string());
      return;
    }
    pki::write_private_file(file, text);
    result_.made.push_back(name.string());
  }

  pki::stored_pair load_or_make_ca(const std::string& name, const std::string& common_name, pki::purpose what) {
    auto ca = pki::load(options_.folder, name, remedy_ca);
    if (ca.certificate && ca.key) {
      if (pki::expiry_of(ca.certificate.get()) <= options_.now_seconds)
        throw std::runtime_error(fmt::format("{} is expired; {}", (options_.folder / (name + ".crt")).string(), remedy_ca));
      result_.kept.push_back(name + ".crt");
      return ca;
    }
    if (ca.certificate)
      throw std::runtime_error(fmt::format("{} is missing; {}", (options_.folder / (name + ".key")).string(), remedy_ca));
    if (!ca.key)
      ca.key = pki::make_key();
    what.lifetime_seconds = ca_lifetime_days * pki::day_seconds;
    ca.certificate = pki::issue({common_name, ""}, what, ca.key.get(), nullptr, ca.key.get(), options_.now_seconds);
    pki::save(options_.folder, name, ca);
    result_.made.push_back(name + ".crt");
    return ca;
  }

  void make_host(const std::string& host, const pki::stored_pair& ca) {
    auto folder = options_.folder / host;
    auto name = host + std::string{domain};
    auto made = host + "/mesh.crt";
    if (host != options_.renew) {
      auto there = pki::load(folder, "mesh", remedy_host);
      if (there.certificate && there.key) {
        if (!pki::signed_by(there.certificate.get(), ca.key.get()))
          throw std::runtime_error(fmt::format("{} is not of the CA in {}; {}", (folder / "mesh.crt").string(),
                                               options_.folder.string(), remedy_host));
        result_.kept.push_back(made);
        put(fs::path{host} / "ca.crt", pki::pem_of(ca.certificate.get()));
        return;
      }
    }
    pki::stored_pair pair;
    pair.key = pki::make_key();
    // No longer than its CA.
    auto lifetime = std::min(host_lifetime_days * pki::day_seconds,
                             pki::expiry_of(ca.certificate.get()) - options_.now_seconds);
    // A common name holds 64 characters; what counts is the alternative name.
    pair.certificate = pki::issue({name.substr(0, 64), "troupe"}, {host_usage, "serverAuth,clientAuth", pki::alt_names({name}), lifetime},
                                  pair.key.get(), ca.certificate.get(), ca.key.get(), options_.now_seconds);
    pki::save(folder, "mesh", pair);
    result_.made.push_back(made);
    put(fs::path{host} / "ca.crt", pki::pem_of(ca.certificate.get()));
  }

  const pki_init_options& options_;
  pki_init_result result_;
};

} // namespace

pki_init_result init_pki(const pki_init_options& options) {
  if (!options.renew.empty() && std::find(options.hosts.begin(), options.hosts.end(), options.renew) == options.hosts.end())
    throw std::runtime_error(fmt::format("the placement has no host `{}` ({})", options.renew, fmt::join(options.hosts, ", ")));
  return maker{options}.run();
}

} // namespace runtime::mesh
