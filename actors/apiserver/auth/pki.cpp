// The cluster's own certificates, out of runtime/pki.
#include "actors/apiserver/auth/pki.hpp"

#include "runtime/pki/certificate.hpp"

#include <fmt/format.h>
#include <stdexcept>

namespace actors::apiserver::auth {

using namespace runtime::pki;

namespace {

constexpr std::string_view remedy_leaf = "remove it to have a new one made at the next start";
constexpr std::string_view remedy_shared =
  "copy the host's folder that `troupe pki init` made, with api-ca.crt and api-ca.key (it makes them for hosts that have an "
  "apiserver in the placement file)";
constexpr std::string_view remedy_ca =
  "restore it, or remove the pki folder to have new keys made (every kubeconfig must then be replaced)";

[[noreturn]] void damaged(const std::filesystem::path& path, std::string_view why, std::string_view remedy) {
  throw std::runtime_error(fmt::format("pki: {} {}; {}", path.string(), why, remedy));
}

bool lasts(X509* certificate, int64_t now) {
  return runtime::pki::expiry_of(certificate) - now > renew_before_seconds;
}

stored_pair load_shared_ca(const pki_options& options) {
  auto ca = load(options.shared, "api-ca", remedy_shared);
  if (!ca.certificate || !ca.key)
    damaged(options.shared / (ca.certificate ? "api-ca.key" : "api-ca.crt"), "is missing", remedy_shared);
  return ca;
}

stored_pair load_or_create_ca(const pki_options& options) {
  if (!options.shared.empty())
    return load_shared_ca(options);
  stored_pair ca = load(options.folder, "ca", remedy_ca);
  if (ca.certificate && !ca.key)
    damaged(options.folder / "ca.key", "is missing", remedy_ca);
  if (ca.certificate && lasts(ca.certificate.get(), options.now_seconds))
    return ca;
  if (!ca.key)
    ca.key = make_key(); // an old key is kept: what it signed stays valid under the renewed certificate
  const purpose what{"critical,digitalSignature,keyEncipherment,keyCertSign", "", "DNS:kubernetes",
                     ca_lifetime_seconds};
  ca.certificate = issue({"kubernetes", ""}, what, ca.key.get(), nullptr, ca.key.get(), options.now_seconds);
  save(options.folder, "ca", ca);
  return ca;
}

key_pair load_or_create_leaf(const pki_options& options, const std::string& file, const subject& who,
                             const purpose& what, const std::vector<std::string>& names,
                             const stored_pair& ca) {
  stored_pair pair = load(options.folder, file, remedy_leaf);
  const bool usable = pair.certificate && pair.key && lasts(pair.certificate.get(), options.now_seconds) &&
                      signed_by(pair.certificate.get(), ca.key.get()) &&
                      has_names(pair.certificate.get(), names);
  if (!usable) {
    pair.key = make_key();
    pair.certificate =
      issue(who, what, pair.key.get(), ca.certificate.get(), ca.key.get(), options.now_seconds);
    save(options.folder, file, pair);
  }
  return {pem_of(pair.certificate.get()), pem_of(pair.key.get())};
}

} // namespace

pki load_or_create_pki(const pki_options& options) {
  std::filesystem::create_directories(options.folder);
  std::filesystem::permissions(options.folder, std::filesystem::perms::owner_all);
  const stored_pair ca = load_or_create_ca(options);
  constexpr std::string_view usage = "critical,digitalSignature,keyEncipherment";
  pki result;
  result.ca_pem = pem_of(ca.certificate.get());
  result.server =
    load_or_create_leaf(options, "apiserver", {"kube-apiserver", ""},
                        {usage, "serverAuth", alt_names(options.server_names), certificate_lifetime_seconds},
                        options.server_names, ca);
  result.admin = load_or_create_leaf(options, "admin", {"kubernetes-admin", "system:masters"},
                                     {usage, "clientAuth", "", certificate_lifetime_seconds}, {}, ca);
  return result;
}

int64_t expiry_of(const std::string& pem) {
  const auto certificate = parse_certificate(pem);
  if (!certificate)
    throw std::runtime_error("pki: no PEM certificate");
  return runtime::pki::expiry_of(certificate.get());
}

} // namespace actors::apiserver::auth
