#include "flows/stream_writer.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <new>
#include <span>
#include <utility>

#include "net/file_content.hpp"

namespace switchboard::flows {

namespace {

using kind = streaming_options::kind;

} // namespace

std::size_t memory_limit(const streaming_options& how) noexcept {
  if (how.type != kind::in_memory)
    return how.in_memory_size;
  auto unlimited = std::numeric_limits<std::size_t>::max();
  auto most = how.max_buffer_size > 0 ? how.max_buffer_size : unlimited;
  return how.buffer_size_increment > 0
             ? most
             : std::min(how.initial_buffer_size, most);
}

stream_writer::stream_writer(const streaming_options& how, stream_place where,
                             bool binary, caf::actor owner)
    : how_(how),
      where_(std::move(where)),
      owner_(std::move(owner)),
      binary_(binary) {
  // nop
}

stream_writer::~stream_writer() {
  drop_file();
}

void stream_writer::drop_file() noexcept {
  if (!file_)
    return;
  try {
    where_.files->post([file = std::move(file_)] {});
  } catch (const std::exception&) {
    // No memory for the job: the file ends here.
  }
  file_ = nullptr;
}

bool stream_writer::add(std::string_view bytes) {
  if (problem_)
    return true;
  try {
    put(bytes);
  } catch (const std::bad_alloc&) {
    auto why = no_memory();
    fail(why.type, std::move(why.message));
  }
  return on_way_ <= most_on_way;
}

void stream_writer::put(std::string_view bytes) {
  if (file_) {
    memory_ += bytes;
    if (memory_.size() >= block_size)
      store(std::exchange(memory_, {}));
  } else if (bytes.size() <= memory_limit(how_) - memory_.size()) {
    keep(bytes);
  } else if (how_.type == kind::in_memory) {
    fail(name_of(errc::stream_maximum_size_exceeded),
         "the message is larger than the " + std::to_string(memory_limit(how_))
             + " bytes that its flow keeps in memory");
  } else {
    file_ = std::make_shared<net::temporary_file>();
    auto all = std::exchange(memory_, {});
    all += bytes;
    store(std::move(all));
  }
}

void stream_writer::complete() {
  if (file_ && !memory_.empty())
    store(std::exchange(memory_, {}));
}

void stream_writer::keep(std::string_view bytes) {
  auto wanted = memory_.size() + bytes.size();
  if (how_.type == kind::in_memory && wanted > memory_.capacity()) {
    // By the increment, but not so that many of them cost more than doubling.
    auto more = memory_.empty() ? how_.initial_buffer_size
                                : memory_.capacity()
                                      + std::max(how_.buffer_size_increment,
                                                 memory_.capacity() / 2);
    // A peer that has said little gets little.
    memory_.reserve(std::max(wanted, std::min(more, memory_limit(how_))));
  }
  memory_ += bytes;
}

void stream_writer::store(std::string bytes) {
  auto offset = stored_;
  auto size = bytes.size();
  where_.files->post([self = shared_from_this(), file = file_, owner = owner_,
                      directory = where_.directory, offset,
                      bytes = std::move(bytes)]() mutable {
    std::error_code problem;
    if (!file->is_open())
      problem = file->open(directory);
    if (!problem)
      problem = file->write(offset, std::as_bytes(std::span{bytes}));
    caf::anon_send(owner,
                   stream_written{std::move(self), bytes.size(), problem});
  });
  // What could not be posted is not on its way.
  stored_ += size;
  on_way_ += size;
}

void stream_writer::take(const stream_written& what) {
  on_way_ -= what.bytes;
  if (what.problem && !problem_)
    fail(not_stored, "the message cannot be kept in " + where_.directory + ": "
                         + what.problem.message());
}

void stream_writer::fail(std::string_view type, std::string message) {
  problem_ = error_text{std::string{type}, std::move(message)};
  memory_ = {};
  drop_file();
}

payload stream_writer::finish() {
  if (problem_)
    return payload{std::string{}, binary_};
  if (!file_)
    return payload{std::move(memory_), binary_};
  return payload{std::make_shared<const net::file_content>(
                     where_.files, std::move(file_), stored_, !binary_),
                 binary_};
}

} // namespace switchboard::flows
