// Everything below /, /api, /apis and /openapi that is no resource. Documents are rendered when they are
// first asked for and then shared. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "actors/apiserver/status/status.hpp"

namespace actors::apiserver::discovery {

struct document {
  status::api_error error; // then nothing else
  std::string content_type = "application/json";
  std::shared_ptr<const std::string> body;
  std::string etag; // quoted; "" for none
};

class documents {
public:
  /// `address`: "127.0.0.1:6443", as /api reports it.
  explicit documents(std::string address);
  document find(const std::vector<std::string>& segments, std::string_view accept) const;

private:
  using render = std::function<std::string()>;
  document cached(const std::string& key, std::string content_type, const render& make) const;
  document find_api(const std::vector<std::string>& segments, std::string_view accept) const;
  document find_openapi(const std::vector<std::string>& segments, std::string_view accept) const;

  document openapi_v3_index() const;
  document openapi_v3_document(const std::string& name) const;

  std::string address_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, document> rendered_;
};

} // namespace actors::apiserver::discovery
