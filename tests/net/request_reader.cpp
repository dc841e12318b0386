#define CAF_SUITE request_reader

#include "net/handshake.hpp"

#include <string>
#include <vector>

#include <caf/test/unit_test.hpp>

#include "wire_script.hpp"

using namespace std::string_literals;
using namespace switchboard::net;
using namespace wire_script;

namespace {

/// @returns the error status; 0 for complete, 1 for more needed.
unsigned read(request_reader& reader, std::string_view text, std::size_t piece,
              std::size_t* consumed = nullptr) {
  if (piece == 0)
    piece = text.size();
  std::size_t total = 0;
  while (total < text.size()) {
    std::size_t taken = 0;
    auto status = reader.feed(as_span(text.substr(total, piece)), taken);
    total += taken;
    if (consumed != nullptr)
      *consumed = total;
    if (status == request_reader::status::complete)
      return 0;
    if (status == request_reader::status::failed)
      return reader.error_status();
  }
  return 1;
}

const auto simple = "GET /chat?room=1 HTTP/1.1\r\nHost: example.org\r\n\r\n"s;

} // namespace

CAF_TEST(a request is read in any cut and nothing behind it is taken) {
  const auto text = "GET /a%20b/c?x=1?2&y HTTP/1.1\r\n"
                    "Host:example.org:8080\r\n"
                    "X-Twice:   one  \r\n"
                    "Other: \r\n"
                    "x-twice: two\r\n"
                    "\r\n"s;
  for (std::size_t piece = 0; piece <= text.size() + 4; ++piece) {
    request_reader reader{4096};
    std::size_t consumed = 0;
    CAF_CHECK_EQUAL(read(reader, text + "\x81\x85", piece, &consumed), 0u);
    CAF_CHECK_EQUAL(consumed, text.size());
    CAF_CHECK_EQUAL(reader.error_status(), 0u);
    auto request = reader.take();
    CAF_CHECK_EQUAL(request.method, "GET");
    CAF_CHECK_EQUAL(request.target, "/a%20b/c?x=1?2&y");
    CAF_CHECK_EQUAL(request.path, "/a%20b/c");
    CAF_CHECK_EQUAL(request.query, "x=1?2&y");
    CAF_CHECK_EQUAL(request.version, "HTTP/1.1");
    header_list expected{{"Host", "example.org:8080"},
                         {"X-Twice", "one"},
                         {"Other", ""},
                         {"x-twice", "two"}};
    CAF_CHECK(request.headers == expected);
    CAF_CHECK_EQUAL(request.header("X-TWICE"), "one");
    CAF_CHECK_EQUAL(request.header("absent"), "");
    CAF_CHECK_EQUAL(request.joined_header("X-Twice"), "one, two");
    CAF_CHECK_EQUAL(request.joined_header("absent"), "");
  }
}

CAF_TEST(a request without query and of HTTP 1.0 is read) {
  request_reader reader{4096};
  CAF_CHECK_EQUAL(read(reader, "POST / HTTP/1.0\r\n\r\n", 0), 0u);
  auto request = reader.take();
  CAF_CHECK_EQUAL(request.method, "POST");
  CAF_CHECK_EQUAL(request.path, "/");
  CAF_CHECK_EQUAL(request.query, "");
  CAF_CHECK_EQUAL(request.version, "HTTP/1.0");
}

CAF_TEST(a body is left where it is) {
  request_reader reader{4096};
  const auto head = "POST / HTTP/1.1\r\nHost: a\r\n"
                    "Content-Length: 99999999\r\n\r\n"s;
  std::size_t consumed = 0;
  CAF_CHECK_EQUAL(read(reader, head + "body", 0, &consumed), 0u);
  CAF_CHECK_EQUAL(consumed, head.size());
}

CAF_TEST(a cut request is waited for) {
  for (std::size_t size = 0; size < simple.size(); ++size) {
    request_reader reader{4096};
    CAF_CHECK_EQUAL(read(reader, simple.substr(0, size), 0), 1u);
    CAF_CHECK_EQUAL(reader.error_status(), 0u);
  }
}

CAF_TEST(malformed requests are told what is wrong) {
  struct row {
    std::string what;
    std::string text;
    unsigned status;
  };
  const auto line = "GET / HTTP/1.1\r\n"s;
  std::vector<row> rows{
      {"TLS hello", octets({0x16, 3, 1, 2, 0, 1, 0}), 400},
      {"leading line end", "\r\n" + simple, 400},
      {"leading blank", " " + simple, 400},
      {"no method", " / HTTP/1.1\r\n\r\n", 400},
      {"bad method", "G@T / HTTP/1.1\r\n\r\n", 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"two blanks", "GET  / HTTP/1.1\r\n\r\n", 400},
      {"bad version", "GET / HTTQ/1.1\r\n\r\n", 400},
      {"long version", "GET / HTTP/1.12\r\n\r\n", 400},
      {"other protocol", "GET / FTP/1.1\r\n\r\n", 400},
      {"lower-case version", "GET / http/1.1\r\n\r\n", 400},
      {"HTTP/2.0", "GET / HTTP/2.0\r\n\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\n\r\n", 505},
      {"HTTP/0.9", "GET / HTTP/0.9\r\n\r\n", 505},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"bare line feeds", "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n", 400},
      {"bare line feed in a header", line + "Host: a\nX: b\r\n\r\n", 400},
      {"bare carriage return in a header", line + "Host: a\rX: b\r\n\r\n", 400},
      {"zero in a header", line + "Host: a\0b\r\n\r\n"s, 400},
      {"control in a header", line + "Host: a\x01\r\n\r\n", 400},
      {"delete in a header", line + "Host: a\x7F\r\n\r\n", 400},
      {"zero in a name", line + "Ho\0st: a\r\n\r\n"s, 400},
      {"blank in a name", line + "Ho st: a\r\n\r\n", 400},
      {"blank before the colon", line + "Host : a\r\n\r\n", 400},
      {"no colon", line + "Host\r\n\r\n", 400},
      {"no name", line + ": a\r\n\r\n", 400},
      {"folded line", line + "Host: a\r\n b\r\n\r\n", 400},
      {"line folded by a tab", line + "Host: a\r\n\tb\r\n\r\n", 400},
      {"folded line hiding a header", line + "X: a\r\n Host: b\r\n\r\n", 400},
      {"blank before the first header", line + " Host: a\r\n\r\n", 400},
      {"folded empty line", line + "Host: a\r\n \r\n\r\n", 400},
      {"two lengths", line + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
       400},
      {"length no number", line + "Content-Length: x\r\n\r\n", 400},
      {"length negative", line + "Content-Length: -1\r\n\r\n", 400},
      {"length beyond 64 bits",
       line + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"length and chunks",
       line + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"chunks and length",
       line + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
      {"absolute target", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"asterisk target", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"authority target", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"relative target", "GET chat HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"fragment in the target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"raw byte in the target", "GET /\xC3\xA4 HTTP/1.1\r\nHost: a\r\n\r\n",
       400},
      {"control in the target", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"zero in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, 400},
  };
  for (auto& [what, text, status] : rows) {
    for (std::size_t piece : {0, 1, 2, 5}) {
      request_reader reader{4096};
      auto name = what + " ";
      CAF_CHECK_EQUAL(name + std::to_string(read(reader, text, piece)),
                      name + std::to_string(status));
      // And stays so.
      std::size_t consumed = 99;
      CAF_CHECK(reader.feed(as_span(simple), consumed)
                == request_reader::status::failed);
      CAF_CHECK_EQUAL(consumed, 0u);
    }
  }
}

CAF_TEST(a head of exactly the limit is taken and one byte more is not ) {
  for (std::size_t piece : {0, 1, 3, 64}) {
    auto limit = std::size_t{200};
    auto head = [](std::size_t size) {
      auto text = "GET / HTTP/1.1\r\nHost: a\r\nX: "s;
      return text + std::string(size - text.size() - 4, 'x') + "\r\n\r\n";
    };
    request_reader fits{limit};
    CAF_CHECK_EQUAL(read(fits, head(limit) + "behind", piece), 0u);
    request_reader above{limit};
    CAF_CHECK_EQUAL(read(above, head(limit + 1) + "behind", piece), 431u);
    request_reader many{limit};
    std::string lines = "GET / HTTP/1.1\r\n";
    for (auto i = 0; i < 100; ++i)
      lines += "A: b\r\n";
    CAF_CHECK_EQUAL(read(many, lines, piece), 431u);
    request_reader endless{limit};
    CAF_CHECK_EQUAL(read(endless,
                         "GET / HTTP/1.1\r\nX: " + std::string(10'000, 'x'),
                         piece),
                    431u);
    request_reader target{limit};
    CAF_CHECK_EQUAL(read(target, "GET /" + std::string(10'000, 'x'), piece),
                    414u);
  }
}
