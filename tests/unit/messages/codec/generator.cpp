#include "tests/unit/messages/codec/generator.hpp"

#include "messages/codec/base64.hpp"
#include "messages/codec/time.hpp"

namespace sample {

using namespace messages::codec;

draft generator::object(const type& t, int levels) {
  auto out = draft::make_object();
  // In any order: the buffer must not depend on it.
  std::vector<const field*> fields;
  for (const auto& f : t.fields())
    fields.push_back(&f);
  std::shuffle(fields.begin(), fields.end(), random_);
  for (auto f : fields)
    if (chance(levels > 3 ? 60 : 25) && (levels > 0 || (f->kind != value_kind::table && f->kind != value_kind::map)))
      out.set(f->name, value(*f, levels - 1));
  return out;
}

draft generator::value(const field& f, int levels) {
  if (!f.list)
    return one(f, levels);
  auto out = draft::make_array();
  for (size_t n = below(4); n > 0; --n)
    out.push_back(one(f, levels));
  return out;
}

draft generator::one(const field& f, int levels) {
  switch (f.kind) {
    case value_kind::boolean: return chance(50);
    case value_kind::int32: return static_cast<int32_t>(integer());
    case value_kind::int64: return integer();
    case value_kind::number: return chance(50) ? draft(static_cast<double>(integer()) / 1024) : draft(integer() % 1000);
    case value_kind::string: return chance(10) ? std::string() : text();
    case value_kind::time: return format_time(integer() % 4'000'000'000);
    case value_kind::micro_time: return format_micro_time(integer() % 4'000'000'000'000'000);
    case value_kind::raw_json: {
      auto out = any_json(3);
      return out.is_null() ? draft::make_object() : out;
    }
    case value_kind::bytes: {
      auto bytes = text();
      std::string out;
      append_base64(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), out);
      return out;
    }
    case value_kind::quantity: return quantity();
    case value_kind::int_or_string: return chance(50) ? draft(static_cast<int32_t>(integer())) : draft(text());
    case value_kind::table: return object(*f.nested, levels);
    case value_kind::map: {
      auto out = draft::make_object();
      for (size_t n = below(5); n > 0; --n)
        out.set(text(), value(f.nested->fields()[1], levels));
      return out;
    }
  }
  return {};
}

int64_t generator::integer() {
  auto bits = random_();
  return chance(30) ? 0 : static_cast<int64_t>(bits) >> below(64);
}

std::string generator::text() {
  static const char* const pieces[] = {"a", "web", "kubernetes.io/name", "-", "\"", "\\", "\n", "<&>", "\u00e9", "\u2028",
                                       "\U0001F600", "0", " ", "\x01", "a long piece of text without anything special"};
  std::string out;
  for (size_t n = below(4); n > 0; --n)
    out += pieces[below(std::size(pieces))];
  return out;
}

std::string generator::quantity() {
  static const char* const suffixes[] = {"", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "e-5"};
  auto out = std::to_string(integer() % 1'000'000);
  if (chance(30))
    out += "." + std::to_string(below(100000));
  return out + suffixes[below(std::size(suffixes))];
}

draft generator::any_json(int levels) {
  switch (below(levels > 0 ? 8 : 5)) {
    case 0: return {};
    case 1: return chance(50);
    case 2: return integer();
    case 3: return draft::make_number(chance(50) ? "123456789012345678901234567890" : "-1.250e+10");
    case 4: return text();
    case 5: {
      auto out = draft::make_array();
      for (size_t n = below(4); n > 0; --n)
        out.push_back(any_json(levels - 1));
      return out;
    }
    default: {
      auto out = draft::make_object();
      for (size_t n = below(4); n > 0; --n)
        out.set(text(), any_json(levels - 1));
      return out;
    }
  }
}

} // namespace sample
