// Random drafts that are valid for a type of the schema; the same seed gives the same drafts.
#pragma once

#include "messages/codec/draft.hpp"
#include "messages/codec/schema.hpp"

#include <random>

namespace sample {

class generator {
public:
  explicit generator(uint64_t seed) : random_(seed) {}

  messages::codec::draft object(const messages::codec::type& t, int levels = 7);
  messages::codec::draft any_json(int levels);
  std::string text();
  size_t below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }

private:
  messages::codec::draft value(const messages::codec::field& f, int levels);
  messages::codec::draft one(const messages::codec::field& f, int levels);
  std::string quantity();
  bool chance(int percent) { return below(100) < static_cast<size_t>(percent); }
  int64_t integer();

  std::mt19937_64 random_;
};

} // namespace sample
