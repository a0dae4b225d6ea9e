// The API's types as the codec sees them: read from a binary FlatBuffers schema (.bfbs), then never changed,
// so that any number of threads may use one schema without locks.
#pragma once

#include "messages/codec/member_name.hpp"
#include "messages/codec/object.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace messages::api::meta::v1 {
struct ObjectMeta;
}

namespace messages::codec {

class type;

/// How a field (or the item of a list) is written in JSON and stored in the FlatBuffer.
enum class value_kind : uint8_t {
  boolean,
  int32,
  int64,
  number,        // double
  string,
  time,          // int64 seconds <-> "2006-01-02T15:04:05Z"
  micro_time,    // int64 microseconds <-> "2006-01-02T15:04:05.000000Z"
  raw_json,      // any JSON, stored minified as text
  bytes,         // [ubyte] <-> base64
  quantity,      // struct {value, scale, suffix} <-> "500m"
  int_or_string, // table {num, str} <-> 80 or "http"
  table,
  map,           // a list of {key, value} tables sorted by key <-> {"key": value}
};

struct field {
  std::string name;       // as in JSON
  member_name key;        // the same, as drafts have it
  std::string key_prefix; // "name": as it is written
  uint16_t id = 0;
  uint16_t offset = 0;    // in the vtable
  uint8_t inline_size = 4;
  value_kind kind = value_kind::string;
  bool list = false;      // a list of `kind`; never of bytes or maps
  const type* nested = nullptr; // table, int_or_string; map: the entry type, whose second field is the value

  bool optional = false;   // a Go pointer to a scalar: an explicit 0 or false is kept
  bool pointer = false;    // a Go pointer: written though empty, absent differs from empty
  bool required = false;   // always written, its zero value (or null) if absent
  bool emit_empty = false; // a Go struct by value: always written, {} if absent
  bool keep_empty = false; // "", [] or {} is kept and written

  std::string zero_json; // what an absent field that is always written looks like
  std::string format;
  std::string list_type;                  // "", atomic, set, map
  std::vector<std::string> map_keys;      // of a list of type map
  std::string patch_merge_key;
  bool patch_merge = false;               // patch_strategy has "merge"
  bool patch_replace = false;             // ... "replace"
  bool patch_retain_keys = false;         // ... "retainKeys"
  std::string description;                // the .fbs file's doc comment
  std::vector<std::pair<std::string, std::string>> attributes; // all, as in the .fbs file

  /// nullptr when the field has no such attribute.
  const std::string* attribute(std::string_view key) const;
  /// The items of this list (or the field itself) are offsets to strings or tables.
  bool items_are_offsets() const {
    return kind == value_kind::string || kind == value_kind::raw_json || kind == value_kind::table
           || kind == value_kind::int_or_string;
  }
  /// Bytes of one item in a list of this kind.
  size_t item_size() const {
    switch (kind) {
      case value_kind::boolean: return 1;
      case value_kind::int64:
      case value_kind::number:
      case value_kind::time:
      case value_kind::micro_time: return 8;
      default: return 4;
    }
  }
  bool stores_empty() const { return pointer || required || keep_empty; }
  /// The zero value is written when the field is absent.
  bool always_written() const { return required || emit_empty; }
  /// "int32", "[]v1.Container", "map[string]string": as Go's messages name the type.
  std::string go_type() const;
  std::string go_item_type() const; // of one item of a list; else go_type()
};

class type {
public:
  const std::string& full_name() const { return full_name_; } // messages.api.apps.v1.Deployment
  const std::string& name() const { return name_; }           // Deployment
  /// Kinds only ("" otherwise): group "apps" (core: ""), version "v1", api_version "apps/v1" or "v1".
  const std::string& group() const { return group_; }
  const std::string& version() const { return version_; }
  const std::string& api_version() const { return api_version_; }
  const std::string& kind() const { return kind_; }
  const std::string& description() const { return description_; }

  std::string go_name() const; // v1.Deployment

  bool is_map_entry() const { return codec_ == "map"; }
  bool is_int_or_string() const { return codec_ == "int_or_string"; }

  /// In the order of the schema, which is the order in JSON.
  const std::vector<field>& fields() const { return fields_; }
  const field* find(std::string_view json_name) const;
  /// As find(); quick for names that come in the order of the schema. `expected` is the index of the field to try
  /// first, 0 in the beginning, and then of the one behind what was found.
  const field* find_next(const member_name& json_name, size_t& expected) const;
  const std::string* attribute(std::string_view key) const;
  /// The JSON of a table that stores nothing: {} or its always written fields.
  const std::string& zero_json() const { return zero_json_; }
  /// Indexes into fields() in the order in which a FlatBuffer packs them without gaps (largest first).
  const std::vector<uint16_t>& packing_order() const { return packing_order_; }
  /// Of each field what unpacking asks of all of them, side by side.
  struct place {
    uint16_t offset; // in the vtable
    bool always_written; // and not as null, which drafts do not have
  };
  const std::vector<place>& places() const { return places_; }
  size_t always_written_count() const { return always_written_count_; }

private:
  friend class schema;
  std::string full_name_, name_, group_, version_, api_version_, kind_, description_, codec_, zero_json_;
  std::vector<field> fields_;
  std::vector<std::pair<std::string, std::string>> attributes_;
  std::vector<uint16_t> packing_order_;
  std::vector<place> places_;
  std::vector<member_name> keys_;
  size_t always_written_count_ = 0;
  std::vector<int16_t> slots_; // open hash table over the names
  uint32_t slot_mask_ = 0;
};

class schema {
public:
  /// Throws std::runtime_error when the bytes are no schema or use what the codec does not know.
  explicit schema(std::string_view bfbs);
  schema(const schema&) = delete;
  schema& operator=(const schema&) = delete;
  ~schema();

  /// The type of a kind: ("apps/v1", "Deployment").
  const type* find(std::string_view api_version, std::string_view kind) const;
  const type* find_table(std::string_view full_name) const;
  const std::vector<std::unique_ptr<const type>>& types() const { return types_; }
  /// The types that have a gvk.
  const std::vector<const type*>& kinds() const { return kinds_; }

private:
  std::string bytes_;
  std::vector<std::unique_ptr<const type>> types_;
  std::vector<const type*> kinds_;
  std::unordered_map<std::string, const type*> by_name_, by_kind_;
};

/// The schema of messages/api, which is embedded in the program; loaded at the first call.
const schema& api_schema();

/// The `metadata` of an object, nullptr when it has none.
const api::meta::v1::ObjectMeta* metadata_of(const type& t, const object_buffer& object);

/// For bytes that come from the network or a disk: every offset stays inside, strings end, map entries have keys,
/// tables are no deeper than verify_depth_max, and reading it all costs no more than a small multiple of its size.
/// Not checked: that text is UTF-8 (the encoder copes) and that raw JSON is JSON.
bool verify(const type& t, const object_buffer& object);

} // namespace messages::codec
