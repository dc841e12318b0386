#define CAF_SUITE config.flow_policy

#include "tests/config/loading.hpp"

using namespace switchboard;
using namespace switchboard::config::testing;
using namespace std::literals;

namespace {

std::string with(std::string_view line,
                 std::string_view source = "inbound-listener") {
  return std::string{small_file}
         + "[object_store.counts]\n[[flow]]\nname = \"grave\"\n[[flow]]\n"
           "name = \"f\"\nsource = \""
         + std::string{source} + "\"\n" + std::string{line} + "\n"
         + (source == "on-inbound-connection"
                ? "[[flow]]\nname = \"g\"\nsource = \"inbound-listener\"\n"
                : "");
}

flow_options read(std::string_view line,
                  std::string_view source = "inbound-listener") {
  return good(with(line, source)).flows.at(1);
}

/// What is wrong with a flow, without place and the common part of the key.
std::string wrong(std::string_view line,
                  std::string_view source = "inbound-listener") {
  std::string result;
  auto rest = problems_of(with(line, source));
  while (!rest.empty()) {
    auto end = rest.find('\n');
    auto text = rest.substr(0, end);
    constexpr std::string_view key = "flow[1].";
    if (auto at = text.find(key); at != std::string::npos)
      text = text.substr(at + key.size());
    result += (result.empty() ? "" : "\n") + text;
    rest.erase(0, end + 1);
  }
  return result;
}

} // namespace

CAF_TEST(a policy has the defaults of the reference) {
  auto found = read("redelivery = {}").redelivery;
  CAF_REQUIRE(found);
  CAF_CHECK_EQUAL(found->max_redelivery_count, 5);
  CAF_CHECK_EQUAL(found->message_digest_algorithm, "SHA-256");
  CAF_CHECK(!found->id_expression);
  CAF_CHECK_EQUAL(found->object_store, "");
  auto retry = read("retry = {}").retry;
  CAF_REQUIRE(retry);
  CAF_CHECK_EQUAL(retry->count, 2u);
  CAF_CHECK(retry->frequency == 2s);
  CAF_CHECK_EQUAL(retry->backoff.factor, 1.0);
  CAF_CHECK(!read("").redelivery);
  CAF_CHECK(!read("").retry);
  CAF_CHECK(!read("").dead_letter);
}

CAF_TEST(every key of a policy is read) {
  auto flow = read(R"(redelivery = { max_redelivery_count = -1, )"
                   R"(message_digest_algorithm = "sha3-512", )"
                   R"(use_secure_hash = true, object_store = "counts" }
retry = { count = 7, frequency = "1ms", backoff = { factor = 2, max = "1s", jitter = 0.5 } }
dead_letter = { flow = "grave" })");
  CAF_CHECK_EQUAL(flow.redelivery->max_redelivery_count, -1);
  CAF_CHECK_EQUAL(flow.redelivery->message_digest_algorithm, "sha3-512");
  CAF_CHECK_EQUAL(flow.redelivery->object_store, "counts");
  CAF_CHECK_EQUAL(flow.retry->count, 7u);
  CAF_CHECK(flow.retry->frequency == 1ms);
  CAF_CHECK(flow.retry->backoff == (backoff_options{2.0, 1s, 0.5}));
  CAF_CHECK_EQUAL(std::get<flow_ref_step>(flow.dead_letter->to).name, "grave");
}

CAF_TEST(an expression stands in place of the digest) {
  for (
      auto line :
      {R"(redelivery = { id_expression = "#[payload.id]" })",
       R"(redelivery = { id_expression = "#[payload.id]", use_secure_hash = false })"}) {
    auto found = read(line).redelivery;
    CAF_REQUIRE(found->id_expression);
    CAF_CHECK_EQUAL(found->id_expression->text, "#[payload.id]");
  }
}

CAF_TEST(what is wrong with a redelivery policy is told) {
  struct row {
    std::string_view table;
    std::string_view problem;
  };
  for (
      auto [table, problem] : {
          row{R"(id_expression = "#[1]", use_secure_hash = true)",
              "redelivery.use_secure_hash: stands beside id_expression, "
              "expected one of the two"},
          row{"use_secure_hash = false",
              "redelivery.use_secure_hash: is false, so nothing tells one "
              "message from another, expected id_expression beside it"},
          row{R"(id_expression = "#[1]", message_digest_algorithm = "SHA-256")",
              "redelivery.message_digest_algorithm: has no effect beside "
              "id_expression, expected one of the two"},
          row{R"(id_expression = "one")",
              "redelivery.id_expression: \"one\" is the same for every "
              "message, expected one with `#[ … ]`"},
          row{"max_redelivery_count = -2",
              "redelivery.max_redelivery_count: -2 is out of range, expected "
              "an integer from -1 to 2147483647"},
          row{R"(object_store = "count")",
              "redelivery.object_store: \"count\" is no [object_store.NAME], "
              "the nearest is \"counts\""},
          row{R"(object_store = "default")", ""},
          row{R"(message_digest = 5)",
              "redelivery.message_digest: is an unknown key, the nearest "
              "known key is message_digest_algorithm"},
      })
    CAF_CHECK_EQUAL(wrong("redelivery = { " + std::string{table} + " }"),
                    problem);
}

CAF_TEST(weak digests are refused in any spelling) {
  auto problem = [](std::string name) {
    return wrong("redelivery = { message_digest_algorithm = \"" + name
                 + "\" }");
  };
  for (auto name : {"MD5", "md5", "SHA-1", "SHA1", "sha", "MD4", "MD5-SHA1",
                    "RIPEMD-160", "RIPEMD160", "SHAKE128"})
    CAF_CHECK_EQUAL(problem(name),
                    "redelivery.message_digest_algorithm: \""
                        + std::string{name}
                        + "\" is not secure, expected one such as \"SHA-256\"");
  for (auto name : {"SHA-257", "", "NULL", "KECCAK-KMAC-128"})
    CAF_CHECK(problem(name).ends_with("expected one such as \"SHA-256\""));
  for (auto name : {"SHA-224", "SHA-256", "SHA256", "SHA2-256", "sha-384",
                    "SHA-512", "SHA-512/256", "SHA3-256", "SHAKE256",
                    "BLAKE2b512", "BLAKE2S-256", "SM3"})
    CAF_CHECK_EQUAL(problem(name), "");
}

CAF_TEST(events without content need an expression) {
  auto problem = "redelivery.id_expression: is missing, expected it with this "
                 "source, whose events have no content to tell them by";
  for (auto source : {"on-inbound-connection", "on-socket-closed"}) {
    CAF_CHECK_EQUAL(wrong("redelivery = {}", source), problem);
    CAF_CHECK_EQUAL(
        wrong("redelivery = { id_expression = \"#[attributes.path]\" }",
              source),
        "");
  }
  CAF_CHECK_EQUAL(wrong("redelivery = {}", "startup"),
                  "redelivery: has no effect here, expected it only with "
                  "source inbound-listener, on-inbound-connection, "
                  "on-socket-closed or outbound-listener");
  CAF_CHECK_EQUAL(wrong("retry = {}", "startup"), "");
}

CAF_TEST(what is wrong with retries is told) {
  CAF_CHECK_EQUAL(wrong("retry = { count = 0 }"),
                  "retry.count: 0 is out of range, expected an integer from 1 "
                  "to 2147483647");
  CAF_CHECK_EQUAL(wrong(R"(retry = { frequency = "0s" })"),
                  "retry.frequency: \"0s\" is too short, expected a "
                  "duration such as \"250ms\" or \"15min\" longer than 0");
  CAF_CHECK_EQUAL(wrong("retry = { backoff = { factor = 0.5 } }"),
                  "retry.backoff.factor: 0.5 is out of range, expected a "
                  "number of at least 1");
  CAF_CHECK_EQUAL(wrong("retry = { counts = 3 }"),
                  "retry.counts: is an unknown key, the nearest known key is "
                  "count");
}

CAF_TEST(a dead letter goes to one of three) {
  auto to_group = read(R"(dead_letter = { group = "dead-#[payload]" })");
  CAF_CHECK_EQUAL(
      std::get<dead_letter_group>(to_group.dead_letter->to).name.text,
      "dead-#[payload]");
  auto asked =
      read(R"(dead_letter = { http_request = { url = "http://h/x" } })");
  CAF_CHECK_EQUAL(std::get<http_request_step>(asked.dead_letter->to).url.text,
                  "http://h/x");
}

CAF_TEST(what is wrong with a dead letter is told) {
  CAF_CHECK_EQUAL(wrong("dead_letter = {}"),
                  "dead_letter: names nobody, expected one of flow, group or "
                  "http_request");
  CAF_CHECK_EQUAL(wrong(R"(dead_letter = { flow = "grave", group = "g" })"),
                  "dead_letter.group: stands beside flow, expected one of the "
                  "three");
  CAF_CHECK_EQUAL(wrong(R"(dead_letter = { flow = "gravy" })"),
                  "dead_letter.flow: \"gravy\" is no flow, the nearest is "
                  "\"grave\"");
  CAF_CHECK_EQUAL(wrong(R"(dead_letter = { flow = "f" })"),
                  "dead_letter.flow: \"f\" is a flow with a source, expected "
                  "one without");
  CAF_CHECK_EQUAL(wrong(R"(dead_letter = { group = "" })"),
                  "dead_letter.group: is empty, expected a group's name");
  CAF_CHECK_EQUAL(wrong("dead_letter = { http_request = {} }").substr(0, 42),
                  "dead_letter.http_request.url: is missing, ");
  CAF_CHECK_EQUAL(
      wrong(
          R"(dead_letter = { http_request = { url = "http://h", proxy = "p" } })")
          .substr(0, 32),
      "dead_letter.http_request.proxy: ");
}
