// The link thread's state. Every function runs on that thread unless it says otherwise.
#pragma once

#include "runtime/mesh/identity.hpp"
#include "runtime/mesh/links.hpp"
#include "runtime/mesh/session.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <map>
#include <thread>

namespace runtime::mesh {

struct peer_link {
  peer_link(net::io_context& io, placement::host_entry entry) : entry(std::move(entry)), wake(io), drained(io) {
  }
  placement::host_entry entry;
  std::shared_ptr<session> current;
  net::steady_timer wake;    ///< woken: the session ended, or there is a listener
  net::steady_timer drained; ///< woken: the actor system has let go of an old stream
  int draining = 0;
  bool wanted = true;        ///< false: the placement has no such host any more
  std::string last_failure;  ///< logged once while it repeats
};
using peer_ptr = std::shared_ptr<peer_link>;

class links::impl final : public session_owner {
public:
  explicit impl(links_options options);
  ~impl() override;

  // -- any thread --
  void start();
  void stop(const std::string& reason);
  template <class F>
  void post(F&& what) {
    net::post(io_, std::forward<F>(what));
  }

  // -- the link thread --
  void attach(link_listener listener);
  void detach(const std::string& reason);
  void reset(const std::string& host, uint64_t number, const std::string& reason);
  void reset_node(const std::string& node, const std::string& reason);
  void set_hosts(const std::vector<placement::host_entry>& hosts);

private:
  void listen();
  net::awaitable<void> accept();
  net::awaitable<void> serve(net::ip::tcp::socket socket);
  net::awaitable<void> dial(peer_ptr to);
  net::awaitable<std::string> dial_once(peer_ptr to);
  net::awaitable<net::ip::tcp::socket> connect(const placement::host_entry& to);
  /// Ends what there was, waits until the actor system has let go of it, and exchanges welcomes.
  net::awaitable<void> replace(peer_ptr with, std::shared_ptr<session> by);
  void check_duplicate(const peer_link& of, const session& by) const;
  void adopt(const peer_ptr& by, const std::shared_ptr<session>& which);
  net::awaitable<void> drain(peer_ptr of, std::shared_ptr<session> which);
  void close_all(const std::string& reason);

  expectation expect(const std::string& dialled) const;
  identity& current_identity();
  void warn_of_expiry() const;
  peer_ptr find(const std::string& host) const;
  void tell(const link_event& event) const;
  void refuse(const std::string& from, const refused& why);

  void on_slow(session& which, bool slow) override;
  void on_traffic(session& which, uint64_t bytes_in, uint64_t bytes_out, int64_t round_trip_us) override;
  void on_ping(session& which, std::vector<std::string> sees) override;
  std::vector<std::string> sees() override;
  void on_end(session& which, const std::string& reason) override;
  /// A link has come or gone: the other hosts judge by what they are told, and must not judge by what was.
  void tell_peers();

  links_options options_;
  std::unique_ptr<identity> identity_;
  std::filesystem::file_time_type unusable_ = std::filesystem::file_time_type::min(); ///< when files that cannot be used were written
  size_t handshakes_ = 0; // outlives the coroutines that count in it
  net::io_context io_{1};
  net::ip::tcp::acceptor acceptor_{io_};
  std::map<std::string, peer_ptr> peers_;
  link_listener listener_;
  bool stopping_ = false;
  int64_t log_second_ = 0;
  size_t logged_ = 0;
  size_t unlogged_ = 0;
  std::thread thread_;
};

} // namespace runtime::mesh
