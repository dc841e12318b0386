#include "service/api/tap_feed.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "service/api/tap_text.hpp"

namespace switchboard::service::api {

namespace asio = boost::asio;

namespace {

std::chrono::steady_clock::duration span(std::chrono::nanoseconds what) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(what);
}

} // namespace

tap_feed::tap_feed(const asio::any_io_executor& loop, const limits& bounds,
                   bool payload)
    : bounds_(bounds),
      payload_(payload),
      signal_(loop),
      losses_told_(clock::now()),
      written_(losses_told_) {}

void tap_feed::take(tap_events&& what) {
  losses_ += std::exchange(what.left_out, {});
  batches_.push_back(std::move(what));
  wake();
}

void tap_feed::end(std::string reason) {
  if (!end_)
    end_ = std::move(reason);
  wake();
}

void tap_feed::leave() {
  gone_ = true;
  wake();
}

bool tap_feed::losses_due() const {
  return losses_.any()
         && clock::now() - losses_told_ >= span(bounds_.loss_interval);
}

tap_feed::clock::time_point tap_feed::due() const {
  auto result = written_ + span(bounds_.heartbeat);
  if (losses_.any())
    result = std::min(result, losses_told_ + span(bounds_.loss_interval));
  return result;
}

asio::awaitable<void> tap_feed::wait() {
  boost::system::error_code ignored;
  while (!gone_ && !end_ && batches_.empty() && clock::now() < due()) {
    signal_.expires_at(due());
    co_await signal_.async_wait(
        asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> tap_feed::until_unwatched() {
  boost::system::error_code ignored;
  while (watched) {
    signal_.expires_after(span(bounds_.heartbeat));
    co_await signal_.async_wait(
        asio::redirect_error(asio::use_awaitable, ignored));
  }
}

std::string tap_feed::text(std::size_t& batches) {
  std::string result;
  batches = batches_.size();
  for (auto& batch : std::exchange(batches_, {}))
    for (auto& event : batch.events)
      result +=
          to_sse(++last_id_, name_of(event.kind), to_json(event, payload_));
  if (losses_due() || (end_ && losses_.any())) {
    result +=
        to_sse(++last_id_, "dropped", to_json(losses_, caf::make_timestamp()));
    losses_ = {};
    losses_told_ = clock::now();
  }
  if (end_ && !told_end_) {
    result += to_sse(++last_id_, "end",
                     to_json(tap_end{*end_}, caf::make_timestamp()));
    told_end_ = true;
  }
  if (result.empty() && clock::now() >= written_ + span(bounds_.heartbeat))
    result = ": still here\n\n";
  if (!result.empty())
    written_ = clock::now();
  return result;
}

} // namespace switchboard::service::api
