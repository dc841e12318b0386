#define CAF_SUITE config.not_available_yet

#include "tests/config/loading.hpp"

using namespace switchboard::config::testing;

namespace {

std::string with(std::string_view text) {
  return std::string{small_file} + std::string{text};
}

/// The diagnostic of a key that is refused by name.
std::string later(std::string_view place_and_key) {
  return std::string{place_and_key}
         + ": is not available yet, expected it left out";
}

} // namespace

CAF_TEST(sections to come are refused by name) {
  check_rows(small_file, {{"[cluster]", later("2: cluster")}});
}

CAF_TEST(keys to come are refused by name) {
  check_rows(
      with("[[flow]]\nname = \"f\"\nsource = \"inbound-listener\"\n"),
      {{"primary_node_only = false", ""},
       {"primary_node_only = true",
        "21: flow[0].primary_node_only: true is not available yet, expected "
        "false"}});
}
