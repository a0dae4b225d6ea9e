#include "runtime/placement/nearest.hpp"

#include <algorithm>
#include <cctype>

namespace runtime::placement {

namespace {

// Longer words are cut: the comparison is quadratic and its input comes from outside.
constexpr size_t word_bytes_max = 64;

std::string lower(std::string_view text) {
  std::string result{text.substr(0, word_bytes_max)};
  for (auto& c : result)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

size_t distance_max(std::string_view word) {
  return std::max<size_t>(1, std::min(word.size(), word_bytes_max) / 3);
}

} // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      auto change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({row[j - 1] + 1, last[j] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  auto wanted = lower(word);
  std::string best;
  auto best_distance = distance_max(word) + 1;
  for (auto& candidate : candidates) {
    auto distance = edit_distance(wanted, lower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::vector<std::string> near_names(std::string_view word, const std::vector<std::string>& candidates,
                                    size_t count_max) {
  auto wanted = lower(word);
  std::vector<std::pair<size_t, std::string>> found;
  for (auto& candidate : candidates) {
    auto name = lower(candidate);
    auto last_part = name.substr(name.rfind('/') + 1);
    if (!wanted.empty() && name.find(wanted) != std::string::npos)
      found.emplace_back(0, candidate);
    else if (auto d = std::min(edit_distance(wanted, name), edit_distance(wanted, last_part)); d <= distance_max(word))
      found.emplace_back(d, candidate);
  }
  std::stable_sort(found.begin(), found.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::vector<std::string> result;
  for (auto& [distance, name] : found)
    if (result.size() < count_max)
      result.push_back(name);
  return result;
}

} // namespace runtime::placement
