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

reply refuse(std::string why) {
  return {.error = std::move(why), .lines = {}};
}

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

reply answer(telemetry::actor_table& table, std::string_view line) {
  if (!line.empty() && line.back() == '\n')
    line.remove_suffix(1);
  auto request = decode_line(line);
  if (request == words{"ps"})
    return list_actors(table);
  if (request.size() == 2 && request[0] == "kill")
    return kill_actor(table, request[1]);
  return refuse("unknown request");
}

server::server(const std::filesystem::path& data, std::shared_ptr<telemetry::actor_table> table,
               seams::clock_ptr clock, telemetry::logger log)
  : data_(data), table_(std::move(table)), clock_(std::move(clock)), log_(std::move(log)), listener_(listen_in(data)),
    stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!stop_)
    throw std::system_error(errno, std::generic_category(), "eventfd");
  thread_ = std::thread{[this] { run(); }};
}

server::~server() {
  uint64_t one = 1;
  [[maybe_unused]] auto written = write(stop_.get(), &one, sizeof one);
  thread_.join();
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
      serve(client.get());
    else // out of descriptors: the listener stays readable, and trying at once would spin
      wait_ready(stop_.get(), false, now + accept_pause);
  }
}

void server::serve(int fd) {
  try {
    auto line = read_until(fd, '\n', request_bytes_max, std::chrono::steady_clock::now() + request_time_max);
    auto result = answer(*table_, line);
    if (auto request = decode_line(line.substr(0, line.find('\n'))); request.size() == 2 && request[0] == "kill") {
      if (result.error.empty())
        log_.warning("actor killed", {{"id", request[1]}});
      else
        log_.warning("kill refused", {{"id", request[1]}, {"why", result.error}});
    }
    write_all(fd, encode_reply(result), std::chrono::steady_clock::now() + reply_time_max);
  } catch (const std::exception& e) {
    log_.warning("control request failed", {{"error", e.what()}});
  }
}

} // namespace runtime::control
