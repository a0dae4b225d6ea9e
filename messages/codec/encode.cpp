// FlatBuffers to JSON text, without a draft in between: the hot path of every answer.
#include "messages/codec/base64.hpp"
#include "messages/codec/codec.hpp"
#include "messages/codec/json_text.hpp"
#include "messages/codec/stored.hpp"
#include "messages/codec/time.hpp"

namespace messages::codec {

namespace {

// Where resourceVersion belongs: in the metadata of the document, not in that of a pod template.
enum class place : uint8_t { elsewhere, metadata, document };

class writer {
public:
  writer(std::string& out, int64_t revision) : out_(out), revision_(revision) {}

  void table(const type& t, const stored_table* from, place where) {
    out_ += '{';
    auto start = out_.size();
    for (const auto& f : t.fields()) {
      if (where != place::elsewhere && versioned(f, from, where, start))
        continue;
      auto at = from->GetAddressOf(f.offset);
      if (at ? is_omitted(f, at) : !f.always_written())
        continue;
      key(f, start);
      if (at)
        value(f, at);
      else
        out_ += f.zero_json;
    }
    out_ += '}';
  }

private:
  void key(const field& f, size_t start) {
    if (out_.size() != start)
      out_ += ',';
    out_ += f.key_prefix;
  }

  // Writes the fields that the revision changes; false for the others.
  bool versioned(const field& f, const stored_table* from, place where, size_t start) {
    if (where == place::metadata) {
      if (f.name != "resourceVersion")
        return false;
      key(f, start);
      out_ += '"';
      append_json_number(revision_, out_);
      out_ += '"';
      return true;
    }
    if (f.name != "metadata" || f.kind != value_kind::table)
      return false;
    key(f, start);
    if (auto nested = from->GetPointer<const stored_table*>(f.offset)) {
      table(*f.nested, nested, place::metadata);
    } else {
      out_ += "{\"resourceVersion\":\"";
      append_json_number(revision_, out_);
      out_ += "\"}";
    }
    return true;
  }

  void value(const field& f, const uint8_t* at) {
    if (!f.list)
      return one(f, at);
    auto items = follow(at);
    auto count = flatbuffers::ReadScalar<uint32_t>(items);
    auto size = f.item_size();
    out_ += '[';
    for (uint32_t i = 0; i < count; ++i) {
      if (i != 0)
        out_ += ',';
      one(f, items + sizeof(uint32_t) + i * size);
    }
    out_ += ']';
  }

  void one(const field& f, const uint8_t* at) {
    switch (f.kind) {
      case value_kind::boolean: out_ += *at ? "true" : "false"; return;
      case value_kind::int32: return append_json_number(int64_t{flatbuffers::ReadScalar<int32_t>(at)}, out_);
      case value_kind::int64: return append_json_number(flatbuffers::ReadScalar<int64_t>(at), out_);
      case value_kind::number: return append_json_number(flatbuffers::ReadScalar<double>(at), out_);
      case value_kind::string: return append_json_string(stored_text(at), out_);
      case value_kind::raw_json: out_ += stored_text(at); return;
      case value_kind::time:
        out_ += '"';
        append_time(flatbuffers::ReadScalar<int64_t>(at), out_);
        out_ += '"';
        return;
      case value_kind::micro_time:
        out_ += '"';
        append_micro_time(flatbuffers::ReadScalar<int64_t>(at), out_);
        out_ += '"';
        return;
      case value_kind::bytes: {
        auto data = reinterpret_cast<const flatbuffers::Vector<uint8_t>*>(follow(at));
        out_ += '"';
        append_base64(data->data(), data->size(), out_);
        out_ += '"';
        return;
      }
      case value_kind::quantity:
        out_ += '"';
        append_quantity(stored_quantity_at(at), out_);
        out_ += '"';
        return;
      case value_kind::int_or_string: return int_or_string(f, at);
      case value_kind::table:
        return table(*f.nested, reinterpret_cast<const stored_table*>(follow(at)), place::elsewhere);
      case value_kind::map: return map(f, at);
    }
  }

  void int_or_string(const field& f, const uint8_t* at) {
    auto from = reinterpret_cast<const stored_table*>(follow(at));
    const auto &number = f.nested->fields()[0], &name = f.nested->fields()[1];
    if (auto found = from->GetAddressOf(name.offset))
      one(name, found);
    else if (auto found = from->GetAddressOf(number.offset))
      one(number, found);
    else
      out_ += '0';
  }

  void map(const field& f, const uint8_t* at) {
    auto entries = reinterpret_cast<const stored_items*>(follow(at));
    const auto &of_key = f.nested->fields()[0], &of_value = f.nested->fields()[1];
    out_ += '{';
    for (uint32_t i = 0; i < entries->size(); ++i) {
      auto entry = reinterpret_cast<const stored_table*>(entries->Get(i));
      if (i != 0)
        out_ += ',';
      if (auto found = entry->GetAddressOf(of_key.offset))
        one(of_key, found);
      else
        out_ += "\"\"";
      out_ += ':';
      if (auto found = entry->GetAddressOf(of_value.offset))
        value(of_value, found);
      else
        out_ += of_value.kind == value_kind::bytes ? "\"\"" : of_value.zero_json;
    }
    out_ += '}';
  }

  std::string& out_;
  int64_t revision_;
};

} // namespace

void encode_json(const type& t, const object_buffer& object, int64_t revision, std::string& out) {
  // JSON repeats the names of fields: as a rule it is shorter than twice the buffer.
  out.reserve(out.size() + object.size() * 2);
  writer(out, revision).table(t, object.root<stored_table>(), revision == 0 ? place::elsewhere : place::document);
}

} // namespace messages::codec
