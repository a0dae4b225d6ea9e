// "Did you mean": the known word that is closest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace runtime::placement {

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
size_t edit_distance(std::string_view a, std::string_view b);

/// The closest candidate if it is close enough to be meant; empty otherwise. Case counts little.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// Up to `count_max` candidates, those that contain the word or are close to it first; none that is far from it.
std::vector<std::string> near_names(std::string_view word, const std::vector<std::string>& candidates,
                                    size_t count_max = 5);

} // namespace runtime::placement
