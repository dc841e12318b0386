#define CAF_SUITE flows.message_digest

#include <caf/test/unit_test.hpp>

#include "flows/message_digest.hpp"

using switchboard::flows::digest_algorithm;
using switchboard::flows::message_digest;

namespace {

std::string digest(const char* name, std::initializer_list<const char*> parts) {
  auto algorithm = digest_algorithm::find(name);
  if (!algorithm)
    return "none";
  message_digest result{*algorithm};
  for (auto part : parts)
    result.add(part);
  return result.finish();
}

} // namespace

CAF_TEST(known digests) {
  // FIPS 180-2 appendix B.1, and of nothing at all.
  auto abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CAF_CHECK_EQUAL(digest("SHA-256", {"abc"}), abc);
  CAF_CHECK_EQUAL(digest("sha256", {"a", "", "bc"}), abc);
  CAF_CHECK_EQUAL(
      digest("SHA-256", {}),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CAF_CHECK_EQUAL(digest("SHA3-512", {"abc"}).size(), 128u);
}

CAF_TEST(a digest that is none) {
  CAF_CHECK_EQUAL(digest("SHA-257", {"abc"}), "none");
  CAF_CHECK_EQUAL(digest("", {}), "none");
}

CAF_TEST(all spellings have one name) {
  CAF_CHECK_EQUAL(digest_algorithm::find("SHA-256")->name(),
                  digest_algorithm::find("sha256")->name());
}
