// GET pods/<name>/log.
#include "actors/apiserver/http/call.hpp"

namespace actors::apiserver::http {

void serve_log(const call_ptr& item) {
  item->fail({501, "NotImplemented", "logs are not served yet", {}});
}

} // namespace actors::apiserver::http
