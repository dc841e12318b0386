#include "service/signals.hpp"

#include <atomic>
#include <csignal>
#include <future>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unistd.h>

#include "service/exit_code.hpp"

namespace switchboard::service {

namespace {

const char* name_of_signal(int number) noexcept {
  return number == SIGINT ? "SIGINT" : "SIGTERM";
}

} // namespace

struct signals::impl {
  impl(std::shared_ptr<log> lines, std::chrono::nanoseconds limit)
      : to(std::move(lines)),
        shutdown_time(
            std::chrono::duration_cast<boost::asio::steady_timer::duration>(
                limit)),
        caught(loop, SIGTERM, SIGINT, SIGHUP),
        start_limit(loop),
        shutdown_limit(loop) {
    listen();
    thread = std::thread{[this] {
      loop.run();
    }};
  }

  ~impl() {
    loop.stop();
    thread.join();
  }

  void listen() {
    caught.async_wait(
        [this](const boost::system::error_code& failure, int number) {
          if (failure)
            return;
          handle(number);
          listen();
        });
  }

  void handle(int number) {
    if (number == SIGHUP)
      return hang_up();
    if (std::exchange(stopping, true))
      leave(exit_failed, "a second signal: exit at once", number);
    first.set_value(number);
    shutdown_limit.expires_after(shutdown_time);
    shutdown_limit.async_wait([this, number](
                                  const boost::system::error_code& failure) {
      if (!failure)
        leave(exit_failed, "the shutdown took too long: exit at once", number);
    });
    if (started)
      return;
    start_limit.expires_after(std::chrono::seconds{1});
    start_limit.async_wait(
        [this, number](const boost::system::error_code& failure) {
          if (!failure && !started)
            leave(exit_done, "stopped before the start was complete", number);
        });
  }

  void hang_up() {
    if (reload && !stopping)
      reload();
    else
      to->write(log_level::info,
                stopping ? "nothing is read again during a shutdown"
                         : "the start has read everything just now",
                {{"signal", "SIGHUP"}}, report_part::reload);
  }

  [[noreturn]] void leave(int code, const char* why, int number) {
    to->write(code == exit_done ? log_level::info : log_level::error, why,
              {{"signal", name_of_signal(number)}});
    to->flush();
    ::_exit(code);
  }

  std::shared_ptr<log> to;
  boost::asio::steady_timer::duration shutdown_time;
  boost::asio::io_context loop{1};
  boost::asio::signal_set caught;
  boost::asio::steady_timer start_limit;
  boost::asio::steady_timer shutdown_limit;
  /// On the thread of the signals.
  std::function<void()> reload;
  bool stopping = false;
  std::atomic<bool> started = false;
  std::promise<int> first;
  std::thread thread;
};

signals::signals(std::shared_ptr<log> to,
                 std::chrono::nanoseconds shutdown_time)
    : impl_(std::make_unique<impl>(std::move(to), shutdown_time)) {}

signals::~signals() = default;

void signals::started() {
  impl_->started = true;
}

void signals::on_hangup(std::function<void()> act) {
  boost::asio::post(impl_->loop, [ptr = impl_.get(), act = std::move(act)] {
    ptr->reload = act;
  });
}

void signals::set_shutdown_time(std::chrono::nanoseconds time) {
  boost::asio::post(impl_->loop, [ptr = impl_.get(), time] {
    ptr->shutdown_time =
        std::chrono::duration_cast<boost::asio::steady_timer::duration>(time);
  });
}

const char* signals::wait() {
  return name_of_signal(impl_->first.get_future().get());
}

} // namespace switchboard::service
