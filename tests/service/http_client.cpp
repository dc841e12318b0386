#include "tests/service/http_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace switchboard::service::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;

struct http_client::impl {
  asio::io_context loop;
  asio::ip::tcp::socket socket{loop};
  boost::beast::flat_buffer buffer;
  std::string address;
};

std::string http_answer::header(std::string_view name) const {
  for (auto& [key, value] : headers)
    if (boost::beast::iequals(key, name))
      return value;
  return {};
}

boost::json::value http_answer::json() const {
  boost::system::error_code failure;
  auto result = boost::json::parse(body, failure);
  return failure ? boost::json::value{} : result;
}

http_client::http_client(const std::string& address)
    : impl_(std::make_unique<impl>()) {
  impl_->address = address;
  auto colon = address.rfind(':');
  asio::ip::tcp::resolver resolver{impl_->loop};
  asio::connect(impl_->socket, resolver.resolve(address.substr(0, colon),
                                                address.substr(colon + 1)));
}

http_client::~http_client() = default;

http_answer http_client::ask(std::string_view method, const std::string& target,
                             const std::string& body,
                             const header_list& headers) {
  http::request<http::string_body> request;
  request.method_string(method);
  request.target(target);
  request.version(11);
  request.set(http::field::host, impl_->address);
  for (auto& [name, value] : headers)
    request.set(name, value);
  request.body() = body;
  if (!body.empty() || method == "POST")
    request.content_length(body.size());
  boost::system::error_code failure;
  http::write(impl_->socket, request, failure);
  return read(method == "HEAD");
}

void http_client::send(std::string_view bytes) {
  boost::system::error_code ignored;
  asio::write(impl_->socket, asio::buffer(bytes), ignored);
}

http_answer http_client::read(bool of_head) {
  http::response_parser<http::string_body> parser;
  parser.skip(of_head);
  boost::system::error_code failure;
  http::read(impl_->socket, impl_->buffer, parser, failure);
  http_answer result;
  if (failure)
    return result;
  auto message = parser.release();
  result.status = message.result_int();
  result.keep_alive = message.keep_alive();
  for (auto& field : message)
    result.headers.emplace_back(field.name_string(), field.value());
  result.body = std::move(message.body());
  return result;
}

std::string http_client::read_to_end() {
  std::string result{boost::beast::buffers_to_string(impl_->buffer.data())};
  boost::system::error_code failure;
  std::string rest;
  asio::read(impl_->socket, asio::dynamic_buffer(rest), failure);
  return result + rest;
}

} // namespace switchboard::service::test
