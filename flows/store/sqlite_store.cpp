#include "flows/store/sqlite_store.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include "flows/store/sqlite_worker.hpp"

namespace switchboard::flows {

namespace {

std::int64_t wall_time() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

} // namespace

std::shared_ptr<object_store>
sqlite_store::open(const object_store_options& options, std::string& problem,
                   clock now) {
  try {
    return std::make_shared<sqlite_store>(
        options.name, std::make_shared<sqlite_worker>(
                          options, now ? std::move(now) : clock{wall_time}));
  } catch (const std::exception& failure) {
    problem = options.path + ": " + failure.what();
    return nullptr;
  }
}

sqlite_store::sqlite_store(std::string name,
                           std::shared_ptr<sqlite_worker> worker)
    : object_store(std::move(name)),
      worker_(std::move(worker)),
      thread_([own = worker_] { own->run(); }) {
  // nop
}

sqlite_store::~sqlite_store() {
  worker_->stop();
  // An answer may have held the last one that knew of the store.
  if (thread_.get_id() == std::this_thread::get_id())
    thread_.detach();
  else
    thread_.join();
}

void sqlite_store::load(std::string key, reply then) {
  ask(std::move(key), nullptr, std::move(then));
}

void sqlite_store::update(std::string key, change how, reply then) {
  ask(std::move(key), std::move(how), std::move(then));
}

void sqlite_store::ask(std::string key, change how, reply then) {
  sqlite_worker::request what{std::move(key), std::move(how), std::move(then)};
  if (worker_->push(std::move(what)))
    return;
  worker_->count_failure();
  what.then(refusal("too many requests wait"));
}

store_statistics sqlite_store::statistics() const {
  return worker_->statistics();
}

} // namespace switchboard::flows
