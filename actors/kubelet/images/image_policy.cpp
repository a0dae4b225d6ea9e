#include "actors/kubelet/images/image_policy.hpp"
#include <cstdio>

namespace actors::kubelet::images {
namespace {

std::string quoted(const std::string& image) { return "\"" + image + "\""; }

/// Go's short form of a duration: "350ms", "1.204s".
std::string took(int64_t us) {
  char text[32];
  if (us < 1'000'000)
    std::snprintf(text, sizeof text, "%lldms", static_cast<long long>(us / 1000));
  else
    std::snprintf(text, sizeof text, "%.3gs", static_cast<double>(us) / 1e6);
  return text;
}

} // namespace

image_step decide_image(pods::pull_policy policy, bool present) {
  if (policy == pods::pull_policy::always)
    return image_step::pull;
  if (present)
    return image_step::use_present;
  return policy == pods::pull_policy::never ? image_step::refuse_never : image_step::pull;
}

std::string pulling_message(const std::string& image) { return "Pulling image " + quoted(image); }
std::string present_message(const std::string& image) {
  return "Container image " + quoted(image) + " already present on machine";
}
std::string pulled_message(const std::string& image, int64_t us, uint64_t bytes) {
  return "Successfully pulled image " + quoted(image) + " in " + took(us) + " (" + took(us) +
         " including waiting). Image size: " + std::to_string(bytes) + " bytes.";
}
std::string never_message(const std::string& image) {
  return "Container image " + quoted(image) + " is not present with pull policy of Never";
}
std::string failed_message(const std::string& image, const std::string& error) {
  return "Failed to pull image " + quoted(image) + ": " + error;
}
std::string backoff_message(const std::string& image) { return "Back-off pulling image " + quoted(image); }

} // namespace actors::kubelet::images
