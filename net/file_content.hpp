#pragma once

#include <memory>

#include <switchboard/large_content.hpp>

#include "net/file_worker.hpp"
#include "net/temporary_file.hpp"

namespace switchboard::net {

/// The content of a message in a temporary file, which is gone when the last
/// one who reads it is.
class file_content final : public large_content {
public:
  /// @param file holds `size` bytes.
  file_content(std::shared_ptr<file_worker> worker,
               std::shared_ptr<temporary_file> file, std::uint64_t size,
               bool is_text);

  /// Leaves the file's end to the worker: it may take its time.
  ~file_content() override;

  void read(std::uint64_t offset, std::size_t size,
            read_callback done) const override;

private:
  std::shared_ptr<file_worker> worker_;
  std::shared_ptr<temporary_file> file_;
};

} // namespace switchboard::net
