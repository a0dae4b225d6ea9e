#include "runtime/control/server.hpp"

#include "runtime/placement/nearest.hpp"

#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace runtime::control {

namespace {

const std::string kill_text = "killed by `troupe kill`";
constexpr std::string_view root_id = "supervisor";
constexpr std::chrono::milliseconds accept_pause{100};

reply list_actors(const telemetry::actor_table& table) {
  reply result;
  for (auto& row : table.rows())
    result.lines.push_back(encode_row(row));
  return result;
}

reply unknown_actor(const telemetry::actor_table& table, const std::string& id) {
  std::vector<std::string> ids;
  for (auto& row : table.rows())
    ids.push_back(row.id);
  auto text = "no actor is named `" + id + "`";
  auto near = placement::near_names(id, ids);
  for (size_t i = 0; i < near.size(); ++i)
    text += (i == 0 ? "; did you mean " : ", ") + near[i];
  return refuse(text + (near.empty() ? "; `troupe ps` lists them" : "?"));
}

reply kill_actor(const telemetry::actor_table& table, const std::string& id) {
  auto row = table.find(id);
  if (!row)
    return unknown_actor(table, id);
  if (id == root_id)
    return refuse("`" + id + "` is the root of all actors: stop the host instead (SIGTERM)");
  auto handle = table.handle_of(id);
  if (!handle)
    return refuse("`" + id + "` does not run: it is " + std::string{telemetry::to_string(row->state)});
  telemetry::send_failure(handle, kill_text);
  if (!table.wait_for_end(id, row->starts, fail_time_max)) {
    caf::anon_send_exit(handle, caf::exit_reason::kill);
    if (!table.wait_for_end(id, row->starts, kill_time_max))
      return refuse("`" + id + "` is busy in a handler; it ends as soon as that returns");
  }
  return {.error = {}, .lines = {{id, "killed"}}};
}

} // namespace

void add_actor_commands(command_table& commands, std::shared_ptr<telemetry::actor_table> table,
                        const telemetry::logger& log) {
  commands.add("ps", [table](const words& request, auto) {
    return request.size() == 1 ? list_actors(*table) : refuse("`ps` takes no words");
  });
  commands.add("tree", [table](const words& request, auto) {
    if (request.size() != 1)
      return refuse("`tree` takes no words");
    reply result;
    for (auto& row : table->tree())
      result.lines.push_back(encode_tree_row(row));
    return result;
  });
  commands.add("kill", [table, log](const words& request, auto) {
    if (request.size() != 2)
      return refuse("`kill` takes the id of an actor");
    auto result = kill_actor(*table, request[1]);
    if (result.error.empty())
      log.warning("actor killed", {{"id", request[1]}});
    else
      log.warning("kill refused", {{"id", request[1]}, {"why", result.error}});
    return result;
  });
}

server::server(const std::filesystem::path& data, std::shared_ptr<telemetry::actor_table> table,
               command_table_ptr commands, seams::clock_ptr clock, telemetry::logger log)
  : data_(data), table_(std::move(table)), commands_(std::move(commands)), clock_(std::move(clock)),
    log_(std::move(log)), listener_(listen_in(data)), stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!stop_)
    throw std::system_error(errno, std::generic_category(), "eventfd");
  add_actor_commands(*commands_, table_, log_);
  thread_ = std::thread{[this] { run(); }};
}

server::~server() {
  stopping_ = true;
  uint64_t one = 1;
  [[maybe_unused]] auto written = write(stop_.get(), &one, sizeof one);
  thread_.join();
  std::unique_lock lock{mutex_};
  client_left_.wait(lock, [this] { return clients_ == 0; });
  std::error_code ignored; // a socket that stays is replaced by the next host
  std::filesystem::remove(data_ / socket_name, ignored);
}

void server::run() {
  auto next_sample = std::chrono::steady_clock::now();
  while (true) {
    auto now = std::chrono::steady_clock::now();
    if (now >= next_sample) {
      table_->sample(clock_->monotonic_us());
      next_sample = now + sample_period;
    }
    pollfd watched[] = {{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    auto wait = std::chrono::ceil<std::chrono::milliseconds>(next_sample - now).count();
    if (poll(watched, 2, static_cast<int>(wait)) <= 0)
      continue;
    if (watched[0].revents)
      return;
    descriptor client{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (client)
      begin_serving(std::move(client));
    else // out of descriptors: the listener stays readable, and trying at once would spin
      wait_ready(stop_.get(), false, now + accept_pause);
  }
}

void server::begin_serving(descriptor client) {
  {
    std::lock_guard lock{mutex_};
    if (clients_ >= clients_max) {
      log_.warning("control request refused", {{"why", "too many at a time"}});
      return; // the client is told by the closed connection
    }
    ++clients_;
  }
  std::thread{[this, client = std::move(client)] {
    serve(client.get());
    std::lock_guard lock{mutex_};
    --clients_;
    client_left_.notify_all();
  }}.detach(); // the destructor waits for it
}

void server::serve(int fd) {
  try {
    auto line = read_until(fd, '\n', request_bytes_max, std::chrono::steady_clock::now() + request_time_max);
    if (!line.empty() && line.back() == '\n')
      line.pop_back();
    auto request = decode_line(line);
    if (auto stream = request.empty() ? stream_handler{} : commands_->find_stream(request[0])) {
      serve_stream(fd, stream, request);
      return;
    }
    auto result = commands_->answer(request, std::chrono::steady_clock::now() + answer_time_max);
    write_all(fd, encode_reply(result), std::chrono::steady_clock::now() + reply_time_max);
  } catch (const std::exception& e) {
    log_.warning("control request failed", {{"error", e.what()}});
  }
}

/// Lines as they come, without the frame of a reply: the client reads until the end.
void server::serve_stream(int fd, const stream_handler& run, const words& request) {
  run(request, [this, fd](const words& line) {
    pollfd client{fd, POLLRDHUP, 0};
    if (stopping_ || poll(&client, 1, 0) > 0)
      return false;
    try {
      write_all(fd, encode_line(line), std::chrono::steady_clock::now() + reply_time_max);
      return true;
    } catch (const std::system_error&) {
      return false; // gone, or it does not read
    }
  });
}

} // namespace runtime::control
