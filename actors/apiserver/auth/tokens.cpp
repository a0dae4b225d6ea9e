// Token files.
#include "actors/apiserver/auth/tokens.hpp"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <fmt/format.h>
#include <stdexcept>
#include <vector>

#include "runtime/pki/private_file.hpp"

namespace actors::apiserver::auth {

namespace {

/// One line of comma separated values; fields may be quoted, a quote within is doubled. nullopt: an open
/// quote.
std::optional<std::vector<std::string>> split_csv(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (quoted || !fields.back().empty() || c != ' ') {
      fields.back() += c;
    }
  }
  if (quoted)
    return std::nullopt;
  return fields;
}

std::vector<std::string> split_groups(std::string_view text) {
  std::vector<std::string> groups;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    if (end > 0)
      groups.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return groups;
}

} // namespace

token_hash hash_token(std::string_view token) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr); // SHA256() looks it up each time
  token_hash hash;
  if (sha256 == nullptr || EVP_Digest(token.data(), token.size(), hash.data(), nullptr, sha256, nullptr) != 1)
    throw std::runtime_error("cannot compute a token's SHA-256");
  return hash;
}

token_identities parse_tokens(std::string_view text) {
  token_identities result;
  for (size_t line_number = 1; !text.empty(); ++line_number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (line.empty() || line.front() == '#')
      continue;
    const auto fields = split_csv(line);
    if (!fields)
      throw std::runtime_error(fmt::format("line {}: a quote is not closed", line_number));
    if (fields->size() < 3)
      throw std::runtime_error(
        fmt::format("line {}: expected token,user,uid[,\"group1,group2\"]", line_number));
    if ((*fields)[0].empty() || (*fields)[1].empty())
      throw std::runtime_error(fmt::format("line {}: the token and the user must not be empty", line_number));
    user_info user{(*fields)[1], (*fields)[2], {}};
    if (fields->size() >= 4)
      user.groups = split_groups((*fields)[3]);
    result[hash_token((*fields)[0])] = std::move(user);
  }
  return result;
}

token_table::token_table(std::filesystem::path file) : file_(std::move(file)) {
  reload();
  if (!problem_.empty())
    throw std::runtime_error(problem_);
}

token_table::stamp token_table::stamp_of() const {
  struct stat info {};
  if (::stat(file_.c_str(), &info) != 0)
    return {};
  return {info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec, static_cast<uintmax_t>(info.st_size),
          info.st_ino};
}

void token_table::reload() {
  loaded_ = stamp_of();
  try {
    const auto text = runtime::pki::read_private_file(file_);
    identities_ = text ? parse_tokens(*text) : token_identities{};
    problem_.clear();
  } catch (const std::exception& error) {
    problem_ = fmt::format("token file {}: {}", file_.string(), error.what());
  }
}

std::optional<user_info> token_table::find(std::string_view token, int64_t monotonic_us) {
  const auto hash = hash_token(token);
  std::lock_guard lock{mutex_};
  if (monotonic_us - checked_us_ >= check_interval_us) {
    checked_us_ = monotonic_us;
    if (stamp_of() != loaded_)
      reload();
  }
  const auto found = identities_.find(hash);
  if (found == identities_.end())
    return std::nullopt;
  return found->second;
}

std::string token_table::problem() const {
  std::lock_guard lock{mutex_};
  return problem_;
}

} // namespace actors::apiserver::auth
