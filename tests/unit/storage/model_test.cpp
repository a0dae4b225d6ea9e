// Random writes, compactions and reopenings, from a seed, against a model that keeps every state there ever
// was.
#include "tests/unit/storage/subjects.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>

using namespace storage;
using namespace storage::test;

namespace {

using state = std::map<std::string, record>;

class model {
public:
  write_result apply(const storage::write& w) {
    state next = states.back();
    const auto found = next.find(w.key);
    const bool exists = found != next.end();
    if (!exists && (w.kind == change_kind::erase || w.expected.value_or(0) != 0))
      return {write_status::absent, 0};
    const auto now = exists ? found->second.modified : 0;
    if (w.expected && *w.expected != now)
      return {write_status::conflict, now};
    const auto rev = static_cast<revision>(states.size());
    change c{rev, w.kind, w.key, w.value, {}, exists ? found->second.created : rev, now};
    if (exists)
      c.previous = found->second.value;
    if (w.kind == change_kind::erase) {
      c.value = *c.previous;
      next.erase(w.key);
    } else {
      next[w.key] = {w.key, c.created, rev, w.value};
    }
    states.push_back(std::move(next));
    log.push_back(std::move(c));
    return {write_status::done, rev};
  }

  std::vector<state> states{{}}; // index: revision
  std::vector<change> log;       // index: revision - 1
};

class random_source {
public:
  explicit random_source(unsigned seed) : engine_(seed) {}
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(engine_); }

private:
  std::mt19937_64 engine_;
};

storage::write random_write(random_source& random, const state& now) {
  static const std::vector<std::string> keys{"/a",   "/a/b", "/a/b/c", "/ab", "/b",
                                             "/b/1", "/b/2", "/c",     "/d",  "/e"};
  const auto& key = keys[random.below(keys.size())];
  storage::write w = random.below(4) == 0 ? erase(key) : put(key, std::string(random.below(5000), 'v') + key);
  switch (random.below(4)) {
    case 0:
      w.expected = 0;
      break;
    case 1:
      w.expected = now.contains(key) ? now.at(key).modified : 1;
      break;
    case 2:
      w.expected = 3;
      break;
    default:
      break;
  }
  return w;
}

void check_state(engine& e, const model& m, revision at, random_source& random) {
  const auto& expected = m.states[at];
  std::vector<record> seen;
  std::string after;
  for (bool more = true; more;) {
    const auto page = e.range("", after, 1 + random.below(4), at);
    REQUIRE(page.at == at);
    seen.insert(seen.end(), page.records.begin(), page.records.end());
    more = page.more;
    if (more)
      after = seen.back().key;
  }
  REQUIRE(seen.size() == expected.size());
  auto it = expected.begin();
  for (const auto& r : seen)
    REQUIRE(r == (it++)->second);
  for (const auto& [key, r] : expected)
    REQUIRE(e.get(key, at) == r);
}

void check_log(engine& e, const model& m, random_source& random) {
  auto after = e.oldest();
  while (after < e.current()) {
    const auto page = e.changes(after, 1 + random.below(20));
    for (const auto& c : page.changes)
      REQUIRE(c == m.log[after++]);
    REQUIRE(page.last == after);
  }
}

} // namespace

TEMPLATE_TEST_CASE("an engine agrees with the model after every step", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  const auto seed = GENERATE(1u, 2u, 3u, 4u, 5u);
  INFO("seed " << seed);
  random_source random(seed);
  TestType e;
  model m;
  for (int step = 0; step < 120; ++step) {
    std::vector<storage::write> batch;
    std::vector<write_result> expected;
    for (auto n = random.below(6); n > 0; --n) {
      batch.push_back(random_write(random, m.states.back()));
      expected.push_back(m.apply(batch.back()));
    }
    REQUIRE(e->commit(batch, 1000 + step) == expected);
    const auto newest = static_cast<revision>(m.states.size()) - 1;
    REQUIRE(e->current() == newest);
    if (random.below(6) == 0)
      e->compact(e->oldest() + static_cast<revision>(random.below(10)), 1 + random.below(20));
    if (random.below(20) == 0)
      e.reopen();
    if (newest == 0)
      continue;
    check_state(*e, m, newest, random);
    const auto oldest = std::max<revision>(e->oldest(), 1);
    check_state(*e, m, oldest + static_cast<revision>(random.below(newest - oldest + 1)), random);
    check_log(*e, m, random);
  }
  CHECK(e->oldest() > 0);
}
