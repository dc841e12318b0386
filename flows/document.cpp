#include "flows/document.hpp"

#include <algorithm>
#include <utility>

#include "flows/content_needed.hpp"
#include "flows/decoder.hpp"
#include "flows/failure.hpp"

namespace switchboard::flows {

namespace {

/// How deep arrays and objects may be nested.
constexpr std::size_t max_depth = 64;

bool ends_with_case_folded(std::string_view text, std::string_view end) {
  if (text.size() < end.size())
    return false;
  return std::equal(end.begin(), end.end(),
                    text.end() - static_cast<std::ptrdiff_t>(end.size()),
                    [](char x, char y) {
                      return x == (y >= 'A' && y <= 'Z' ? y - 'A' + 'a' : y);
                    });
}

} // namespace

void document::find_type() const noexcept {
  auto text = mime_type_of(*of_flow_, handshake_.get(), content_);
  type_ = is_json_type(text) ? type::json : type::other;
}

void document::refuse(std::string problem) const {
  problem_ = std::move(problem);
  throw failure{errc::expression, problem_};
}

void document::use() const {
  if (once_ && std::exchange(used_, true))
    throw failure{errc::expression,
                  "the payload was read before, and the flow's streaming is "
                  "non-repeatable"};
}

void document::give(std::string bytes) const {
  loaded_ = std::make_unique<const std::string>(std::move(bytes));
}

/// Sees to it that a large content is in memory.
void document::need_bytes() const {
  auto& large = content_.large();
  if (!large || loaded_)
    return;
  if (large->size() > most_loaded)
    refuse("the payload has " + std::to_string(large->size())
           + " bytes, and an expression sees at most "
           + std::to_string(most_loaded));
  throw content_needed{*this};
}

void document::prepare_text() const {
  if (!problem_.empty())
    throw failure{errc::expression, problem_};
  need_bytes();
  use();
  if (encoding_ != nullptr && !is_decoded_)
    decode();
}

void document::prepare() const {
  if (!json_problem_.empty())
    throw failure{errc::expression, json_problem_};
  prepare_text();
  if (!parsed_ && is_json())
    parse();
}

void document::decode() const {
  std::string problem;
  auto text = flows::decode(raw(), *encoding_, problem);
  if (!text)
    refuse("the payload: " + problem);
  decoded_ = std::move(*text);
  is_decoded_ = true;
}

const json_ref& document::json() const {
  prepare();
  return parsed_;
}

void document::parse() const {
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::json::error_code code;
  auto bytes = text();
  boost::json::parser parser{{}, options};
  auto read = parser.write({bytes.data(), bytes.size()}, code);
  if (code) {
    json_problem_ = "the payload is not JSON: " + code.message() + " at byte "
                    + std::to_string(read);
    throw failure{errc::expression, json_problem_};
  }
  parsed_ = std::make_shared<const boost::json::value>(parser.release());
}

bool is_json_type(std::string_view mime_type) noexcept {
  auto essence = mime_type.substr(0, mime_type.find(';'));
  while (!essence.empty() && (essence.back() == ' ' || essence.back() == '\t'))
    essence.remove_suffix(1);
  while (!essence.empty()
         && (essence.front() == ' ' || essence.front() == '\t'))
    essence.remove_prefix(1);
  constexpr std::string_view plain = "application/json";
  return (essence.size() == plain.size()
          && ends_with_case_folded(essence, plain))
         || ends_with_case_folded(essence, "+json");
}

std::string_view mime_type_of(const std::optional<std::string>& of_flow,
                              const handshake_attributes* handshake,
                              const payload& content) noexcept {
  if (of_flow)
    return *of_flow;
  if (handshake != nullptr)
    if (auto type = handshake->header("content-type"))
      return *type;
  return content.binary() ? "application/octet-stream" : "text/plain";
}

} // namespace switchboard::flows
