#include "net/loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "net/call_batch.hpp"

namespace switchboard::net {

namespace {

constexpr std::size_t events_per_turn = 512;

/// Fewer calls than this are cheaper one by one.
constexpr std::size_t smallest_batch = 3;

std::unique_ptr<call_batch> make_batch(io_method how) {
  if (how == io_method::epoll)
    return nullptr;
  std::error_code failure;
  auto result = call_batch::make(failure);
  if (!result && how == io_method::io_uring)
    throw std::system_error{failure, "the kernel refuses io_uring"};
  return result;
}

void throw_errno(const char* what) {
  throw std::system_error{errno, std::system_category(), what};
}

} // namespace

loop::loop(io_method how)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_size)),
      batch_(make_batch(how)) {
  if (!epoll_)
    throw_errno("epoll_create1");
  if (!event_)
    throw_errno("eventfd");
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.ptr = nullptr;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, event_.get(), &interest) != 0)
    throw_errno("epoll_ctl");
}

loop::~loop() {
  door_->shut();
  // What is disposed of may dispose of more.
  while (!graveyard_.empty())
    std::exchange(graveyard_, {}).clear();
}

void loop::run(turn_hook& hook) {
  auto more = false;
  now_ = clock::now();
  while (!stopped_.exchange(false, std::memory_order_acq_rel)) {
    wait(more);
    timers_.fire(now_);
    more = hook.on_turn();
    flush();
    more = hook.on_flushed() || more;
    while (!graveyard_.empty())
      std::exchange(graveyard_, {}).clear();
    more = more || !dirty_.empty();
  }
}

void loop::stop() noexcept {
  stopped_.store(true, std::memory_order_release);
  wake();
}

void loop::wake() noexcept {
  if (woken_.exchange(true, std::memory_order_acq_rel))
    return;
  std::uint64_t one = 1;
  // Can only fail when the counter is full, and then the loop is awake.
  [[maybe_unused]] auto n = ::write(event_.get(), &one, sizeof one);
}

void loop::wait(bool poll_only) {
  if (batch_ && batch_->broken())
    batch_.reset();
  auto timeout = -1;
  if (poll_only) {
    timeout = 0;
  } else if (auto next = timers_.next()) {
    using std::chrono::milliseconds;
    auto end = clock::now();
    longest_turn_ =
        std::max<std::chrono::nanoseconds>(longest_turn_, end - now_);
    auto wait = std::chrono::ceil<milliseconds>(*next - end).count();
    timeout = static_cast<int>(std::clamp<long long>(wait, 0, 60'000));
  }
  std::array<epoll_event, events_per_turn> events;
  auto count = ::epoll_wait(epoll_.get(), events.data(),
                            static_cast<int>(events.size()), timeout);
  now_ = clock::now();
  std::span<const epoll_event> rest{
      events.data(), static_cast<std::size_t>(std::max(count, 0))};
  while (batch_ && rest.size() >= smallest_batch) {
    auto size = std::min(rest.size(), call_batch::capacity);
    dispatch_batch(rest.first(size));
    rest = rest.subspan(size);
  }
  for (auto& event : rest)
    dispatch(event);
}

void loop::dispatch(const epoll_event& event) {
  if (event.data.ptr == nullptr) {
    std::uint64_t value = 0;
    [[maybe_unused]] auto n = ::read(event_.get(), &value, sizeof value);
    // From here on a message pushed must wake us again.
    woken_.store(false, std::memory_order_release);
    door_->run();
  } else {
    static_cast<io_handler*>(event.data.ptr)->on_io(event.events);
  }
}

void loop::dispatch_batch(std::span<const epoll_event> events) {
  std::array<bool, call_batch::capacity> received{};
  batch_->clear();
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto& event = events[i];
    if (event.data.ptr == nullptr || event.events != EPOLLIN)
      continue;
    auto fd = static_cast<io_handler*>(event.data.ptr)->receives_from();
    if (fd < 0)
      continue;
    batch_->receive(fd);
    received[i] = true;
  }
  if (batch_->size() < smallest_batch)
    received = {};
  else
    batch_->run();
  // No handler is destroyed before the end of the turn.
  for (std::size_t i = 0, call = 0; i < events.size(); ++i)
    if (received[i]) {
      auto handler = static_cast<io_handler*>(events[i].data.ptr);
      handler->on_received(batch_->slice(call), batch_->result(call));
      ++call;
    } else {
      dispatch(events[i]);
    }
}

void loop::flush() {
  flushing_.swap(dirty_);
  std::size_t begin = 0;
  while (batch_ && flushing_.size() - begin >= smallest_batch) {
    auto size = std::min(flushing_.size() - begin, call_batch::capacity);
    flush_batch(std::span{flushing_}.subspan(begin, size));
    begin += size;
  }
  for (auto i = begin; i < flushing_.size(); ++i) {
    auto what = std::exchange(flushing_[i], nullptr);
    if (what == nullptr)
      continue;
    what->dirty_ = false;
    what->on_flush();
  }
  flushing_.clear();
}

void loop::flush_batch(std::span<flushable*> chunk) {
  std::array<bool, call_batch::capacity> offered{};
  batch_->clear();
  for (std::size_t i = 0; i < chunk.size(); ++i)
    if (chunk[i] != nullptr) {
      auto pieces = batch_->pieces();
      auto fd = chunk[i]->offer(pieces, batch_->slice(batch_->size()));
      if (fd < 0)
        continue;
      batch_->send(fd, pieces);
      offered[i] = true;
    }
  if (batch_->size() > 0)
    batch_->run();
  // The marks stay until here, so that `unmark` finds what goes away early.
  for (std::size_t i = 0, call = 0; i < chunk.size(); ++i) {
    auto at = offered[i] ? call++ : 0;
    auto what = std::exchange(chunk[i], nullptr);
    if (what == nullptr)
      continue;
    what->dirty_ = false;
    if (offered[i])
      what->on_wrote(batch_->result(at));
    else
      what->on_flush();
  }
}

bool loop::add(int fd, io_handler& handler, std::uint32_t events) noexcept {
  epoll_event interest{};
  interest.events = events;
  interest.data.ptr = &handler;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &interest) == 0;
}

void loop::modify(int fd, io_handler& handler, std::uint32_t events) noexcept {
  epoll_event interest{};
  interest.events = events;
  interest.data.ptr = &handler;
  // The descriptor is watched already: there is nothing left to run out of.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &interest);
}

void loop::remove(int fd) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void loop::mark_dirty(flushable& what) {
  if (what.dirty_)
    return;
  what.dirty_ = true;
  dirty_.push_back(&what);
}

void loop::unmark(flushable& what) noexcept {
  if (!what.dirty_)
    return;
  what.dirty_ = false;
  // At most one of the two lists names it.
  for (auto list : {&dirty_, &flushing_})
    if (auto i = std::find(list->begin(), list->end(), &what);
        i != list->end()) {
      *i = nullptr;
      return;
    }
}

void loop::dispose(std::unique_ptr<disposable> what) {
  graveyard_.push_back(std::move(what));
}

} // namespace switchboard::net
