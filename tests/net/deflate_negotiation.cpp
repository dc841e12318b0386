#define CAF_SUITE deflate_negotiation

#include "net/deflate.hpp"

#include <string>
#include <vector>

#include <caf/test/unit_test.hpp>

using namespace switchboard;
using namespace switchboard::net;

namespace {

compression_options options(int server_bits = 15, int client_bits = 15,
                            bool server_no_takeover = false,
                            bool client_no_takeover = false) {
  compression_options result;
  result.enabled = true;
  result.server_max_window_bits = server_bits;
  result.client_max_window_bits = client_bits;
  result.server_no_context_takeover = server_no_takeover;
  result.client_no_context_takeover = client_no_takeover;
  return result;
}

/// "S15 C15" with a dash behind a side that does not take its window over.
std::string render(const std::optional<deflate_agreement>& agreement) {
  if (!agreement)
    return "none";
  return "S" + std::to_string(agreement->server_max_window_bits)
         + (agreement->server_no_context_takeover ? "- C" : " C")
         + std::to_string(agreement->client_max_window_bits)
         + (agreement->client_no_context_takeover ? "-" : "");
}

} // namespace

CAF_TEST(a server accepts what RFC 7692 7.1 lets it accept) {
  struct row {
    std::string offer;
    compression_options ours;
    std::string agreed;
    std::string answer;
  };
  const auto pmd = std::string{"permessage-deflate"};
  std::vector<row> rows{
      {"", options(), "none", ""},
      {pmd, compression_options{}, "none", ""},
      {pmd, options(), "S15 C15", pmd},
      {"Permessage-DEFLATE", options(), "S15 C15", pmd},
      {pmd + "; client_max_window_bits", options(), "S15 C15", pmd},
      {pmd + "; client_max_window_bits", options(15, 10), "S15 C10",
       pmd + "; client_max_window_bits=10"},
      {pmd + "; client_max_window_bits=9", options(15, 10), "S15 C9",
       pmd + "; client_max_window_bits=9"},
      {pmd + "; client_max_window_bits=12", options(15, 10), "S15 C10",
       pmd + "; client_max_window_bits=10"},
      {pmd + "; client_max_window_bits=8", options(), "S15 C8",
       pmd + "; client_max_window_bits=8"},
      // The client cannot be told to stay below 15.
      {pmd, options(15, 10), "none", ""},
      {pmd + ", " + pmd + "; client_max_window_bits", options(15, 10),
       "S15 C10", pmd + "; client_max_window_bits=10"},
      {pmd, options(9), "S9 C15", pmd + "; server_max_window_bits=9"},
      {pmd + "; server_max_window_bits=15", options(), "S15 C15",
       pmd + "; server_max_window_bits=15"},
      {pmd + "; server_max_window_bits=10", options(), "S10 C15",
       pmd + "; server_max_window_bits=10"},
      {pmd + "; server_max_window_bits=12", options(10), "S10 C15",
       pmd + "; server_max_window_bits=10"},
      {pmd + "; server_max_window_bits=8", options(), "S8 C15",
       pmd + "; server_max_window_bits=8"},
      {pmd + "; server_max_window_bits=\"10\"", options(), "S10 C15",
       pmd + "; server_max_window_bits=10"},
      {pmd + "; server_no_context_takeover", options(), "S15- C15",
       pmd + "; server_no_context_takeover"},
      {pmd + "; client_no_context_takeover", options(), "S15 C15-",
       pmd + "; client_no_context_takeover"},
      {pmd, options(15, 15, true, true), "S15- C15-",
       pmd + "; server_no_context_takeover; client_no_context_takeover"},
      {pmd
           + ";server_no_context_takeover ;client_no_context_takeover;\t"
             "server_max_window_bits = 11; client_max_window_bits=12",
       options(), "S11- C12-",
       pmd
           + "; server_no_context_takeover; client_no_context_takeover; "
             "server_max_window_bits=11; client_max_window_bits=12"},
      {"x-webkit-deflate-frame, foo; bar=\"a,b;c\"", options(), "none", ""},
      {"x-webkit-deflate-frame; x=y, " + pmd, options(), "S15 C15", pmd},
      {", ," + pmd + ",", options(), "S15 C15", pmd},
      // Passed over, and the next offer taken.
      {pmd + "; server_max_window_bits, " + pmd + "; server_max_window_bits=9",
       options(), "S9 C15", pmd + "; server_max_window_bits=9"},
      // Passed over.
      {pmd + "; unknown", options(), "none", ""},
      {pmd + "; unknown=1", options(), "none", ""},
      {pmd + "; server_no_context_takeover; server_no_context_takeover",
       options(), "none", ""},
      {pmd + "; client_no_context_takeover; client_no_context_takeover",
       options(), "none", ""},
      {pmd + "; client_max_window_bits; client_max_window_bits=9", options(),
       "none", ""},
      {pmd + "; server_max_window_bits=9; server_max_window_bits=9", options(),
       "none", ""},
      {pmd + "; server_no_context_takeover=1", options(), "none", ""},
      {pmd + "; client_no_context_takeover=true", options(), "none", ""},
      {pmd + "; server_max_window_bits", options(), "none", ""},
      {pmd + "; server_max_window_bits=7", options(), "none", ""},
      {pmd + "; server_max_window_bits=16", options(), "none", ""},
      {pmd + "; server_max_window_bits=08", options(), "none", ""},
      {pmd + "; server_max_window_bits=1", options(), "none", ""},
      {pmd + "; server_max_window_bits=110", options(), "none", ""},
      {pmd + "; server_max_window_bits=+9", options(), "none", ""},
      {pmd + "; client_max_window_bits=0", options(), "none", ""},
      {pmd + "; client_max_window_bits=abc", options(), "none", ""},
      // Ill-formed as a whole.
      {pmd + ";", options(), "none", ""},
      {pmd + "; =9", options(), "none", ""},
      {pmd + "; server_max_window_bits=", options(), "none", ""},
      {pmd + "; server_max_window_bits=\"10", options(), "none", ""},
      {pmd + "; server_max_window_bits=\"1 0\"", options(), "none", ""},
      {pmd + " garbage", options(), "none", ""},
      {"@, " + pmd, options(), "none", ""},
  };
  for (auto& [offer, ours, agreed, answer] : rows) {
    std::string rendered = "stale";
    auto result = accept_deflate_offer(offer, ours, rendered);
    CAF_CHECK_EQUAL(offer + " -> " + render(result) + " " + rendered,
                    offer + " -> " + agreed + " " + answer);
  }
}

CAF_TEST(a client offers what it is configured to) {
  CAF_CHECK_EQUAL(make_deflate_offer({}), "");
  CAF_CHECK_EQUAL(make_deflate_offer(options()),
                  "permessage-deflate; client_max_window_bits");
  CAF_CHECK_EQUAL(make_deflate_offer(options(10, 9, true, true)),
                  "permessage-deflate; server_no_context_takeover; "
                  "client_no_context_takeover; server_max_window_bits=10; "
                  "client_max_window_bits=9");
}

CAF_TEST(a client goes on only with an answer it may go on with) {
  struct row {
    std::string answer;
    compression_options ours;
    std::string agreed;
    bool valid;
  };
  const auto pmd = std::string{"permessage-deflate"};
  std::vector<row> rows{
      {"", options(), "none", true},
      {"", {}, "none", true},
      {pmd, options(), "S15 C15", true},
      {pmd, options(15, 10), "S15 C10", true},
      {pmd, options(15, 15, false, true), "S15 C15-", true},
      {pmd + "; client_max_window_bits=9", options(), "S15 C9", true},
      {pmd + "; server_max_window_bits=9", options(), "S9 C15", true},
      {pmd + "; server_max_window_bits=9", options(10), "S9 C15", true},
      {pmd + "; server_no_context_takeover", options(15, 15, true), "S15- C15",
       true},
      {pmd + "; server_no_context_takeover; client_no_context_takeover",
       options(), "S15- C15-", true},
      // Not offered.
      {pmd, {}, "none", false},
      {"foo", options(), "none", false},
      {pmd + ", " + pmd, options(), "none", false},
      {pmd + ", foo", options(), "none", false},
      // Asked for and not granted.
      {pmd, options(10), "none", false},
      {pmd + "; server_max_window_bits=11", options(10), "none", false},
      {pmd, options(15, 15, true), "none", false},
      {pmd + "; client_max_window_bits=11", options(15, 10), "none", false},
      // Ill-formed.
      {pmd + "; client_max_window_bits", options(), "none", false},
      {pmd + "; server_max_window_bits=16", options(), "none", false},
      {pmd + "; unknown", options(), "none", false},
      {pmd + "; server_no_context_takeover; server_no_context_takeover",
       options(), "none", false},
      {pmd + ";", options(), "none", false},
  };
  for (auto& [answer, ours, agreed, valid] : rows) {
    auto seen_valid = !valid;
    auto result = read_deflate_answer(answer, ours, seen_valid);
    CAF_CHECK_EQUAL(answer + " -> " + render(result)
                        + (seen_valid ? " valid" : " invalid"),
                    answer + " -> " + agreed + (valid ? " valid" : " invalid"));
  }
}

CAF_TEST(both sides come to the same agreement) {
  for (auto server_bits : {9, 12, 15}) {
    for (auto client_bits : {9, 12, 15}) {
      for (auto flags = 0; flags < 4; ++flags) {
        auto client =
            options(server_bits, client_bits, flags & 1, (flags & 2) != 0);
        for (auto& server : {options(), options(10, 11, true, false),
                             options(15, 9, false, true)}) {
          std::string answer;
          auto here =
              accept_deflate_offer(make_deflate_offer(client), server, answer);
          CAF_REQUIRE(here);
          bool valid = false;
          auto there = read_deflate_answer(answer, client, valid);
          CAF_CHECK(valid);
          CAF_CHECK_EQUAL(render(there), render(here));
        }
      }
    }
  }
}
