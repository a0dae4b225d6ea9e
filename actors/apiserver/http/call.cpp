// Answers that every verb gives.
#include "actors/apiserver/http/call.hpp"

#include "messages/codec/json.hpp"

namespace actors::apiserver::http {

response render_error(const status::api_error& error) {
  response answer;
  answer.code = error.code;
  messages::codec::encode_json(status::to_status(error), answer.body);
  answer.body += '\n';
  if (const auto seconds = error.details.get("retryAfterSeconds").integer(); seconds > 0)
    answer.headers.push_back({"Retry-After", std::to_string(seconds)});
  return answer;
}

std::string indent_json(std::string_view json) {
  std::string out;
  size_t depth = 0;
  bool quoted = false;
  const auto line = [&] { out.append("\n").append(2 * depth, ' '); };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      out += c;
      if (c == '\\' && i + 1 < json.size())
        out += json[++i];
      else if (c == '"')
        quoted = false;
      continue;
    }
    const bool empty_follows =
      i + 1 < json.size() && ((c == '{' && json[i + 1] == '}') || (c == '[' && json[i + 1] == ']'));
    switch (c) {
      case '"':
        quoted = true;
        out += c;
        break;
      case '{':
      case '[':
        out += c;
        if (empty_follows) {
          out += json[++i];
        } else {
          ++depth;
          line();
        }
        break;
      case '}':
      case ']':
        depth -= depth > 0;
        line();
        out += c;
        break;
      case ',':
        out += c;
        line();
        break;
      case ':':
        out += ": ";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void call::fail(const status::api_error& error) const { reply->send(render_error(error)); }

void call::send(int code, std::string json) const {
  response answer;
  answer.code = code;
  const auto pretty = target.get("pretty");
  answer.body = !pretty.empty() && pretty != "false" && pretty != "0" ? indent_json(json) : std::move(json);
  answer.body += '\n';
  reply->send(std::move(answer));
}

void call::after_barrier(std::function<void()> then) const {
  front->port->barrier(where.kind->key_prefix,
                       [reply = reply, then = std::move(then)](const status::api_error& error) {
                         if (error)
                           reply->send(render_error(error));
                         else
                           reply->post(then);
                       });
}

} // namespace actors::apiserver::http
