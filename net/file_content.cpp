#include "net/file_content.hpp"

#include <exception>
#include <utility>

namespace switchboard::net {

file_content::file_content(std::shared_ptr<file_worker> worker,
                           std::shared_ptr<temporary_file> file,
                           std::uint64_t size, bool is_text)
    : large_content(size, is_text),
      worker_(std::move(worker)),
      file_(std::move(file)) {}

file_content::~file_content() {
  try {
    auto& worker = *worker_;
    worker.post([file = std::move(file_)] {});
  } catch (const std::exception&) {
    // No memory for the job: the file ends here.
  }
}

void file_content::read(std::uint64_t offset, std::size_t size,
                        read_callback done) const {
  worker_->post([file = file_, offset, size, done = std::move(done)] {
    std::string bytes;
    std::error_code problem;
    try {
      bytes.resize(size);
      problem = file->read(offset, std::as_writable_bytes(std::span{bytes}));
    } catch (const std::bad_alloc&) {
      problem = std::make_error_code(std::errc::not_enough_memory);
    }
    if (problem)
      bytes.clear();
    done(std::move(bytes), problem);
  });
}

} // namespace switchboard::net
