// Decoding with upstream's words.
#include "actors/apiserver/http/body.hpp"

#include <fmt/format.h>

#include "actors/apiserver/http/media_type.hpp"
#include "actors/apiserver/http/protobuf/decode.hpp"

namespace actors::apiserver::http {

using messages::codec::draft;
using messages::codec::type;
using messages::codec::unknown_field_policy;

namespace {

constexpr std::string_view accepted_types = "application/json, application/vnd.kubernetes.protobuf";

bool is_protobuf(std::string_view header) { return parse_media_type(header).type == protobuf::content_type; }

status::api_error check_content_type(std::string_view header) {
  if (header.empty() || parse_media_type(header).type == "application/json" || is_protobuf(header))
    return {};
  return status::unsupported_media_type(accepted_types);
}

/// The body as a draft with apiVersion and kind, from either form.
messages::codec::decode_result parse_protobuf(const type& t, std::string_view body) {
  messages::codec::decode_result result;
  const auto envelope = protobuf::open_envelope(body);
  auto value = envelope ? protobuf::decode(t, envelope->raw) : std::nullopt;
  if (!value) {
    result.error = messages::codec::codec_error{{}, "the protobuf message is damaged"};
    return result;
  }
  result.value = std::move(*value);
  result.value.set("apiVersion", envelope->api_version);
  result.value.set("kind", envelope->kind);
  return result;
}

std::string join(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts)
    out += (out.empty() ? "" : ", ") + text;
  return out;
}

std::string prefix_of(const type& t) {
  return fmt::format("{0} in version \"{1}\" cannot be handled as a {0}: ", t.kind(), t.version());
}

/// Wrong apiVersion or kind; missing ones are filled in.
status::api_error check_identity(const type& t, draft& value) {
  const std::string version{value.get("apiVersion").str(t.api_version())};
  const std::string kind{value.get("kind").str(t.kind())};
  for (const auto name : {"apiVersion", "kind"})
    if (const auto& given = value.get(name); !given.is_null() && !given.is_string())
      return status::bad_request(
        fmt::format("the object provided is unrecognized (must be of type {}): couldn't get version/kind; "
                    "json parse error: {} is no string",
                    t.kind(), name));
  if (!version.empty() && version != t.api_version())
    return status::bad_request(
      fmt::format("the API version in the data ({}) does not match the expected API version ({})", version,
                  t.api_version()));
  if (!kind.empty() && kind != t.kind()) {
    if (messages::codec::api_schema().find(version, kind) == nullptr)
      return status::bad_request(
        fmt::format("no kind \"{}\" is registered for version \"{}\" in this server", kind, version));
    return status::bad_request(fmt::format(
      "{0} in version \"{1}\" cannot be handled as a {2}: converting ({0}) to ({2}): unknown conversion",
      kind, t.version(), t.kind()));
  }
  value.set("kind", t.kind());
  value.set("apiVersion", t.api_version());
  return {};
}

/// What the policy makes of unknown and duplicate fields.
void apply_policy(decoded_body& body, std::vector<std::string> strict_errors, unknown_field_policy policy,
                  const std::string& prefix) {
  if (strict_errors.empty() || policy == unknown_field_policy::ignore)
    return;
  if (policy == unknown_field_policy::strict)
    body.error = status::bad_request(fmt::format("{}strict decoding error: {}", prefix, join(strict_errors)));
  else
    body.warnings = std::move(strict_errors);
}

/// Directives of strategic merge patches are no fields.
void remove_directives(draft& value) {
  if (value.is_array())
    for (auto& item : value.items())
      remove_directives(item);
  if (!value.is_object())
    return;
  std::erase_if(value.members(), [](const auto& member) { return member.first.starts_with('$'); });
  for (auto& [name, item] : value.members())
    remove_directives(item);
}

} // namespace

decoded_body decode_body(const type& t, std::string_view content_type, std::string_view body,
                         unknown_field_policy policy) {
  decoded_body result;
  if ((result.error = check_content_type(content_type)))
    return result;
  auto parsed = is_protobuf(content_type) ? parse_protobuf(t, body) : messages::codec::parse_json(body);
  if (parsed.error) {
    result.error =
      status::bad_request(fmt::format("the object provided is unrecognized (must be of type {}): couldn't "
                                      "get version/kind; json parse error: {}",
                                      t.kind(), parsed.error->message));
    return result;
  }
  if (!parsed.value.is_object()) {
    result.error =
      status::bad_request(fmt::format("the object provided is unrecognized (must be of type {}): couldn't "
                                      "get version/kind; json parse error: the body is no JSON object",
                                      t.kind()));
    return result;
  }
  if ((result.error = check_identity(t, parsed.value)))
    return result;
  auto strict_errors = std::move(parsed.strict_errors);
  if (const auto error = messages::codec::check(t, parsed.value, strict_errors)) {
    result.error = status::bad_request(prefix_of(t) + error->message);
    return result;
  }
  apply_policy(result, std::move(strict_errors), policy, prefix_of(t));
  result.value = std::move(parsed.value);
  return result;
}

decoded_body decode_options(std::string_view kind_name, std::string_view content_type,
                            std::string_view body) {
  decoded_body result;
  if (body.empty() || (result.error = check_content_type(content_type)))
    return result;
  if (is_protobuf(content_type)) {
    const auto envelope = protobuf::open_envelope(body);
    auto value = envelope ? protobuf::decode_delete_options(envelope->raw) : std::nullopt;
    if (value)
      result.value = std::move(*value);
    else
      result.error = status::bad_request(fmt::format("{}: the protobuf message is damaged", kind_name));
    return result;
  }
  auto parsed = messages::codec::parse_json(body);
  if (parsed.error)
    result.error = status::bad_request(
      fmt::format("couldn't get version/kind; json parse error: {}", parsed.error->message));
  else if (!parsed.value.is_object() && !parsed.value.is_null())
    result.error = status::bad_request(fmt::format("the body must be {}", kind_name));
  else if (const auto kind = parsed.value.get("kind").str(kind_name); kind != kind_name)
    result.error = status::bad_request(fmt::format("{} cannot be handled as {}", kind, kind_name));
  else
    result.value = std::move(parsed.value);
  return result;
}

decoded_body check_patch_fields(const type& t, std::string_view patch, unknown_field_policy policy) {
  decoded_body result;
  if (policy == unknown_field_policy::ignore)
    return result;
  auto parsed = messages::codec::parse_json(patch);
  if (parsed.error || !parsed.value.is_object())
    return result; // refused by the chain, in its words
  remove_directives(parsed.value);
  auto strict_errors = std::move(parsed.strict_errors);
  (void)messages::codec::check(t, parsed.value, strict_errors); // types are judged on the patched object
  if (!strict_errors.empty() && policy == unknown_field_policy::strict) {
    registry::kind nameless;
    result.error = status::invalid(
      nameless, "",
      {registry::invalid("patch", draft{patch}, "strict decoding error: " + join(strict_errors))});
    return result;
  }
  apply_policy(result, std::move(strict_errors), policy, "");
  return result;
}

std::string warning_header(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      continue; // never a second header
    if (c == '"' || c == '\\')
      quoted += '\\';
    quoted += c;
  }
  return fmt::format("299 - \"{}\"", quoted);
}

} // namespace actors::apiserver::http
