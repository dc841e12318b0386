#define CAF_SUITE large_digest
#include <caf/test/unit_test.hpp>

#include <cstddef>
#include <filesystem>
#include <future>
#include <span>
#include <string>
#include <utility>

#include "flows/large_digest.hpp"
#include "net/file_content.hpp"

using namespace switchboard;
using namespace switchboard::flows;

namespace {

using result = std::pair<std::string, std::error_code>;

std::string some_bytes(std::size_t size) {
  std::string bytes(size, ' ');
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

/// In a file, which is as large as it says or not.
std::shared_ptr<const large_content> in_file(const std::string& bytes,
                                             std::uint64_t size) {
  auto file = std::make_shared<net::temporary_file>();
  CAF_REQUIRE(!file->open(std::filesystem::temp_directory_path().string()));
  CAF_REQUIRE(!file->write(0, std::as_bytes(std::span{bytes})));
  return std::make_shared<net::file_content>(
      std::make_shared<net::file_worker>(), std::move(file), size, false);
}

result digest_of(std::shared_ptr<const large_content> what,
                 const digest_algorithm& algorithm) {
  std::promise<result> told;
  digest_large(std::move(what), algorithm,
               [&](std::string digest, std::error_code problem) {
                 told.set_value({std::move(digest), problem});
               });
  return told.get_future().get();
}

} // namespace

CAF_TEST(a large content has the digest of its bytes) {
  auto algorithm = *digest_algorithm::find("SHA-256");
  for (std::size_t size : {1U, 262'143U, 262'144U, 262'145U, 1'000'000U}) {
    auto bytes = some_bytes(size);
    message_digest whole{algorithm};
    whole.add(bytes);
    auto [digest, problem] = digest_of(in_file(bytes, size), algorithm);
    CAF_CHECK(!problem);
    CAF_CHECK_EQUAL(digest, whole.finish());
  }
}

CAF_TEST(what cannot be read has no digest) {
  auto algorithm = *digest_algorithm::find("SHA-512");
  auto [digest, problem] =
      digest_of(in_file(some_bytes(300'000), 600'000), algorithm);
  CAF_CHECK(problem);
  CAF_CHECK_EQUAL(digest, "");
}
