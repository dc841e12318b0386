#include <utility>

#include "flows/runner.hpp"

// Apart from runner.cpp: messages that come in parts, and bytes of them that an
// expression wants to see.

namespace switchboard::flows {

namespace {

/// What fits into a socket's read buffer need not come in parts.
constexpr std::uint32_t usual_part_size = 64 * 1024;

} // namespace

stream_intake::~stream_intake() {
  if (!what_->handle)
    owner_.abandon(*what_);
}

bool stream_intake::add(std::string_view bytes) {
  what_->held = !what_->writer->add(bytes);
  return !what_->held;
}

bool stream_intake::finish() {
  what_->handle = what_->from->handle();
  what_->held = false;
  what_->writer->complete();
  return owner_.received(what_);
}

std::uint32_t runner::part_size() const noexcept {
  return code().streaming ? usual_part_size : 0;
}

std::unique_ptr<message_parts> runner::on_parts(local_socket& from,
                                                bool binary) {
  auto what = std::make_shared<incoming_stream>();
  what->from = &from;
  what->writer = std::make_shared<stream_writer>(
      *code().streaming, settings_.streams, binary,
      caf::actor_cast<caf::actor>(this));
  incoming_.emplace(what->writer.get(), what);
  return std::make_unique<stream_intake>(*this, std::move(what));
}

bool runner::streams(const message_view& content) const noexcept {
  return code().streaming
         && content.bytes.size() > memory_limit(*code().streaming);
}

bool runner::received(const std::shared_ptr<incoming_stream>& what) {
  if (!what->writer->is_settled())
    return false;
  incoming_.erase(what->writer.get());
  return begin_stream(*what);
}

bool runner::begin_stream(incoming_stream& what) {
  auto content = what.writer->finish();
  auto& problem = what.writer->problem();
  return begin_message(*what.from, std::move(content),
                       problem ? &*problem : nullptr);
}

void runner::abandon(incoming_stream& what) {
  incoming_.erase(what.writer.get());
  what.from = nullptr;
}

void runner::take(const stream_written& progress) {
  auto& writer = *progress.writer;
  writer.take(progress);
  auto found = incoming_.find(&writer);
  if (found == incoming_.end())
    return;
  auto what = found->second;
  if (what->handle && writer.is_settled()) {
    incoming_.erase(found);
    // Nobody is on the stack who could be told that it is done with.
    if (begin_stream(*what))
      what->from->done();
  } else if (what->held && writer.has_room()) {
    what->held = false;
    what->from->read_on();
  }
}

void runner::ask_content(job& what, const document& of) {
  auto& large = *of.content().large();
  large.read(
      0, static_cast<std::size_t>(large.size()),
      [self = caf::actor_cast<caf::actor>(this),
       id = what.id](std::string&& bytes, std::error_code problem) {
        caf::anon_send(
            self,
            content_loaded{id, std::make_shared<std::string>(std::move(bytes)),
                           problem});
      });
}

void runner::take(const content_loaded& what) {
  auto waiting = take(what.id);
  if (!waiting)
    return;
  if (what.problem)
    waiting->run.fail({std::string{not_stored}, "the payload cannot be read: "
                                                    + what.problem.message()});
  else
    waiting->run.load(std::move(*what.bytes));
  drive(std::move(waiting));
}

} // namespace switchboard::flows
