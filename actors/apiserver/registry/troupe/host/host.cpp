// Host: written by the host that it stands for, or by a peer that lost sight of it.
#include "actors/apiserver/registry/troupe/host/host.hpp"

#include <charconv>

#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/troupe/own_kind.hpp"

namespace actors::apiserver::registry::troupe::host {

namespace {

const path spec("spec"), status("status");

// "10.0.0.1:7100", "host-b:7100", "[fd00::1]:7100"; absent for a cluster of one host.
void validate_address(const draft& address, const path& field, field_errors& out) {
  auto text = address.str();
  if (text.empty())
    return;
  auto colon = text.rfind(':');
  int port = 0;
  auto digits = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  bool number = !digits.empty() && code == std::errc{} && end == digits.data() + digits.size();
  if (colon == text.npos || colon == 0 || !number || port < 1 || port > 65535)
    out.push_back(invalid(field, address, "must be an address and a port, such as 10.0.0.1:7100"));
}

void validate_links(const draft& links, const path& field, field_errors& out) {
  for (size_t i = 0; i < links.size(); ++i) {
    auto& link = links.items()[i];
    validate_host_name(link.get("host"), field.index(i).child("host"), out);
    validate_one_of(link.get("state"), field.index(i).child("state"), {"down", "slow", "up"}, out);
    for (size_t before = 0; before < i; ++before)
      if (links.items()[before].get("host").str() == link.get("host").str())
        out.push_back(duplicate(field.index(i), link.get("host")));
  }
}

void validate_spec(const draft& object, field_errors& out) {
  validate_address(object.get("spec").get("address"), spec.child("address"), out);
}

void validate(const draft& object, field_errors& out) {
  validate_metadata(object, out);
  if (auto& name = object.get("metadata").get("name"); name.str().find('.') != std::string_view::npos)
    validate_host_name(name, path("metadata").child("name"), out);
  validate_spec(object, out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate_spec(next, out);
}

void validate_status_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  auto& now = next.get("status");
  validate_address(now.get("address"), status.child("address"), out);
  validate_conditions(now.get("conditions"), status.child("conditions"), out);
  validate_links(now.get("links"), status.child("links"), out);
  meta::validate_nonnegative(now, "generation", status, out);
}

std::string links_up(const draft& links) {
  size_t up = 0;
  for (auto& link : links.items())
    up += link.get("state").str() != "down";
  return std::to_string(up) + "/" + std::to_string(links.size());
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  auto& now = object.get("status");
  auto& address = now.get("address").str().empty() ? object.get("spec").get("address") : now.get("address");
  out.push_back(table::name_of(object));
  out.push_back(text_cell(address));
  out.push_back(condition_status(object, "Ready"));
  out.push_back(text_cell(now.get("version")));
  out.push_back(static_cast<int64_t>(now.get("roles").size()));
  out.push_back(table::age(object, now_seconds));
  out.push_back(links_up(now.get("links")));
  out.push_back(table::since(now.get("startTime"), now_seconds));
}

} // namespace

kind describe() {
  kind k = make_own_kind("Host", "hosts", "host", "/hosts.troupe.dev/");
  k.validate = validate;
  k.validate_update = validate_update;
  k.validate_status_update = validate_status_update;
  k.columns = {table::name_column,
               table::text_column("Address", "Where other hosts reach it."),
               table::text_column("Ready", "Whether it is alive and carries its roles."),
               table::text_column("Version", "The version of Troupe that it runs."),
               table::integer_column("Roles", "How many roles it carries."),
               table::age_column,
               table::text_column("Links", "Links that are not down, of all links to other hosts.", 1),
               table::text_column("Up", "Time since its process started.", 1)};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::troupe::host
