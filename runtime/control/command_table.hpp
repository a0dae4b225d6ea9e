// What a host answers on its control socket, by the request's first word. Whoever has something to say to operators adds
// a handler; the server's threads call it, never a CAF worker. Thread-safe.
#pragma once

#include "runtime/control/protocol.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace runtime::control {

/// `request[0]` is the command. Several may run at once. May block until `until`; then it answers with an error. May throw:
/// an error too.
using handler = std::function<reply(const words& request, std::chrono::steady_clock::time_point until)>;

/// Gives one piece of a reply that goes on: false when the client has gone or does not read.
using emit = std::function<bool(const words& line)>;
/// Answers with lines as they come, until `emit` is false or the handler is done.
using stream_handler = std::function<void(const words& request, const emit& line)>;

class command_table {
public:
  void add(std::string name, handler run);
  void add_stream(std::string name, stream_handler run);
  /// Calls that run at this moment are waited for: not by an actor that they themselves wait for.
  void remove(const std::string& name);

  /// A refusal for an unknown command.
  reply answer(const words& request, std::chrono::steady_clock::time_point until) const;
  /// Null when the command is none that streams.
  stream_handler find_stream(const std::string& name) const;

private:
  struct entry {
    handler run;
    stream_handler stream;
    std::shared_ptr<size_t> running = std::make_shared<size_t>(0); ///< calls; guarded by the table's mutex
  };

  mutable std::mutex mutex_;
  mutable std::condition_variable ended_;
  std::map<std::string, entry> entries_;
};

using command_table_ptr = std::shared_ptr<command_table>;

/// A reply that is an error.
reply refuse(std::string why);

} // namespace runtime::control
