#include "service/api/problem.hpp"

#include <boost/json.hpp>

#include "service/text.hpp"

namespace switchboard::service::api {

namespace {

answer render(unsigned status, std::string_view type, std::string_view title,
              std::string_view detail) {
  boost::json::object body;
  body["type"] = to_valid_utf8(type);
  body["title"] = title;
  body["status"] = status;
  body["detail"] = to_valid_utf8(detail);
  return {status,
          "application/problem+json",
          boost::json::serialize(body) + "\n",
          {}};
}

std::string_view title_of(errc code) noexcept {
  switch (code) {
    case errc::connectivity:
      return "The peer cannot be reached";
    case errc::retry_exhausted:
      return "The reconnection strategy is spent";
    case errc::no_such_socket:
      return "No such socket";
    case errc::invalid_socket_id:
      return "Invalid socket id";
    case errc::non_unique_socket_id:
      return "The socket id is in use";
    case errc::invalid_argument:
      return "Invalid argument";
    case errc::unauthenticated:
      return "A valid token is needed";
    case errc::too_many_requests:
      return "Too many requests";
    case errc::expression:
      return "An expression failed";
    case errc::timeout:
      return "No answer in time";
    default:
      return "The operation failed";
  }
}

} // namespace

std::string_view phrase_of(unsigned status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

answer problem(unsigned status, std::string_view detail) {
  return render(status, "about:blank", phrase_of(status), detail);
}

answer problem(errc code, std::string_view detail) {
  return render(http_status_of(code), name_of(code), title_of(code), detail);
}

answer problem(const caf::error& what) {
  auto text = describe(what);
  auto code = code_of(what);
  // One of CAF's own has been given the name of one of ours.
  if (!code)
    code = text.type == name_of(errc::timeout) ? errc::timeout
                                               : errc::connectivity;
  return render(http_status_of(*code), text.type, title_of(*code),
                text.message);
}

} // namespace switchboard::service::api
