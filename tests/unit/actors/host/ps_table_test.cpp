// What `troupe ps` prints, and how it travels over the control socket.
#include "actors/host/ps_table.hpp"
#include "runtime/control/protocol.hpp"
#include "runtime/control/server.hpp"

#include <catch2/catch.hpp>

using namespace runtime;
using namespace runtime::control;

namespace {

telemetry::actor_row sample() {
  return {.id = "store/pods",
          .role = "store",
          .host = "host-a",
          .state = telemetry::actor_state::running,
          .starts = 3,
          .mailbox_depth = 7,
          .messages_per_second = 12.5,
          .last_failure = "disk\tfull\nat \\x"};
}

} // namespace

TEST_CASE("the table has a column for each property and one line for each actor") {
  std::vector rows{sample()};
  CHECK(actors::host::render_table(rows)
        == "ID          ROLE   HOST    STATE    RESTARTS  MAILBOX  MSG/S  LAST FAILURE\n"
           "store/pods  store  host-a  running  2         7        12.5   disk full at \\x\n");
}

TEST_CASE("the JSON form has all of it") {
  std::vector rows{sample()};
  CHECK(actors::host::render_json(rows)
        == "[{\"id\":\"store/pods\",\"role\":\"store\",\"host\":\"host-a\",\"state\":\"running\",\"restarts\":2,"
           "\"mailboxDepth\":7,\"messagesPerSecond\":12.5,\"lastFailure\":\"disk\\tfull\\nat \\\\x\"}]\n");
}

TEST_CASE("rows and refusals survive the control socket's protocol") {
  reply sent{.lines = {encode_row(sample())}};
  auto received = decode_reply(encode_reply(sent));
  REQUIRE(received);
  REQUIRE(received->lines.size() == 1);
  auto row = decode_row(received->lines[0]);
  REQUIRE(row);
  CHECK(row->last_failure == sample().last_failure);
  CHECK(row->starts == 3);
  CHECK(row->messages_per_second == 12.5);
  auto refused = decode_reply(encode_reply({.error = "no\nsuch"}));
  REQUIRE(refused);
  CHECK(refused->error == "no\nsuch");
}

TEST_CASE("a cut or foreign reply is noticed") {
  auto text = encode_reply({.lines = {encode_row(sample())}});
  for (size_t i = 0; i < text.size(); ++i)
    CHECK_FALSE(decode_reply(text.substr(0, i)));
  CHECK_FALSE(decode_reply("hello\nend\n"));
  CHECK_FALSE(decode_row({"a", "b"}));
  CHECK_FALSE(decode_row({"a", "b", "c", "running", "x", "0", "0", ""}));
}

TEST_CASE("requests that make no sense are refused with a reason") {
  auto table = std::make_shared<telemetry::actor_table>();
  table->add("store/pods", "store", "host-a");
  table->add("supervisor", "supervisor", "host-a");
  command_table commands;
  add_actor_commands(commands, table, {});
  auto ask = [&](const words& request) { return commands.answer(request, {}); };
  CHECK(ask({}).error == "an empty request");
  CHECK(ask({"kil"}).error == "this host does not know the command `kil`");
  CHECK(ask({"kill"}).error == "`kill` takes the id of an actor");
  CHECK(ask({"kill", "pods"}).error == "no actor is named `pods`; did you mean store/pods?");
  CHECK(ask({"kill", "zzzz"}).error == "no actor is named `zzzz`; `troupe ps` lists them");
  CHECK(ask({"kill", "store/pods"}).error == "`store/pods` does not run: it is stopped");
  CHECK(ask({"kill", "supervisor"}).error.find("stop the host instead") != std::string::npos);
  CHECK(ask({"ps"}).lines.size() == 2);
}
