#pragma once

#include <mutex>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace switchboard::service::api {

/// The way of an answer from an actor's thread to the API's thread. Outlives
/// the loop it leads to: what comes after `close` is dropped.
class return_path {
public:
  explicit return_path(boost::asio::io_context& loop) : loop_(&loop) {}

  /// Runs `what` on the loop. From any thread.
  template <class Function>
  void post(Function&& what) {
    std::lock_guard lock{mutex_};
    if (loop_ != nullptr)
      boost::asio::post(*loop_, std::forward<Function>(what));
  }

  /// To be called before the loop is destroyed.
  void close() {
    std::lock_guard lock{mutex_};
    loop_ = nullptr;
  }

private:
  std::mutex mutex_;
  boost::asio::io_context* loop_;
};

} // namespace switchboard::service::api
