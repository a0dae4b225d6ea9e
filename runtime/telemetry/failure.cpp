#include "runtime/telemetry/failure.hpp"

#include <caf/all.hpp>

namespace runtime::telemetry {

caf::error make_failure(std::string_view text) {
  return caf::make_error(caf::sec::runtime_error, std::string{text});
}

void send_failure(const caf::strong_actor_ptr& target, std::string_view text) {
  if (target)
    target->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                    caf::make_message(caf::exit_msg{caf::actor_addr{}, make_failure(text)}), nullptr);
}

bool is_orderly(const caf::error& reason) {
  return !reason || reason == caf::exit_reason::normal || reason == caf::exit_reason::user_shutdown;
}

std::string failure_text(const caf::error& reason) {
  if (!reason || reason == caf::exit_reason::normal)
    return {};
  if (reason.category() == caf::atom("exit"))
    return caf::to_string(static_cast<caf::exit_reason>(reason.code()));
  if (reason.category() == caf::atom("system")) {
    auto& context = reason.context();
    if (reason.code() == static_cast<uint8_t>(caf::sec::runtime_error) && context.size() == 1
        && context.match_element<std::string>(0))
      return context.get_as<std::string>(0);
    auto code = caf::to_string(static_cast<caf::sec>(reason.code()));
    return context.empty() ? code : code + caf::to_string(context);
  }
  return caf::to_string(reason);
}

std::string exception_text(std::exception_ptr failure) {
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const std::exception& e) {
    return e.what();
  } catch (const std::string& text) {
    return text;
  } catch (const char* text) {
    return text;
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

caf::error keep_failure_text(caf::scheduled_actor*, std::exception_ptr& failure) {
  return make_failure(exception_text(failure));
}

} // namespace runtime::telemetry
