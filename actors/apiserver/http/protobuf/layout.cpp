// Builds the layouts of all types from the table of numbers.
#include "actors/apiserver/http/protobuf/field_numbers.hpp"

#include <charconv>
#include <map>
#include <string>

namespace actors::apiserver::http::protobuf {

using messages::codec::type;

namespace {

constexpr std::string_view schema_root = "messages.api.";

class layouts {
public:
  layouts() {
    auto text = field_numbers_text();
    while (!text.empty()) {
      const auto line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      if (const auto colon = line.find(": "); colon != std::string_view::npos)
        lines_.emplace(line.substr(0, colon), line.substr(colon + 2));
    }
    for (const auto& item : messages::codec::api_schema().types())
      if (item->full_name().starts_with(schema_root))
        if (const auto* built = build(*item, item->full_name().substr(schema_root.size())))
          by_type_[item.get()] = built;
  }
  const message_layout* find(const type& t) const {
    const auto found = by_type_.find(&t);
    return found == by_type_.end() ? nullptr : found->second;
  }

private:
  const message_layout* build(const type& owner, std::string_view name) {
    const auto line = lines_.find(name);
    if (line == lines_.end())
      return nullptr;
    auto layout = std::make_unique<message_layout>();
    auto rest = line->second;
    while (!rest.empty()) {
      const auto entry = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
      const auto equals = entry.find('=');
      uint32_t number = 0;
      std::from_chars(entry.data() + equals + 1, entry.data() + entry.size(), number);
      const auto field = entry.substr(0, equals);
      if (field.starts_with('*'))
        layout->slots[number].inlined = build(owner, field.substr(1));
      else if (const auto* known = owner.find(field))
        layout->slots[number].field = known;
    }
    owned_.push_back(std::move(layout));
    return owned_.back().get();
  }

  std::map<std::string_view, std::string_view, std::less<>> lines_;
  std::unordered_map<const type*, const message_layout*> by_type_;
  std::vector<std::unique_ptr<message_layout>> owned_;
};

} // namespace

const message_layout* layout_of(const type& t) {
  static const layouts all;
  return all.find(t);
}

} // namespace actors::apiserver::http::protobuf
