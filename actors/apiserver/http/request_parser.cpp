// The only file that knows Beast: its parser is strict about what attackers smuggle in (two lengths, bad line
// ends).
#include "actors/apiserver/http/request_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <fmt/format.h>

namespace actors::apiserver::http {

namespace beast = boost::beast::http;

struct request_parser::beast_parser {
  beast::request_parser<beast::string_body> value;
  bool fresh = true;
  bool headers_reported = false;
  beast_parser() {
    value.header_limit(header_bytes_max);
    value.body_limit(body_bytes_max);
    value.eager(false); // stop after the headers, so that Expect: 100-continue can be answered
  }
};

request_parser::request_parser() : parser_(std::make_unique<beast_parser>()) {}
request_parser::~request_parser() = default;

namespace {

request_parser::problem explain(const boost::system::error_code& error) {
  if (error == beast::error::body_limit)
    return {413, fmt::format("the request body is too large: limit is {} bytes", body_bytes_max)};
  if (error == beast::error::header_limit)
    return {431, fmt::format("the request's headers are too large: limit is {} bytes", header_bytes_max)};
  if (error == beast::error::bad_version)
    return {505, "unsupported HTTP version"};
  return {400, fmt::format("malformed HTTP request: {}", error.message())};
}

} // namespace

request_parser::state request_parser::feed(std::string_view bytes, size_t& taken) {
  auto& parser = parser_->value;
  taken = 0;
  for (;;) {
    if (parser.is_done())
      return state::done;
    if (bytes.empty())
      return state::more;
    parser_->fresh = false;
    boost::system::error_code error;
    const size_t used = parser.put(boost::asio::const_buffer{bytes.data(), bytes.size()}, error);
    taken += used;
    bytes.remove_prefix(used);
    if (error == beast::error::need_more)
      return state::more;
    if (error) {
      problem_ = explain(error);
      return state::failed;
    }
    if (parser.is_header_done() && !parser_->headers_reported) {
      parser_->headers_reported = true;
      parser.eager(true);
      if (!parser.is_done())
        return state::headers_done;
    } else if (used == 0 && !parser.is_done()) {
      return state::more;
    }
  }
}

bool request_parser::is_fresh() const { return parser_->fresh; }

size_t request_parser::body_bytes() const { return parser_->value.get().body().size(); }

bool request_parser::expects_continue() const {
  const auto value = parser_->value.get()[beast::field::expect];
  return equal_ignoring_case({value.data(), value.size()}, "100-continue");
}

bool request_parser::keep_alive() const { return parser_->value.keep_alive(); }

bool request_parser::is_version_10() const { return parser_->value.get().version() == 10; }

request request_parser::take() {
  auto message = parser_->value.release();
  request result;
  const auto method = message.method_string();
  result.method.assign(method.data(), method.size());
  const auto target = message.target();
  result.target.assign(target.data(), target.size());
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    result.headers.push_back(
      {std::string{name.data(), name.size()}, std::string{value.data(), value.size()}});
  }
  result.body = std::move(message.body());
  parser_ = std::make_unique<beast_parser>();
  return result;
}

} // namespace actors::apiserver::http
