#include "flows/failure_record.hpp"

#include <boost/json.hpp>

#include "flows/json_text.hpp"

namespace switchboard::flows {

namespace {

namespace json = boost::json;

constexpr std::size_t most_errors = 10;
constexpr std::size_t most_bytes = 256;

/// Cut between characters; what is no UTF-8 is left out altogether.
std::string cut(const std::string& text) {
  auto size = text.size();
  if (size > most_bytes) {
    size = most_bytes;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
      --size;
  }
  auto result = text.substr(0, size);
  return is_utf8(result) ? result : std::string{};
}

const json::string* text_of(const json::object& from, std::string_view key) {
  auto found = from.if_contains(key);
  return found != nullptr ? found->if_string() : nullptr;
}

} // namespace

void failure_record::add(const error_text& why) {
  ++count;
  if (past.size() >= most_errors)
    past.erase(past.begin());
  past.push_back({cut(why.type), cut(why.message)});
}

std::string failure_record::render() const {
  json::array errors;
  for (auto& one : past)
    errors.push_back(
        json::object{{"type", one.type}, {"message", one.message}});
  return json::serialize(
      json::object{{"count", count}, {"past", std::move(errors)}});
}

std::optional<failure_record> failure_record::parse(std::string_view text) {
  json::error_code problem;
  auto read = json::parse(text, problem);
  if (problem || !read.is_object())
    return std::nullopt;
  auto& object = read.get_object();
  auto count = object.if_contains("count");
  auto errors = object.if_contains("past");
  if (count == nullptr || errors == nullptr || !errors->is_array())
    return std::nullopt;
  failure_record result;
  result.count = count->to_number<std::uint64_t>(problem);
  if (problem)
    return std::nullopt;
  for (auto& one : errors->get_array()) {
    auto error = one.if_object();
    auto type = error != nullptr ? text_of(*error, "type") : nullptr;
    auto message = error != nullptr ? text_of(*error, "message") : nullptr;
    if (type == nullptr || message == nullptr)
      return std::nullopt;
    result.past.push_back({std::string{*type}, std::string{*message}});
  }
  return result;
}

} // namespace switchboard::flows
