// LMDB's file format, version 1, as far as it says where things are. Offsets are in bytes.
//
//   page    number u64, pad u16, flags u16, then lower u16 and upper u16 (branch, leaf) or pages u32 (overflow), then the
//           nodes' offsets u16 each, up to `lower`; nodes are between `upper` and the end
//   node    low u16, high u16, flags u16, key's size u16, key, data. Branch: low, high, flags are the child's number; leaf: low,
//           high are the data's size, and the data is a page number when the flag `big` says that it is on overflow pages
//   meta    after the page's header: magic u32, version u32, address u64, map size u64, the records of the trees `free` and
//           `main`, last page u64, transaction u64
//   tree    pad u32 (of `free`: the page size), flags u16, depth u16, branch, leaf and overflow pages u64, entries u64, root u64
#include "storage/lmdb/structure.hpp"

#include "storage/engine.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace storage::lmdb {
namespace {

static_assert(std::endian::native == std::endian::little && sizeof(size_t) == 8, "LMDB writes the machine's integers");

constexpr uint32_t page_magic = 0xBEEFC0DE;
constexpr uint32_t data_version = 1;
constexpr size_t header_bytes = 16, node_bytes = 8, tree_bytes = 48;
constexpr uint16_t branch_page = 0x01, leaf_page = 0x02, overflow_page = 0x04, meta_page = 0x08;
constexpr uint16_t kind_mask = 0x6f; // of a page's flags: those that say what it is
constexpr uint16_t big_data = 0x01, sub_tree = 0x02;
constexpr uint16_t integer_keys = 0x08; // flag of the tree `free`
constexpr uint64_t no_page = ~uint64_t{0};
constexpr unsigned depth_max = 32; // LMDB's own bound
constexpr size_t page_size_min = 512, page_size_max = 32768;
// The last pages may be missing, when the transaction that took them gave them back: never more than one transaction takes.
constexpr uint64_t unwritten_pages_max = 65536;
constexpr uint64_t map_bytes_max = uint64_t{1} << 47;

template <class T>
T at(std::string_view bytes, size_t offset) {
  T number;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

struct tree {
  uint32_t pad = 0;
  uint16_t flags = 0, depth = 0;
  uint64_t branches = 0, leaves = 0, overflows = 0, entries = 0, root = no_page;
};

tree tree_at(std::string_view bytes, size_t offset) {
  return {at<uint32_t>(bytes, offset),      at<uint16_t>(bytes, offset + 4),  at<uint16_t>(bytes, offset + 6),
          at<uint64_t>(bytes, offset + 8),  at<uint64_t>(bytes, offset + 16), at<uint64_t>(bytes, offset + 24),
          at<uint64_t>(bytes, offset + 32), at<uint64_t>(bytes, offset + 40)};
}

struct meta {
  tree free, main;
  uint64_t last_page = 0, transaction = 0;
};

class checker {
public:
  explicit checker(const std::filesystem::path& file) : file_(file), fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0)
      throw error(error_code::io, "cannot open " + file.string() + ": " + std::strerror(errno));
  }
  ~checker() { ::close(fd_); }
  checker(const checker&) = delete;

  structure_report run() {
    page_size_ = find_page_size();
    file_pages_ = std::filesystem::file_size(file_) / page_size_;
    const std::array metas{read_meta(0), read_meta(1)};
    const auto& now = newest(metas);
    last_page_ = now.last_page;
    used_.assign(last_page_ + 1, false);
    used_[0] = used_[1] = true;
    const uint64_t told_by = now.transaction & 1;
    walk_tree("the free list", told_by, now.free, integer_keys, [&](std::string_view key, std::string_view data, uint64_t page) {
      take_free(key, data, page, now.transaction);
    });
    // A transaction frees the pages that it replaces, under its own number: each has some, once there is something to replace.
    if (now.transaction >= 2 && newest_free_ != now.transaction)
      fail(told_by, "it is of transaction " + std::to_string(now.transaction) + " and the free list of transaction " +
                                  std::to_string(newest_free_));
    check_older(told_by ^ 1, metas[told_by ^ 1], now);
    struct database {
      std::string name;
      uint64_t told_by;
      tree what;
    };
    std::vector<database> trees;
    walk_tree("the list of databases", told_by, now.main, 0, [&](std::string_view key, std::string_view data, uint64_t page) {
      if (data.size() != tree_bytes)
        fail(page, "the record of a database has the wrong length");
      trees.push_back({std::string{key}, page, tree_at(data, 0)});
    });
    structure_report report;
    for (const auto& item : trees) {
      walk_tree("database " + item.name, item.told_by, item.what, 0, nullptr);
      report.databases.push_back(item.name);
    }
    report.pages = pages_;
    report.free_pages = free_pages_;
    return report;
  }

private:
  using leaf_entry = std::function<void(std::string_view key, std::string_view data, uint64_t page)>;

  [[noreturn]] void fail(uint64_t page, const std::string& what) const {
    throw error(error_code::corrupt, file_.string() + " is damaged at page " + std::to_string(page) + ", offset " +
                                       std::to_string(page * page_size_) + ": " + what);
  }

  // -- pages ------------------------------------------------------------------------------------------------

  std::string read(uint64_t offset, size_t size) const {
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
      const auto n = ::pread(fd_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        throw error(error_code::io, "cannot read " + file_.string() + " at offset " + std::to_string(offset + done) + ": " +
                                      std::strerror(errno));
      if (n == 0)
        break;
      done += static_cast<size_t>(n);
    }
    bytes.resize(done);
    return bytes;
  }

  std::string page(uint64_t number) const {
    auto bytes = read(number * page_size_, page_size_);
    if (bytes.size() < page_size_)
      fail(number, "the file ends before it; it was cut off");
    return bytes;
  }

  // -- meta pages -------------------------------------------------------------------------------------------

  size_t find_page_size() {
    const auto bytes = read(0, header_bytes + 24 + 2 * tree_bytes + 16);
    if (bytes.size() < header_bytes + 24 + 2 * tree_bytes + 16)
      fail(0, "the file ends before its end; it was cut off");
    if (at<uint32_t>(bytes, header_bytes) != page_magic)
      // Where the second meta page is depends on the size that the first one tells, which is this machine's nearly always.
      fail_unless_other(static_cast<size_t>(::sysconf(_SC_PAGESIZE)));
    const size_t size = at<uint32_t>(bytes, header_bytes + 24);
    if (size < page_size_min || size > page_size_max || !std::has_single_bit(size))
      fail(0, "the page size is " + std::to_string(size));
    return size;
  }

  // Neither is a meta page: it is none of LMDB's files.
  [[noreturn]] void fail_unless_other(size_t size) {
    const auto bytes = read(size + header_bytes, sizeof page_magic);
    if (bytes.size() < sizeof page_magic || at<uint32_t>(bytes, 0) != page_magic)
      throw error(error_code::format, file_.string() + " is not an LMDB file");
    fail(0, "it is no meta page");
  }

  meta read_meta(uint64_t number) const {
    const auto bytes = page(number);
    const size_t base = header_bytes, trees = base + 24, tail = trees + 2 * tree_bytes;
    if (at<uint64_t>(bytes, 0) != number || (at<uint16_t>(bytes, 10) & kind_mask) != meta_page)
      fail(number, "it is no meta page");
    if (at<uint32_t>(bytes, base) != page_magic || at<uint32_t>(bytes, base + 4) != data_version)
      fail(number, "it is no meta page of LMDB's format " + std::to_string(data_version));
    meta found{tree_at(bytes, trees), tree_at(bytes, trees + tree_bytes), at<uint64_t>(bytes, tail), at<uint64_t>(bytes, tail + 8)};
    if (found.free.pad != page_size_)
      fail(number, "its page size is " + std::to_string(found.free.pad) + ", the other's " + std::to_string(page_size_));
    if (found.last_page < 1 || found.last_page > file_pages_ + unwritten_pages_max || at<uint64_t>(bytes, base + 16) > map_bytes_max)
      fail(number, "its sizes are impossible");
    return found;
  }

  // Each commit writes the meta page that is not the newest, with the next number.
  const meta& newest(const std::array<meta, 2>& metas) const {
    const auto first = metas[0].transaction, second = metas[1].transaction;
    const bool unused = first == 0 && second == 0;
    if (!unused && ((first & 1) != 0 || (second & 1) != 1 || (first > second ? first - second : second - first) != 1))
      fail(first > second ? 0 : 1, "the transactions of the two meta pages, " + std::to_string(first) + " and " +
                                     std::to_string(second) + ", do not follow each other");
    return metas[second > first];
  }

  // A commit puts new roots in the place of those before it, and frees these: whose roots it did not free is not the one before it,
  // but one after it, whatever its number says.
  void check_older(uint64_t number, const meta& older, const meta& now) const {
    const auto known = [&](const tree& was, const tree& is) {
      return was.root == no_page || was.root == is.root || std::find(replaced_.begin(), replaced_.end(), was.root) != replaced_.end();
    };
    if (!known(older.free, now.free) || !known(older.main, now.main))
      fail(number, "it is of transaction " + std::to_string(older.transaction) + ", and transaction " +
                     std::to_string(now.transaction) + " did not replace what it leads to");
  }

  // -- trees ------------------------------------------------------------------------------------------------

  struct counts {
    uint64_t branches = 0, leaves = 0, overflows = 0, entries = 0;
  };
  struct walk {
    const std::string& name;
    bool integers;
    bool databases;
    const leaf_entry& entry;
    unsigned depth;
    counts seen;
    std::optional<std::string> last; // the newest key of a leaf
  };

  // `told_by`: the page with the tree's record.
  void walk_tree(const std::string& name, uint64_t told_by, const tree& what, uint16_t flags, const leaf_entry& entry) {
    if (what.flags != flags)
      fail(told_by, name + " has the flags " + std::to_string(what.flags));
    if (what.root == no_page) {
      if (what.entries != 0 || what.depth != 0 || what.branches != 0 || what.leaves != 0 || what.overflows != 0)
        fail(told_by, name + " has no root, and entries");
      return;
    }
    if (what.depth == 0 || what.depth > depth_max)
      fail(what.root, name + " has the depth " + std::to_string(what.depth));
    walk w{name, flags == integer_keys, name == "the list of databases", entry, what.depth, {}, std::nullopt};
    visit(w, what.root, 1, std::nullopt, std::nullopt);
    if (w.seen.branches != what.branches || w.seen.leaves != what.leaves || w.seen.overflows != what.overflows ||
        w.seen.entries != what.entries)
      fail(what.root, name + " has " + std::to_string(w.seen.entries) + " entries on " +
                        std::to_string(w.seen.branches + w.seen.leaves + w.seen.overflows) + " pages, and should have " +
                        std::to_string(what.entries) + " on " + std::to_string(what.branches + what.leaves + what.overflows));
  }

  void use(uint64_t number, const std::string& by) {
    if (number < 2 || number > last_page_)
      throw error(error_code::corrupt, file_.string() + " is damaged: " + by + " leads to page " + std::to_string(number) +
                                         " of " + std::to_string(last_page_ + 1));
    if (used_[number])
      fail(number, "it is used twice, once by " + by);
    used_[number] = true;
    ++pages_;
  }

  static int compare(const walk& w, std::string_view a, std::string_view b) {
    if (w.integers) {
      const auto first = at<uint64_t>(a, 0), second = at<uint64_t>(b, 0);
      return first < second ? -1 : first > second;
    }
    return a.compare(b);
  }

  // Keys of this page and below are at least `from` and less than `to`.
  void visit(walk& w, uint64_t number, unsigned level, const std::optional<std::string>& from, const std::optional<std::string>& to) {
    use(number, w.name);
    const auto bytes = page(number);
    const bool leaf = level == w.depth;
    if (at<uint64_t>(bytes, 0) != number)
      fail(number, "it says that it is page " + std::to_string(at<uint64_t>(bytes, 0)));
    if ((at<uint16_t>(bytes, 10) & kind_mask) != (leaf ? leaf_page : branch_page))
      fail(number, std::string("it is no ") + (leaf ? "leaf" : "branch") + " of " + w.name);
    ++(leaf ? w.seen.leaves : w.seen.branches);
    const size_t lower = at<uint16_t>(bytes, 12), upper = at<uint16_t>(bytes, 14);
    if (lower < header_bytes || lower % 2 != 0 || lower > upper || upper > page_size_)
      fail(number, "its room is divided impossibly");
    const size_t nodes = (lower - header_bytes) / 2;
    if (nodes == 0)
      fail(number, "it has no entries");
    std::vector<std::pair<std::string, uint64_t>> children;
    for (size_t i = 0; i < nodes; ++i) {
      const size_t node = at<uint16_t>(bytes, header_bytes + 2 * i);
      if (node < upper || node + node_bytes > page_size_)
        fail(number, "entry " + std::to_string(i) + " is outside");
      const size_t key_size = at<uint16_t>(bytes, node + 6);
      if (node + node_bytes + key_size > page_size_ || (w.integers && leaf && key_size != 8))
        fail(number, "the key of entry " + std::to_string(i) + " is too long");
      const std::string_view key(bytes.data() + node + node_bytes, key_size);
      if (leaf)
        take_leaf(w, number, bytes, node, key, from, to);
      else
        children.emplace_back(key, at<uint16_t>(bytes, node) | uint64_t{at<uint16_t>(bytes, node + 2)} << 16 |
                                     uint64_t{at<uint16_t>(bytes, node + 4)} << 32);
    }
    descend(w, number, level, children, from, to);
  }

  void descend(walk& w, uint64_t number, unsigned level, const std::vector<std::pair<std::string, uint64_t>>& children,
               const std::optional<std::string>& from, const std::optional<std::string>& to) {
    for (size_t i = 0; i < children.size(); ++i) {
      // What is left of the first key of a branch does not count: it stands for all that is smaller.
      const std::optional<std::string> begin = i == 0 ? from : children[i].first;
      const std::optional<std::string> end = i + 1 < children.size() ? std::optional(children[i + 1].first) : to;
      if (w.integers && ((i > 0 && begin->size() != 8) || (end && end->size() != 8)))
        fail(number, "a key has the wrong length");
      if (begin && end && compare(w, *begin, *end) >= 0)
        fail(number, "its keys are not in order");
      visit(w, children[i].second, level + 1, begin, end);
    }
  }

  void take_leaf(walk& w, uint64_t number, const std::string& bytes, size_t node, std::string_view key,
                 const std::optional<std::string>& from, const std::optional<std::string>& to) {
    if ((w.last && compare(w, *w.last, key) >= 0) || (from && compare(w, key, *from) < 0) || (to && compare(w, key, *to) >= 0))
      fail(number, "a key of " + w.name + " is not in its place");
    if (w.last)
      w.last->assign(key);
    else
      w.last.emplace(key);
    ++w.seen.entries;
    const auto flags = at<uint16_t>(bytes, node + 4);
    const size_t size = at<uint16_t>(bytes, node) | size_t{at<uint16_t>(bytes, node + 2)} << 16;
    const size_t data = node + node_bytes + key.size();
    if (flags != (w.databases ? sub_tree : 0) && flags != big_data)
      fail(number, "an entry of " + w.name + " has the flags " + std::to_string(flags));
    if (data + (flags == big_data ? sizeof(uint64_t) : size) > page_size_)
      fail(number, "an entry of " + w.name + " is longer than its page");
    if (flags != big_data) {
      if (w.entry)
        w.entry(key, std::string_view(bytes).substr(data, size), number);
      return;
    }
    const auto first = at<uint64_t>(bytes, data);
    const auto pages = take_overflow(w, number, first, size);
    w.seen.overflows += pages;
    if (w.entry)
      w.entry(key, std::string_view(read(first * page_size_ + header_bytes, size)), number);
  }

  uint64_t take_overflow(const walk& w, uint64_t number, uint64_t first, size_t size) {
    if (first < 2 || first > last_page_)
      fail(number, "an entry of " + w.name + " leads to page " + std::to_string(first) + " of " + std::to_string(last_page_ + 1));
    const auto head = read(first * page_size_, header_bytes);
    if (head.size() < header_bytes)
      fail(first, "the file ends before it; it was cut off");
    const uint64_t pages = at<uint32_t>(head, 12);
    if (at<uint64_t>(head, 0) != first || (at<uint16_t>(head, 10) & kind_mask) != overflow_page ||
        pages < (header_bytes + size + page_size_ - 1) / page_size_ || first + pages > last_page_ + 1)
      fail(first, "it does not begin a value of " + std::to_string(size) + " bytes of " + w.name);
    for (uint64_t i = 0; i < pages; ++i)
      use(first + i, w.name);
    // The rest is read, and its checksum compared, with the value.
    if (read((first + pages) * page_size_ - 1, 1).empty())
      fail(first + pages - 1, "the file ends before its end; it was cut off");
    return pages;
  }

  // -- the free list ----------------------------------------------------------------------------------------

  void take_free(std::string_view key, std::string_view data, uint64_t page, uint64_t transaction) {
    const auto of = at<uint64_t>(key, 0);
    if (of == 0 || of > transaction)
      fail(page, "pages were freed by transaction " + std::to_string(of) + ", and the newest is " + std::to_string(transaction));
    newest_free_ = std::max(newest_free_, of);
    const uint64_t count = data.size() >= 8 ? at<uint64_t>(data, 0) : no_page;
    if (count > data.size() / 8 - (data.size() >= 8))
      fail(page, "the free list of transaction " + std::to_string(of) + " is longer than its room");
    for (uint64_t i = 0; i < count; ++i) {
      const auto number = at<uint64_t>(data, 8 * (i + 1));
      if (number < 2 || number > last_page_)
        fail(page, "page " + std::to_string(number) + " is said to be free, of " + std::to_string(last_page_ + 1));
      if (used_[number])
        fail(number, "it is said to be free, and is used or free already");
      used_[number] = true;
      ++free_pages_;
      if (of == transaction)
        replaced_.push_back(number);
    }
  }

  std::filesystem::path file_;
  int fd_;
  size_t page_size_ = 4096;
  uint64_t file_pages_ = 0, last_page_ = 0, newest_free_ = 0;
  uint64_t pages_ = 0, free_pages_ = 0;
  std::vector<bool> used_;
  std::vector<uint64_t> replaced_; // freed by the newest transaction
};

} // namespace

structure_report check_structure(const std::filesystem::path& file) { return checker(file).run(); }

} // namespace storage::lmdb
