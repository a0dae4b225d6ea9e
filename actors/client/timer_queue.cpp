#include "actors/client/timer_queue.hpp"

namespace actors::client {

uint64_t timer_queue::add(time_point due, callback run) {
  const auto id = next_id_++;
  by_time_.emplace(std::pair{due, id}, std::move(run));
  due_.emplace(id, due);
  return id;
}

void timer_queue::cancel(uint64_t id) {
  const auto found = due_.find(id);
  if (found == due_.end())
    return; // it has run
  by_time_.erase({found->second, id});
  due_.erase(found);
}

timer_queue::callback timer_queue::take_due(time_point now, uint64_t added_before) {
  const auto first = by_time_.begin();
  if (first == by_time_.end() || first->first.first > now || first->first.second >= added_before)
    return nullptr;
  auto run = std::move(first->second);
  due_.erase(first->first.second);
  by_time_.erase(first);
  return run;
}

std::optional<timer_queue::time_point> timer_queue::next_alarm() {
  if (by_time_.empty() || (alarm_ && *alarm_ <= by_time_.begin()->first.first))
    return std::nullopt;
  alarm_ = by_time_.begin()->first.first;
  return alarm_;
}

void timer_queue::on_alarm(time_point alarm) {
  if (alarm_ == alarm) // else a later one that an earlier timer has overtaken
    alarm_.reset();
}

} // namespace actors::client
