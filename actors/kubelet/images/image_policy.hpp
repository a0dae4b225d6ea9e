// Whether an image has to be pulled, and the words for what happened: pure.
#pragma once
#include "actors/kubelet/pods/pod_spec.hpp"

namespace actors::kubelet::images {

enum class image_step { use_present, pull, refuse_never };
image_step decide_image(pods::pull_policy, bool present);

std::string pulling_message(const std::string& image);
std::string present_message(const std::string& image);
std::string pulled_message(const std::string& image, int64_t took_us, uint64_t bytes);
std::string never_message(const std::string& image);
std::string failed_message(const std::string& image, const std::string& error);
std::string backoff_message(const std::string& image);

} // namespace actors::kubelet::images
