// Secret: stringData is folded into data on write; each built-in type requires its keys.
#include "actors/apiserver/registry/core/secret/secret.hpp"

#include "actors/apiserver/registry/core/data_map.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/scalars.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"
#include "messages/codec/base64.hpp"

namespace actors::apiserver::registry::core::secret {

namespace {

void apply_defaults(draft& object) {
  default_text(object, "type", "Opaque");
  auto plain = object.get("stringData"); // a copy: `data` may move the members
  for (auto& [key, value] : plain.members()) {
    std::string encoded;
    auto text = value.str();
    messages::codec::append_base64(reinterpret_cast<const uint8_t*>(text.data()), text.size(), encoded);
    object_made(object, "data").set(key, std::move(encoded));
  }
  object.erase("stringData");
}

void require_key(const draft& data, std::string_view key, field_errors& out) {
  if (!data.contains(key))
    out.push_back(required(path("data").key(key)));
}

void require_json(const draft& data, std::string_view key, field_errors& out) {
  if (!data.contains(key)) {
    require_key(data, key, out);
    return;
  }
  if (auto mistake = check_json_object(messages::codec::decode_base64(data.get(key).str()).value_or("")))
    out.push_back(invalid(path("data").key(key), "<secret contents redacted>", *mistake));
}

void validate_type(const draft& object, field_errors& out) {
  auto type = object.get("type").str();
  auto& data = object.get("data");
  if (type == "kubernetes.io/service-account-token") {
    constexpr std::string_view account = "kubernetes.io/service-account.name";
    if (!has_text(object.get("metadata").get("annotations"), account))
      out.push_back(required(path("metadata").child("annotations").key(account)));
  } else if (type == "kubernetes.io/dockercfg") {
    require_json(data, ".dockercfg", out);
  } else if (type == "kubernetes.io/dockerconfigjson") {
    require_json(data, ".dockerconfigjson", out);
  } else if (type == "kubernetes.io/basic-auth") {
    if (!data.contains("username") && !data.contains("password")) {
      require_key(data, "username", out);
      require_key(data, "password", out);
    }
  } else if (type == "kubernetes.io/ssh-auth") {
    if (!has_text(data, "ssh-privatekey"))
      out.push_back(required(path("data").key("ssh-privatekey")));
  } else if (type == "kubernetes.io/tls") {
    require_key(data, "tls.crt", out);
    require_key(data, "tls.key", out);
  }
}

void validate_content(const draft& object, field_errors& out) {
  size_t bytes = 0;
  for (auto& [key, value] : object.get("data").members()) {
    validate_data_key(key, path("data"), out);
    bytes += decoded_size(value.str());
  }
  if (bytes > data_bytes_max)
    out.push_back(too_long("data", data_bytes_max));
  validate_type(object, out);
}

void validate(const draft& object, field_errors& out) {
  meta::validate_object_meta(object, true, meta::name_is_dns_subdomain, out);
  validate_content(object, out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  meta::validate_immutable(next.get("type"), old.get("type"), path("type"), out);
  validate_immutable_data(next, old, {"data"}, out);
  validate_content(next, out);
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  out.push_back(table::name_of(object));
  out.push_back(object.get("type").str());
  out.push_back(object.get("data").size());
  out.push_back(table::age(object, now_seconds));
}

} // namespace

kind describe() {
  kind k{.group = "", .version = "v1", .name = "Secret", .plural = "secrets", .singular = "secret"};
  k.shard = "main";
  k.key_prefix = "/secrets/";
  k.verbs = all_verbs;
  k.selectable_fields = {{"type", {"type"}}};
  k.apply_defaults = apply_defaults;
  k.prepare_create = meta::prepare_nothing_on_create;
  k.prepare_update = meta::prepare_nothing_on_update;
  k.validate = validate;
  k.validate_update = validate_update;
  k.columns = {table::name_column, table::text_column("Type", "What the secret is for."),
               table::text_column("Data", "The number of entries."), table::age_column};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::core::secret
