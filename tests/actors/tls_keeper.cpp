#define CAF_SUITE tls_keeper
#include <caf/test/unit_test.hpp>

#include <filesystem>

#include "actors/tls_keeper.hpp"
#include "tests/net/tls_peer.hpp"

using namespace switchboard;
using namespace switchboard::actors;
using namespace tls_peer;

using namespace std::chrono_literals;

namespace {

struct fixture {
  scratch_folder folder;
  identity first = issue({.subject = "first"});
  identity second = issue({.subject = "the second one", .until = 60});
  tls_options options;
  std::vector<report> reports;
  tls_keeper keeper{[this](const report& what) {
    reports.push_back(what);
  }};
  std::shared_ptr<net::tls_source> source;
  tls_keeper::clock::time_point now = tls_keeper::clock::now();

  static std::string pem_of(const identity& who) {
    return who.certificate_pem() + who.key_pem();
  }

  fixture() {
    options.name = "edge";
    options.key_store.emplace().path = folder.write("key.pem", pem_of(first));
  }

  void keep() {
    std::string problem;
    source = net::tls_source::make(net::role::server, options, problem);
    CAF_REQUIRE_EQUAL(problem, "");
    keeper.add(source);
  }

  /// Looks twice: once to see a change, once to see it at rest.
  void look() {
    keeper.look(now);
    keeper.look(now);
  }

  /// Puts a file in the place of another, in one step.
  void replace(const std::string& name, const std::string& content) {
    folder.write(name + ".new", content);
    std::filesystem::rename(folder.path(name + ".new"), folder.path(name));
  }

  std::string in_force() const {
    auto left = *source->current()->expires() - tls_keeper::clock::now();
    return left > 24h * 45 ? "second" : "first";
  }

  /// What was reported since the last call.
  std::string told() {
    std::string result;
    for (auto& what : reports)
      result += what.text + "\n";
    reports.clear();
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_keeper_tests, fixture)

CAF_TEST(nothing happens while no file changes) {
  keep();
  auto before = source->current();
  look();
  CAF_CHECK_EQUAL(source->current(), before);
  CAF_CHECK_EQUAL(told(), "");
}

CAF_TEST(a file that was replaced is read once it is at rest) {
  keep();
  auto before = source->current();
  replace("key.pem", pem_of(second));
  keeper.look(now);
  CAF_CHECK_EQUAL(source->current(), before);
  // It goes on changing.
  replace("key.pem", pem_of(second) + "\n");
  keeper.look(now);
  CAF_CHECK_EQUAL(source->current(), before);
  keeper.look(now);
  CAF_CHECK_EQUAL(in_force(), "second");
  CAF_CHECK_EQUAL(told(), "TLS renewed\n");
  CAF_CHECK_EQUAL(reports.size(), 0u);
  look();
  CAF_CHECK_EQUAL(told(), "");
}

CAF_TEST(a file that is written in its place is read) {
  keep();
  folder.write("key.pem", pem_of(second));
  look();
  CAF_CHECK_EQUAL(in_force(), "second");
}

CAF_TEST(a link that leads elsewhere is a change) {
  // As Kubernetes mounts secrets: one link in the middle is swapped.
  namespace fs = std::filesystem;
  for (auto* which : {"one", "two"}) {
    fs::create_directory(folder.path(which));
    auto& who = which == std::string_view{"one"} ? first : second;
    folder.write(std::string{which} + "/tls.pem", pem_of(who));
  }
  fs::create_directory_symlink("one", folder.path("..data"));
  fs::create_symlink("..data/tls.pem", folder.path("tls.pem"));
  options.key_store->path = folder.path("tls.pem");
  keep();
  CAF_CHECK_EQUAL(in_force(), "first");
  fs::create_directory_symlink("two", folder.path("..data_tmp"));
  fs::rename(folder.path("..data_tmp"), folder.path("..data"));
  look();
  CAF_CHECK_EQUAL(in_force(), "second");
}

CAF_TEST(a trust store is looked after too) {
  options.trust_store.path = folder.write("trust.pem", first.certificate_pem());
  options.client_auth = client_authentication::required;
  keep();
  auto before = source->current();
  replace("trust.pem", second.certificate_pem());
  look();
  CAF_CHECK(source->current() != before);
}

CAF_TEST(what cannot be used leaves the old in force and is told once) {
  keep();
  auto before = source->current();
  const struct {
    std::string content;
    std::string expected;
  } rows[] = {
      {"nonsense", "is neither PEM, PKCS12 nor JKS"},
      {first.certificate_pem() + second.key_pem(),
       "holds no certificate of its private key"},
      {pem_of(issue({.subject = "gone", .from = -3, .until = -1})),
       "holds a certificate that expired on"},
  };
  for (auto& [content, expected] : rows) {
    replace("key.pem", content);
    for (auto i = 0; i < 5; ++i)
      look();
    CAF_REQUIRE_EQUAL(reports.size(), 1u);
    CAF_CHECK(reports[0].level == report::severity::error);
    CAF_CHECK(reports[0].text.find(folder.path("key.pem") + " " + expected)
              != std::string::npos);
    CAF_CHECK_EQUAL(reports[0].fields, (string_pairs{{"tls", "edge"}}));
    CAF_CHECK_EQUAL(source->current(), before);
    told();
  }
  std::filesystem::remove(folder.path("key.pem"));
  look();
  look();
  CAF_CHECK_EQUAL(told(), "what is in force stays, TLS cannot be renewed: key "
                          "store "
                              + folder.path("key.pem")
                              + " cannot be read: No such file or directory\n");
  folder.write("key.pem", pem_of(second));
  look();
  CAF_CHECK_EQUAL(told(), "TLS renewed\n");
  CAF_CHECK_EQUAL(in_force(), "second");
}

CAF_TEST(who asks for it has everything read at once) {
  keep();
  auto before = source->current();
  keeper.renew();
  CAF_CHECK(source->current() != before);
  CAF_CHECK_EQUAL(told(), "TLS renewed\n");
  folder.write("key.pem", "nonsense");
  before = source->current();
  keeper.renew();
  keeper.renew();
  CAF_CHECK_EQUAL(reports.size(), 2u);
  CAF_CHECK_EQUAL(source->current(), before);
}

CAF_TEST(a certificate that expires is told once a day from 14 days on) {
  keep();
  auto end = *source->current()->expires();
  std::vector<std::string> lines;
  // A look an hour.
  for (now = end - 24h * 15 - 1min; now < end + 24h * 2; now += 1h) {
    keeper.look(now);
    for (auto& what : reports) {
      CAF_CHECK(what.level == report::severity::warning);
      lines.push_back(what.text);
    }
    reports.clear();
  }
  CAF_REQUIRE_EQUAL(lines.size(), 16u);
  CAF_CHECK_EQUAL(lines[0], "the certificate expires in 13 days");
  CAF_CHECK_EQUAL(lines[12], "the certificate expires in 1 day");
  CAF_CHECK_EQUAL(lines[13], "the certificate expires within a day");
  CAF_CHECK_EQUAL(lines[14], "the certificate has expired");
  CAF_CHECK_EQUAL(lines[15], "the certificate has expired");
}

CAF_TEST(a new certificate ends the warnings) {
  keep();
  now = *source->current()->expires() - 24h;
  keeper.look(now);
  CAF_CHECK_EQUAL(reports.size(), 1u);
  replace("key.pem", pem_of(second));
  look();
  told();
  now += 24h * 2;
  look();
  CAF_CHECK_EQUAL(told(), "");
}

CAF_TEST(the time that is left is known by name) {
  keep();
  tls_options other;
  other.name = "blind";
  std::string problem;
  keeper.add(net::tls_source::make(net::role::client, other, problem));
  auto known = keeper.expiry(*source->current()->expires() - 90s);
  CAF_REQUIRE_EQUAL(known.size(), 1u);
  CAF_CHECK_EQUAL(known.at("edge").count(), 90);
  known = keeper.expiry(*source->current()->expires() + 90s);
  CAF_CHECK_EQUAL(known.at("edge").count(), -90);
}

CAF_TEST_FIXTURE_SCOPE_END()
