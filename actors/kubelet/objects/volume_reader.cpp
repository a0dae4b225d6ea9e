#include "actors/kubelet/objects/volume_reader.hpp"

namespace actors::kubelet::objects {
namespace {

using namespace pods;

template <class Items>
std::vector<key_path> read_items(const Items* items) {
  std::vector<key_path> result;
  each(items, [&](const core::KeyToPath& i) {
    result.push_back({text(i.key()), text(i.path()), optional(i.mode())});
  });
  return result;
}

template <class Items>
std::vector<field_item> read_fields(const Items* items) {
  std::vector<field_item> result;
  each(items, [&](const core::DownwardAPIVolumeFile& i) {
    field_item f;
    f.path = text(i.path());
    if (i.fieldRef())
      f.field_path = text(i.fieldRef()->fieldPath());
    if (const auto* r = i.resourceFieldRef()) {
      f.container = text(r->containerName());
      f.resource = text(r->resource());
      f.divisor_milli = divisor_of(r->divisor());
    }
    f.mode = optional(i.mode());
    result.push_back(f);
  });
  return result;
}

volume_source read_projection(const core::VolumeProjection& p) {
  volume_source s;
  if (const auto* c = p.configMap()) {
    s = {volume_kind::config_map, text(c->name()), read_items(c->items()), {}, c->optional().value_or(false)};
  } else if (const auto* secret = p.secret()) {
    s = {volume_kind::secret,
         text(secret->name()),
         read_items(secret->items()),
         {},
         secret->optional().value_or(false)};
  } else if (const auto* d = p.downwardAPI()) {
    s.kind = volume_kind::downward_api;
    s.fields = read_fields(d->items());
  }
  return s;
}

const char* unsupported_name(const core::Volume& v) {
  if (v.persistentVolumeClaim())
    return "persistentVolumeClaim";
  if (v.csi())
    return "csi";
  if (v.nfs())
    return "nfs";
  if (v.image())
    return "image";
  if (v.ephemeral())
    return "ephemeral";
  return "of this kind";
}

} // namespace

volume_spec read_volume(const core::Volume& from) {
  volume_spec v;
  v.name = text(from.name());
  if (const auto* empty = from.emptyDir()) {
    v.source.kind = volume_kind::empty_dir;
    v.memory_medium = text(empty->medium()) == "Memory";
    if (empty->sizeLimit()) {
      auto bytes = value_of(messages::codec::quantity(*empty->sizeLimit()));
      if (bytes > 0)
        v.size_limit_bytes = bytes;
    }
  } else if (const auto* host = from.hostPath()) {
    v.source.kind = volume_kind::host_path;
    v.host_path = text(host->path());
    v.host_path_type = text(host->type());
  } else if (const auto* c = from.configMap()) {
    v.source = {
      volume_kind::config_map, text(c->name()), read_items(c->items()), {}, c->optional().value_or(false)};
    v.default_mode = c->defaultMode().value_or(0644);
  } else if (const auto* s = from.secret()) {
    v.source = {
      volume_kind::secret, text(s->secretName()), read_items(s->items()), {}, s->optional().value_or(false)};
    v.default_mode = s->defaultMode().value_or(0644);
  } else if (const auto* d = from.downwardAPI()) {
    v.source.kind = volume_kind::downward_api;
    v.source.fields = read_fields(d->items());
    v.default_mode = d->defaultMode().value_or(0644);
  } else if (const auto* p = from.projected()) {
    v.source.kind = volume_kind::projected;
    v.default_mode = p->defaultMode().value_or(0644);
    each(p->sources(), [&](const core::VolumeProjection& x) { v.projected.push_back(read_projection(x)); });
  } else {
    v.unsupported_kind = unsupported_name(from);
  }
  return v;
}

} // namespace actors::kubelet::objects
