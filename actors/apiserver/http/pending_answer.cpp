// Responders: any thread sends, the connection's loop delivers.
#include "actors/apiserver/http/pending_answer.hpp"

#include <atomic>

#include "actors/apiserver/http/connection.hpp"

namespace actors::apiserver::http {

namespace {

class pending_answer final : public responder {
public:
  pending_answer(std::weak_ptr<connection> target, std::weak_ptr<http::loop> home,
                 std::shared_ptr<handler> served, uint64_t id)
      : target_(std::move(target)), home_(std::move(home)), served_(std::move(served)), id_(id) {}
  ~pending_answer() override {
    if (!sent_.exchange(true))
      pass_on(served_->refuse(500, "the request was dropped before it was answered"));
  }
  void send(response answer) override {
    if (!sent_.exchange(true))
      pass_on(std::move(answer));
  }
  void post(std::function<void()> work) override {
    if (auto home = home_.lock())
      home->post([target = target_, work = std::move(work)] {
        if (!target.expired())
          work();
      });
  }
  std::weak_ptr<event_loop> loop() override { return home_; }

private:
  void pass_on(response answer) {
    auto home = home_.lock();
    if (!home)
      return;
    if (home->runs_here()) {
      if (auto live = target_.lock())
        live->deliver(id_, std::move(answer));
      return;
    }
    auto shared = std::make_shared<response>(std::move(answer));
    home->post([target = target_, id = id_, shared] {
      if (auto live = target.lock())
        live->deliver(id, std::move(*shared));
    });
  }

  std::weak_ptr<connection> target_;
  std::weak_ptr<http::loop> home_;
  std::shared_ptr<handler> served_;
  uint64_t id_;
  std::atomic<bool> sent_{false};
};

} // namespace

responder_ptr make_responder(std::weak_ptr<connection> target, std::weak_ptr<loop> home,
                             std::shared_ptr<handler> served, uint64_t id) {
  return std::make_shared<pending_answer>(std::move(target), std::move(home), std::move(served), id);
}

} // namespace actors::apiserver::http
