// The memory for large bodies, and their turn in the write chain.
#include "actors/apiserver/http/body_budget.hpp"
#include "actors/apiserver/http/turnstile.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace actors::apiserver::http;

TEST_CASE("large bodies together take no more than the budget, and give it back") {
  auto budget = std::make_shared<body_budget>(100);
  auto first = std::make_unique<body_budget::share>(budget);
  CHECK(first->grow_to(60));
  CHECK(first->grow_to(50)); // it has more already
  {
    body_budget::share second(budget);
    CHECK(second.grow_to(40));
    CHECK_FALSE(second.grow_to(41));
    CHECK_FALSE(first->grow_to(61));
    CHECK(budget->taken() == 100);
  }
  CHECK(first->grow_to(100));
  first.reset();
  CHECK(budget->taken() == 0);
}

TEST_CASE("what is too much at once waits its turn, first come, first served") {
  auto gate = std::make_shared<turnstile>(10);
  std::vector<std::string> through;
  std::vector<turnstile::pass> held;
  const auto enter = [&](const std::string& name, size_t size) {
    gate->enter(size, [&, name](turnstile::pass pass) {
      through.push_back(name);
      held.push_back(std::move(pass));
    });
  };
  enter("a", 4);
  enter("b", 6);
  enter("c", 5);
  enter("d", 1); // would fit after a, but c was first
  CHECK(through == std::vector<std::string>{"a", "b"});
  CHECK(gate->waiting() == 2);
  held[0].reset(); // 4 are free: not enough for c
  CHECK(gate->waiting() == 2);
  held[1].reset();
  CHECK(through == std::vector<std::string>{"a", "b", "c", "d"});
}

TEST_CASE("what is larger than all the room goes alone, and who gives up lets the next one through") {
  auto gate = std::make_shared<turnstile>(10);
  int through = 0;
  turnstile::pass large;
  gate->enter(50, [&](turnstile::pass pass) { large = std::move(pass); });
  for (int i = 0; i < 3; ++i)
    gate->enter(10, [&](turnstile::pass) { ++through; }); // its pass is not kept: its client is gone
  CHECK(through == 0);
  large.reset();
  CHECK(through == 3);
  CHECK(gate->waiting() == 0);
}
