// Parsing (the grammar of apimachinery's labels.Parse and fields.ParseSelector) and matching.
#include "actors/apiserver/selectors/selector.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "messages/api/meta/v1/meta_generated.h"

namespace actors::apiserver::selectors {

namespace {

using messages::codec::value_kind;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

bool is_name_part(std::string_view text) {
  const auto alnum = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  if (text.empty() || text.size() > 63 || !alnum(text.front()) || !alnum(text.back()))
    return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
}

/// name, or dns.prefix/name
bool is_label_key(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos)
    return is_name_part(text);
  const auto prefix = text.substr(0, slash);
  return !prefix.empty() && prefix.size() <= 253 && is_name_part(text.substr(slash + 1)) &&
         std::all_of(prefix.begin(), prefix.end(), [](char c) {
           return std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '-' || c == '.';
         });
}

/// Splits at commas outside parentheses.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      terms.push_back(trim(text.substr(start, i - start)));
      start = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return terms;
}

selector_error unparsable(std::string_view text, std::string_view why) {
  return {fmt::format("unable to parse requirement: {} (in {:?})", why, std::string{text})};
}

using operation = label_requirement::operation;

/// `key in (a,b)`: the part behind the key. nullopt: no such form.
std::optional<std::vector<std::string>> parse_set(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text.front() != '(' || text.back() != ')')
    return std::nullopt;
  std::vector<std::string> values;
  text = text.substr(1, text.size() - 2);
  size_t start = 0;
  for (size_t i = 0; i <= text.size(); ++i)
    if (i == text.size() || text[i] == ',') {
      values.emplace_back(trim(text.substr(start, i - start)));
      start = i + 1;
    }
  return values;
}

struct binary_form {
  std::string_view symbol;
  operation op;
};
// Longer symbols first: "!=" before "=".
constexpr binary_form binary_forms[] = {{"!=", operation::not_in}, {"==", operation::in}, {"=", operation::in},
                                        {">", operation::greater}, {"<", operation::less}};

std::variant<label_requirement, selector_error> parse_label_term(std::string_view term) {
  label_requirement result;
  std::string_view key = term;
  if (term.starts_with('!')) {
    result.op = operation::not_exists;
    key = trim(term.substr(1));
  } else if (const auto space = term.find_first_of(" \t"); space != std::string_view::npos &&
                                                           (trim(term.substr(space)).starts_with("in") ||
                                                            trim(term.substr(space)).starts_with("notin"))) {
    key = term.substr(0, space);
    auto rest = trim(term.substr(space));
    const bool negated = rest.starts_with("notin");
    auto values = parse_set(rest.substr(negated ? 5 : 2));
    if (!values)
      return unparsable(term, "found '" + std::string{rest} + "', expected: a list of values in parentheses");
    result.op = negated ? operation::not_in : operation::in;
    result.values = std::move(*values);
  } else {
    for (const auto& form : binary_forms) {
      const auto at = term.find(form.symbol);
      if (at == std::string_view::npos)
        continue;
      key = trim(term.substr(0, at));
      result.op = form.op;
      result.values = {std::string{trim(term.substr(at + form.symbol.size()))}};
      break;
    }
  }
  // "a=b=c": one requirement ends before the second symbol.
  if (result.op == operation::in && !result.values.empty())
    if (const auto symbol = result.values.front().find_first_of("=!<>"); symbol != std::string::npos && symbol > 0)
      return selector_error{fmt::format("found '{}', expected: ',' or 'end of string'", result.values.front()[symbol])};
  if (!is_label_key(key))
    return unparsable(term, fmt::format("invalid label key \"{}\"", key));
  for (const auto& value : result.values) {
    if (!value.empty() && !is_name_part(value))
      return unparsable(term, fmt::format("invalid label value \"{}\"", value));
    int64_t number = 0;
    if ((result.op == operation::greater || result.op == operation::less) &&
        std::from_chars(value.data(), value.data() + value.size(), number).ec != std::errc{})
      return unparsable(term, "for 'Gt', 'Lt' operators, the value must be an integer");
  }
  result.key = key;
  return result;
}

std::string_view view(const flatbuffers::String* text) {
  return {text->c_str(), text->size()};
}

const flatbuffers::String* label_of(const messages::api::meta::v1::ObjectMeta* metadata, const std::string& key) {
  if (metadata == nullptr || metadata->labels() == nullptr)
    return nullptr;
  const auto* found = metadata->labels()->LookupByKey(key.c_str());
  return found == nullptr ? nullptr : found->value();
}

bool label_matches(const label_requirement& wanted, const messages::api::meta::v1::ObjectMeta* metadata) {
  const bool has = metadata != nullptr && metadata->labels() != nullptr &&
                   metadata->labels()->LookupByKey(wanted.key.c_str()) != nullptr;
  const auto* stored = label_of(metadata, wanted.key);
  const std::string_view value = stored == nullptr ? std::string_view{} : view(stored);
  const auto listed = [&] { return std::find(wanted.values.begin(), wanted.values.end(), value) != wanted.values.end(); };
  const auto compared = [&](bool greater) {
    int64_t left = 0, right = 0;
    if (!has || std::from_chars(value.data(), value.data() + value.size(), left).ec != std::errc{})
      return false;
    const auto& text = wanted.values.front();
    std::from_chars(text.data(), text.data() + text.size(), right);
    return greater ? left > right : left < right;
  };
  switch (wanted.op) {
    case operation::in: return has && listed();
    case operation::not_in: return !has || !listed();
    case operation::exists: return has;
    case operation::not_exists: return !has;
    case operation::greater: return compared(true);
    case operation::less: return compared(false);
  }
  return false;
}

} // namespace

std::variant<std::vector<label_requirement>, selector_error> parse_labels(std::string_view text) {
  std::vector<label_requirement> result;
  text = trim(text);
  if (text.empty())
    return result;
  if (text.size() > selector_bytes_max)
    return selector_error{"the label selector is too long"};
  for (const auto term : split_terms(text)) {
    auto parsed = parse_label_term(term);
    if (auto* error = std::get_if<selector_error>(&parsed))
      return *error;
    result.push_back(std::move(std::get<label_requirement>(parsed)));
  }
  return result;
}

std::variant<std::vector<field_requirement>, selector_error> parse_fields(const registry::kind& kind, std::string_view text) {
  std::vector<field_requirement> result;
  text = trim(text);
  if (text.empty())
    return result;
  if (text.size() > selector_bytes_max)
    return selector_error{"the field selector is too long"};
  for (const auto term : split_terms(text)) {
    if (term.empty())
      continue;
    field_requirement wanted;
    size_t at = term.find("!=");
    size_t length = 2;
    if (at != std::string_view::npos) {
      wanted.equal = false;
    } else {
      at = term.find('=');
      if (at == std::string_view::npos)
        return selector_error{fmt::format("invalid selector: '{}'; can't understand '{}'", text, term)};
      length = term.substr(at).starts_with("==") ? 2 : 1;
    }
    wanted.label = trim(term.substr(0, at));
    wanted.value = trim(term.substr(at + length));
    if (wanted.label == "metadata.name" || wanted.label == "metadata.namespace") {
      wanted.path = {"metadata", wanted.label.substr(9)};
    } else {
      const auto found = std::find_if(kind.selectable_fields.begin(), kind.selectable_fields.end(),
                                      [&](const auto& field) { return field.label == wanted.label; });
      if (found == kind.selectable_fields.end())
        return selector_error{fmt::format("field label not supported: {}", wanted.label)};
      wanted.path.assign(found->path.begin(), found->path.end());
      wanted.value_if_absent = found->value_if_absent;
    }
    result.push_back(std::move(wanted));
  }
  return result;
}

std::variant<object_selector, selector_error> object_selector::parse(const registry::kind& kind, std::string_view labels,
                                                                     std::string_view fields) {
  object_selector result;
  auto parsed_labels = parse_labels(labels);
  if (auto* error = std::get_if<selector_error>(&parsed_labels))
    return *error;
  result.labels_ = std::move(std::get<0>(parsed_labels));
  auto parsed_fields = parse_fields(kind, fields);
  if (auto* error = std::get_if<selector_error>(&parsed_fields))
    return *error;
  result.fields_ = std::move(std::get<0>(parsed_fields));
  return result;
}

std::string_view object_selector::required_name() const {
  for (const auto& wanted : fields_)
    if (wanted.equal && wanted.label == "metadata.name")
      return wanted.value;
  return {};
}

const field_requirement* object_selector::required_field() const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [](const auto& wanted) { return wanted.equal; });
  return found == fields_.end() ? nullptr : &*found;
}

std::string value_of(const field_requirement& field, const type& what, const object_buffer& object) {
  auto stored = text_at(what, object, field.path);
  return stored ? std::move(*stored) : field.value_if_absent;
}

bool object_selector::matches(const type& what, const object_buffer& object) const {
  if (!labels_.empty()) {
    const auto* metadata = messages::codec::metadata_of(what, object);
    for (const auto& wanted : labels_)
      if (!label_matches(wanted, metadata))
        return false;
  }
  for (const auto& wanted : fields_)
    if ((value_of(wanted, what, object) == wanted.value) != wanted.equal)
      return false;
  return true;
}

std::optional<std::string> text_at(const type& what, const object_buffer& object, const std::vector<std::string>& path) {
  const type* at = &what;
  const auto* table = object.root<flatbuffers::Table>();
  for (size_t i = 0; i < path.size(); ++i) {
    const auto* field = at->find(path[i]);
    if (field == nullptr || field->list)
      return std::nullopt;
    const bool is_last = i + 1 == path.size();
    if (!is_last) {
      if (field->kind != value_kind::table)
        return std::nullopt;
      table = table->GetPointer<const flatbuffers::Table*>(field->offset);
      at = field->nested;
      if (table == nullptr)
        return std::nullopt;
      continue;
    }
    switch (field->kind) {
      case value_kind::string: {
        const auto* text = table->GetPointer<const flatbuffers::String*>(field->offset);
        return text == nullptr ? std::nullopt : std::optional<std::string>{text->str()};
      }
      case value_kind::boolean:
        return table->GetField<uint8_t>(field->offset, 0) != 0 ? "true" : "false";
      case value_kind::int32:
        return std::to_string(table->GetField<int32_t>(field->offset, 0));
      case value_kind::int64:
        return std::to_string(table->GetField<int64_t>(field->offset, 0));
      default:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

} // namespace actors::apiserver::selectors
