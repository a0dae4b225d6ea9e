// What is packed is a sequence of steps; each gives some bytes in full, then copies some from a place:
//   head: bit 7 the place follows, else it is as far away as that of the step before; bits 6-4 how many bytes are given in full
//         (7: the rest of the number follows); bits 3-0 how many are copied, less copied_min (14: the rest follows; 15: none, what
//         comes next is a uid, as 16 bytes instead of 36 characters)
//   the numbers that follow, 7 bits to a byte, the lowest first; the place, 2 bytes: in the book, or bytes_max and on: in what is
//   unpacked; the bytes given in full; the uid
// The last step ends when all bytes are there, and may copy none.
#include "actors/apiserver/cache/phrase_book.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace actors::apiserver::cache {

namespace {

constexpr size_t copied_min = 4;       // from as far away as before: costs one byte
constexpr size_t copied_far_min = 6;   // from elsewhere: costs three
constexpr size_t word_bytes = 8;       // that are read at once to look for the next place
constexpr size_t given_more = 7, copied_more = 14, copied_none = 15;
constexpr size_t uid_bytes = 16, uid_size = 36;
constexpr uint8_t far = 0x80;
constexpr size_t text_alignment = 4;   // of a FlatBuffer

uint64_t word_at(const uint8_t* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// Of copied_far_min bytes, though it looks at word_bytes. Its highest bits are the best.
uint64_t hash_at(const uint8_t* at) { return (word_at(at) << 16) * 0x9e3779b97f4a7c15ull; }

size_t equal_bytes(const uint8_t* one, const uint8_t* other, size_t most) {
  size_t count = 0;
  for (; count + word_bytes <= most; count += word_bytes)
    if (const uint64_t difference = word_at(one + count) ^ word_at(other + count))
      return count + static_cast<size_t>(__builtin_ctzll(difference)) / 8;
  while (count < most && one[count] == other[count])
    ++count;
  return count;
}

void add_rest(size_t rest, std::vector<uint8_t>& out) {
  for (; rest >= 0x80; rest >>= 7)
    out.push_back(static_cast<uint8_t>(rest | 0x80));
  out.push_back(static_cast<uint8_t>(rest));
}

size_t read_rest(const uint8_t*& in) {
  size_t rest = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const uint8_t next = *in++;
    rest |= static_cast<size_t>(next & 0x7f) << shift;
    if (next < 0x80)
      break;
  }
  return rest;
}

void require(bool holds) {
  if (!holds)
    throw std::logic_error("a packed object is not what was packed");
}

bool is_dash(size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

/// Of a small hexadecimal digit; 16: it is none.
uint8_t value_of(uint8_t digit) {
  return static_cast<uint8_t>(digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : 16);
}

/// As in 0b2f7a4c-9d1e-4f3a-8c5b-6e7d8f901a2b. False: something else.
bool read_uid(const uint8_t* text, std::array<uint8_t, uid_bytes>& uid) {
  if (text[8] != '-' || text[13] != '-') // tells most
    return false;
  size_t digits = 0;
  for (size_t at = 0; at < uid_size; ++at) {
    const uint8_t value = value_of(text[at]);
    if (is_dash(at) ? text[at] != '-' : value > 15)
      return false;
    if (is_dash(at))
      continue;
    auto& byte = uid[digits++ / 2];
    byte = static_cast<uint8_t>(byte << 4 | value);
  }
  return true;
}

void write_uid(const uint8_t* uid, uint8_t* text) {
  size_t digits = 0;
  for (size_t at = 0; at < uid_size; ++at) {
    if (is_dash(at)) {
      text[at] = '-';
      continue;
    }
    const uint8_t byte = uid[digits / 2];
    text[at] = static_cast<uint8_t>("0123456789abcdef"[digits++ % 2 == 0 ? byte >> 4 : byte & 15]);
  }
}

struct copy {
  size_t place = 0; // in the book, or bytes_max and on: in the bytes
  size_t length = 0;
  bool is_far = false;
};

void add_uid(const uint8_t* given, size_t count, const std::array<uint8_t, uid_bytes>& uid, std::vector<uint8_t>& out) {
  out.push_back(static_cast<uint8_t>(std::min(count, given_more) << 4 | copied_none));
  if (count >= given_more)
    add_rest(count - given_more, out);
  out.insert(out.end(), given, given + count);
  out.insert(out.end(), uid.begin(), uid.end());
}

void add_step(const uint8_t* given, size_t count, const copy& copied, std::vector<uint8_t>& out) {
  const size_t length = copied.length == 0 ? 0 : copied.length - copied_min;
  out.push_back(static_cast<uint8_t>((copied.is_far ? far : 0) | std::min(count, given_more) << 4 | std::min(length, copied_more)));
  if (count >= given_more)
    add_rest(count - given_more, out);
  if (length >= copied_more)
    add_rest(length - copied_more, out);
  if (copied.is_far) {
    out.push_back(static_cast<uint8_t>(copied.place));
    out.push_back(static_cast<uint8_t>(copied.place >> 8));
  }
  out.insert(out.end(), given, given + count);
}

} // namespace

bool phrase_book::append(std::string_view bytes) {
  if (bytes.size() > bytes_max - size_)
    return false;
  std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return true;
}

void unpack(const phrase_book& book, const uint8_t* packed, uint8_t* out, size_t size) {
  ptrdiff_t distance = 0;
  for (size_t at = 0; at < size;) {
    const uint8_t head = *packed++;
    size_t count = head >> 4 & 7, length = head & 15;
    if (count == given_more)
      count += read_rest(packed);
    if (length == copied_more)
      length += read_rest(packed);
    length += copied_min;
    size_t place = 0;
    if (head & far) {
      place = packed[0] | static_cast<size_t>(packed[1]) << 8;
      packed += 2;
    }
    require(count <= size - at);
    std::memcpy(out + at, packed, count);
    packed += count;
    at += count;
    if (at == size)
      return;
    if ((head & 15) == copied_none) {
      require(uid_size <= size - at);
      write_uid(packed, out + at);
      packed += uid_bytes;
      at += uid_size;
      continue;
    }
    if (head & far)
      distance = static_cast<ptrdiff_t>(place) - static_cast<ptrdiff_t>(at);
    else
      place = static_cast<size_t>(static_cast<ptrdiff_t>(at) + distance);
    require(length <= size - at);
    if (place < phrase_book::bytes_max) {
      require(length <= phrase_book::bytes_max - place);
      std::memcpy(out + at, book.data() + place, length);
      at += length;
      continue;
    }
    const uint8_t* from = out + (place - phrase_book::bytes_max);
    require(from < out + at);
    for (const size_t end = at + length; at < end; ++at) // may copy what it has just written
      out[at] = *from++;
  }
}

void phrase_packer::pack(std::string_view bytes, std::vector<uint8_t>& out) const {
  constexpr unsigned own_bits = 10;
  static_assert(phrase_book::bytes_max + object_bytes_max <= 1u << 16);
  require(bytes.size() <= object_bytes_max);
  out.clear();
  const auto* in = reinterpret_cast<const uint8_t*>(bytes.data());
  const uint8_t* examples = book_->data();
  const size_t size = bytes.size(), known = book_->size();
  std::array<uint16_t, 1u << own_bits> own{}; // as places_, of the bytes themselves
  size_t given = 0;                           // from here on nothing is written yet
  ptrdiff_t distance = 0;
  bool moved = false; // there is a distance
  const auto equal_at = [&](size_t place, size_t at) {
    return place < phrase_book::bytes_max ? equal_bytes(examples + place, in + at, std::min(known - place, size - at))
                                          : equal_bytes(in + (place - phrase_book::bytes_max), in + at, size - at);
  };
  for (size_t at = 0; at + copied_min <= size;) {
    copy found;
    if (moved) {
      const auto place = static_cast<size_t>(static_cast<ptrdiff_t>(at) + distance);
      const bool there = place < phrase_book::bytes_max ? place < known : place < phrase_book::bytes_max + at;
      if (there)
        if (const size_t length = equal_at(place, at); length >= copied_min)
          found = {place, length, false};
    }
    if (found.length == 0 && at + word_bytes <= size) {
      const auto consider = [&](size_t place) {
        if (const size_t length = equal_at(place, at); length >= copied_far_min && length > found.length)
          found = {place, length, true};
      };
      const uint64_t hash = hash_at(in + at);
      if (const auto place = places_[hash >> (64 - place_bits)])
        consider(place - 1u);
      auto& latest = own[hash >> (64 - own_bits)];
      if (latest != 0)
        consider(phrase_book::bytes_max + latest - 1u);
      latest = static_cast<uint16_t>(at + 1);
    }
    std::array<uint8_t, uid_bytes> uid;
    if (found.length == 0 && at % text_alignment == 0 && uid_size <= size - at && read_uid(in + at, uid)) {
      add_uid(in + given, at - given, uid, out);
      at = given = at + uid_size;
      continue;
    }
    if (found.length == 0) {
      ++at;
      continue;
    }
    size_t begin = at;
    if (found.is_far) { // it may begin earlier than where it was noticed
      const bool within = found.place >= phrase_book::bytes_max;
      const uint8_t* from = within ? in : examples;
      size_t offset = within ? found.place - phrase_book::bytes_max : found.place;
      for (; begin > given && offset > 0 && in[begin - 1] == from[offset - 1]; --begin, --offset, --found.place)
        ++found.length;
    }
    add_step(in + given, begin - given, found, out);
    distance = static_cast<ptrdiff_t>(found.place) - static_cast<ptrdiff_t>(begin);
    moved = true;
    at = given = begin + found.length;
  }
  if (given < size)
    add_step(in + given, size - given, {}, out);
}

bool phrase_packer::learn(std::string_view bytes) {
  const size_t begin = book_->size();
  if (!book_->append(bytes))
    return false;
  for (size_t at = begin; at + word_bytes <= book_->size(); ++at)
    places_[hash_at(book_->data() + at) >> (64 - place_bits)] = static_cast<uint16_t>(at + 1);
  return true;
}

} // namespace actors::apiserver::cache
