// The web page's files, by name ("index.html").
#pragma once

#include <optional>
#include <string_view>

namespace actors::apiserver::ui {

std::optional<std::string_view> find_file(std::string_view name);

} // namespace actors::apiserver::ui
