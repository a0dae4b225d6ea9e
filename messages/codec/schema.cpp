// Reading the binary schema into the codec's own form of types.
#include "messages/codec/schema.hpp"

#include <flatbuffers/reflection_generated.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace messages::codec {

namespace {

using attribute_list = std::vector<std::pair<std::string, std::string>>;

template <class Attributes>
attribute_list read_attributes(const Attributes* attributes) {
  attribute_list out;
  if (attributes)
    for (auto entry : *attributes)
      out.emplace_back(entry->key()->str(), entry->value() ? entry->value()->str() : "");
  return out;
}

const std::string* find_attribute(const attribute_list& attributes, std::string_view key) {
  for (const auto& entry : attributes)
    if (entry.first == key)
      return &entry.second;
  return nullptr;
}

template <class Lines>
std::string read_description(const Lines* lines) {
  std::string out;
  if (lines)
    for (auto line : *lines) {
      std::string_view text = line->string_view();
      if (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
      if (!out.empty())
        out += '\n';
      out += text;
    }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto end = std::min(text.find(separator), text.size());
    auto part = text.substr(0, end);
    while (!part.empty() && part.front() == ' ')
      part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ')
      part.remove_suffix(1);
    if (!part.empty())
      out.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

uint32_t hash_name(std::string_view text) {
  uint32_t x = static_cast<uint32_t>(text.size()) * 0x9E3779B1u;
  if (text.size() >= 4) {
    uint32_t head, tail;
    std::memcpy(&head, text.data(), 4);
    std::memcpy(&tail, text.data() + text.size() - 4, 4);
    x ^= head * 0x85EBCA6Bu;
    x = (x << 13 | x >> 19) ^ (tail * 0xC2B2AE35u);
  } else {
    for (char c : text)
      x = x * 31 + static_cast<unsigned char>(c);
  }
  x ^= x >> 15;
  x *= 0x2C1B3C6Du;
  return x ^ (x >> 13);
}

[[noreturn]] void unsupported(const std::string& table, const std::string& name) {
  throw std::runtime_error("schema: the codec does not know how to write " + table + "." + name);
}

uint8_t inline_size_of(reflection::BaseType base) {
  switch (base) {
    case reflection::Bool: return 1;
    case reflection::Long:
    case reflection::Double: return 8;
    default: return 4; // int32 and offsets; a struct is set by its field
  }
}

value_kind scalar_kind(reflection::BaseType base, const std::string& format, const std::string& table,
                       const std::string& name) {
  switch (base) {
    case reflection::Bool: return value_kind::boolean;
    case reflection::Int: return value_kind::int32;
    case reflection::Long:
      return format == "date-time" ? value_kind::time
             : format == "micro-time" ? value_kind::micro_time : value_kind::int64;
    case reflection::Double: return value_kind::number;
    case reflection::String: return format == "json" ? value_kind::raw_json : value_kind::string;
    default: unsupported(table, name);
  }
}

} // namespace

const std::string* field::attribute(std::string_view key) const {
  return find_attribute(attributes, key);
}

const std::string* type::attribute(std::string_view key) const {
  return find_attribute(attributes_, key);
}

const field* type::find(std::string_view json_name) const {
  for (uint32_t slot = hash_name(json_name) & slot_mask_; slots_[slot] >= 0; slot = (slot + 1) & slot_mask_)
    if (fields_[slots_[slot]].name == json_name)
      return &fields_[slots_[slot]];
  return nullptr;
}

const field* type::find_next(const member_name& json_name, size_t& expected) const {
  constexpr size_t skipped_max = 4; // searching costs as much
  for (auto i = expected; i < keys_.size() && i <= expected + skipped_max; ++i)
    if (keys_[i] == json_name) {
      expected = i + 1;
      return &fields_[i];
    }
  auto found = find(json_name);
  if (found)
    expected = static_cast<size_t>(found - fields_.data()) + 1;
  return found;
}

std::string field::go_type() const {
  return list ? "[]" + go_item_type() : go_item_type();
}

std::string field::go_item_type() const {
  switch (kind) {
    case value_kind::boolean: return "bool";
    case value_kind::int32: return "int32";
    case value_kind::int64: return "int64";
    case value_kind::number: return "float64";
    case value_kind::string: return "string";
    case value_kind::time: return "v1.Time";
    case value_kind::micro_time: return "v1.MicroTime";
    case value_kind::raw_json: return "runtime.RawExtension";
    case value_kind::bytes: return "[]uint8";
    case value_kind::quantity: return "resource.Quantity";
    case value_kind::int_or_string: return "intstr.IntOrString";
    case value_kind::map: return "map[string]" + nested->fields()[1].go_type();
    case value_kind::table: return nested->go_name();
  }
  return {};
}

std::string type::go_name() const {
  auto last = full_name_.rfind('.');
  if (last == std::string::npos || last == 0)
    return full_name_;
  auto package = full_name_.rfind('.', last - 1);
  return package == std::string::npos ? full_name_ : full_name_.substr(package + 1);
}

namespace {

// The JSON of a field that is absent but always written. Tables by value nest, as they do in Go.
std::string zero_of(const field& f);

std::string zero_of_table(const type& t) {
  std::string out = "{";
  for (const auto& f : t.fields()) {
    if (!f.always_written())
      continue;
    if (out.size() > 1)
      out += ',';
    out += f.key_prefix + zero_of(f);
  }
  return out + "}";
}

std::string zero_of(const field& f) {
  if (f.list || f.pointer || f.optional)
    return f.kind == value_kind::string && !f.list ? "\"\"" : "null";
  switch (f.kind) {
    case value_kind::boolean: return "false";
    case value_kind::int32:
    case value_kind::int64:
    case value_kind::number:
    case value_kind::int_or_string: return "0";
    case value_kind::string: return "\"\"";
    case value_kind::quantity: return "\"0\"";
    case value_kind::table: return zero_of_table(*f.nested);
    case value_kind::time:
    case value_kind::micro_time:
    case value_kind::raw_json:
    case value_kind::bytes:
    case value_kind::map: return "null";
  }
  return "null";
}

field read_field(const reflection::Schema& source, const reflection::Object& owner, const reflection::Field& from,
                 const std::vector<type*>& types) {
  field f;
  f.attributes = read_attributes(from.attributes());
  auto text_of = [&](std::string_view key) {
    auto found = f.attribute(key);
    return found ? *found : std::string();
  };
  f.name = f.attribute("json") ? text_of("json") : from.name()->str();
  member_name::share(f.name);
  f.key = member_name(f.name);
  f.key_prefix = "\"" + f.name + "\":";
  f.id = from.id();
  f.offset = from.offset();
  f.format = text_of("format");
  f.description = read_description(from.documentation());
  f.pointer = f.attribute("pointer");
  f.required = f.attribute("required_field");
  f.emit_empty = f.attribute("emit_empty");
  f.keep_empty = f.attribute("keep_empty");
  f.list_type = text_of("list_type");
  f.map_keys = split(text_of("map_keys"), ',');
  f.patch_merge_key = text_of("patch_merge_key");
  for (const auto& strategy : split(text_of("patch_strategy"), ',')) {
    f.patch_merge |= strategy == "merge";
    f.patch_replace |= strategy == "replace";
    f.patch_retain_keys |= strategy == "retainKeys";
  }

  auto owner_name = owner.name()->str();
  auto base = from.type()->base_type();
  f.list = base == reflection::Vector;
  auto item = f.list ? from.type()->element() : base;
  if (from.default_integer() != 0 || from.default_real() != 0)
    throw std::runtime_error("schema: default other than 0 in " + owner_name + "." + f.name);
  f.optional = from.optional() && base != reflection::String && base != reflection::Obj
               && base != reflection::Vector;
  f.inline_size = inline_size_of(base);
  if (f.list && item == reflection::UByte) {
    f.list = false;
    f.kind = value_kind::bytes;
  } else if (item == reflection::Obj) {
    auto target = source.objects()->Get(from.type()->index());
    f.nested = types[from.type()->index()];
    if (target->is_struct()) {
      if (f.list || target->bytesize() != 16)
        unsupported(owner_name, f.name);
      f.kind = value_kind::quantity;
      f.nested = nullptr;
      f.inline_size = 16;
    } else if (f.nested->is_int_or_string()) {
      f.kind = value_kind::int_or_string;
    } else if (f.list && f.nested->is_map_entry()) {
      f.list = false;
      f.kind = value_kind::map;
    } else {
      f.kind = value_kind::table;
    }
  } else {
    f.kind = scalar_kind(item, f.format, owner_name, f.name);
  }
  return f;
}

} // namespace

schema::schema(std::string_view bfbs) : bytes_(bfbs) {
  auto data = reinterpret_cast<const uint8_t*>(bytes_.data());
  flatbuffers::Verifier verifier(data, bytes_.size());
  if (!reflection::VerifySchemaBuffer(verifier))
    throw std::runtime_error("schema: not a binary FlatBuffers schema");
  auto source = reflection::GetSchema(data);

  std::vector<type*> made;
  for (auto object : *source->objects()) {
    auto t = std::make_unique<type>();
    t->full_name_ = object->name()->str();
    t->name_ = t->full_name_.substr(t->full_name_.rfind('.') + 1);
    t->attributes_ = read_attributes(object->attributes());
    t->description_ = read_description(object->documentation());
    if (auto codec = t->attribute("codec"))
      t->codec_ = *codec;
    if (auto gvk = t->attribute("gvk")) {
      auto parts = split(*gvk, '/');
      if (parts.size() < 2 || parts.size() > 3)
        throw std::runtime_error("schema: bad gvk of " + t->full_name_);
      t->kind_ = parts.back();
      t->version_ = parts[parts.size() - 2];
      t->group_ = parts.size() == 3 ? parts[0] : "";
      t->api_version_ = t->group_.empty() ? t->version_ : t->group_ + "/" + t->version_;
    }
    made.push_back(t.get());
    types_.push_back(std::move(t));
  }

  for (uint32_t i = 0; i < made.size(); ++i) {
    auto t = made[i];
    auto object = source->objects()->Get(i);
    if (object->is_struct())
      continue;
    std::vector<const reflection::Field*> fields;
    for (auto f : *object->fields())
      if (!f->deprecated())
        fields.push_back(f);
    std::sort(fields.begin(), fields.end(), [](auto a, auto b) { return a->id() < b->id(); });
    for (auto f : fields)
      t->fields_.push_back(read_field(*source, *object, *f, made));
    if ((t->is_map_entry() || t->is_int_or_string()) && t->fields_.size() != 2)
      throw std::runtime_error("schema: " + t->full_name_ + " must have two fields");
  }

  for (auto t : made) {
    uint32_t slots = 4;
    while (slots < t->fields_.size() * 3)
      slots *= 2;
    t->slot_mask_ = slots - 1;
    t->slots_.assign(slots, -1);
    for (size_t i = 0; i < t->fields_.size(); ++i) {
      if (t->find(t->fields_[i].name))
        throw std::runtime_error("schema: two fields " + t->full_name_ + "." + t->fields_[i].name);
      auto slot = hash_name(t->fields_[i].name) & t->slot_mask_;
      while (t->slots_[slot] >= 0)
        slot = (slot + 1) & t->slot_mask_;
      t->slots_[slot] = static_cast<int16_t>(i);
      t->packing_order_.push_back(static_cast<uint16_t>(i));
    }
    std::stable_sort(t->packing_order_.begin(), t->packing_order_.end(), [t](auto a, auto b) {
      return t->fields_[a].inline_size > t->fields_[b].inline_size;
    });
    by_name_.emplace(t->full_name_, t);
    if (!t->kind_.empty()) {
      kinds_.push_back(t);
      if (!by_kind_.emplace(t->api_version_ + " " + t->kind_, t).second)
        throw std::runtime_error("schema: two types for " + t->api_version_ + " " + t->kind_);
    }
  }
  for (auto t : made) {
    t->zero_json_ = zero_of_table(*t);
    for (auto& f : t->fields_) {
      f.zero_json = zero_of(f);
      t->keys_.push_back(f.key);
      const bool written = f.always_written() && f.zero_json != "null";
      t->places_.push_back({f.offset, written});
      t->always_written_count_ += written;
    }
  }
}

schema::~schema() = default;

const type* schema::find(std::string_view api_version, std::string_view kind) const {
  std::string key;
  key.reserve(api_version.size() + kind.size() + 1);
  key.append(api_version).append(" ").append(kind);
  auto found = by_kind_.find(key);
  return found == by_kind_.end() ? nullptr : found->second;
}

const type* schema::find_table(std::string_view full_name) const {
  auto found = by_name_.find(std::string(full_name));
  return found == by_name_.end() ? nullptr : found->second;
}

const api::meta::v1::ObjectMeta* metadata_of(const type& t, const object_buffer& object) {
  auto f = t.find("metadata");
  if (!f || f->kind != value_kind::table || object.empty())
    return nullptr;
  return object.root<flatbuffers::Table>()->GetPointer<const api::meta::v1::ObjectMeta*>(f->offset);
}

} // namespace messages::codec
