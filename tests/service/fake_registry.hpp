#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include <caf/all.hpp>

#include <switchboard/interfaces.hpp>
#include <switchboard/switchboard.hpp>

#include "service/api/server.hpp"

namespace switchboard::service::test {

/// What a fake registry was asked, in order. From any thread.
class question_book {
public:
  template <class T>
  void add(const T& what) {
    std::lock_guard lock{mutex_};
    questions_.push_back(caf::make_message(what));
  }

  /// The last question where it is a `T`, else null. Valid as long as the
  /// book.
  template <class T>
  const T* last() const {
    std::lock_guard lock{mutex_};
    if (questions_.empty() || !questions_.back().match_elements<T>())
      return nullptr;
    return &questions_.back().get_as<T>(0);
  }

  /// Lets those go that are answered late.
  void release() {
    std::lock_guard lock{mutex_};
    released_ = true;
    changed_.notify_all();
  }

  void await_release() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return released_; });
  }

  std::size_t size() const {
    std::lock_guard lock{mutex_};
    return questions_.size();
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  std::vector<caf::message> questions_;
};

/// A socket `a` of the configuration `main` in the groups `x` and `y`, whose
/// headers hold credentials.
socket_info example_socket();

/// A socket `a` that was closed because it was idle.
post_mortem example_post_mortem();

/// What a tap of it might tell: opened, `hello` in text and out as binary,
/// closed; 7 messages were not drawn.
/// @param payload_limit of the contents, in bytes.
tap_events example_tap_events(std::size_t payload_limit);

/// A registry that knows the socket `a`, and `lost`, whose peer is gone. A
/// broadcast matches both. Writes down what it is asked.
registry_actor spawn_fake_registry(caf::actor_system& system,
                                   std::shared_ptr<question_book> book);

/// Types and errors of the project.
struct test_settings : caf::actor_system_config {
  test_settings();
};

/// A management API on a free port in front of a fake registry.
struct api_fixture {
  api_fixture();
  ~api_fixture();

  /// Starts it anew with other options. The host is loopback.
  void serve(std::vector<std::string> tokens, api::limits bounds = {});

  test_settings settings;
  caf::actor_system system;
  std::shared_ptr<question_book> book;
  registry_actor registry;
  std::optional<std::string> not_ready;
  /// How often a drain was asked for.
  std::atomic<int> drains = 0;
  /// Of the log; touched on the API's thread.
  log_levels levels;
  std::unique_ptr<api::server> server;
};

} // namespace switchboard::service::test
