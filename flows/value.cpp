#include "flows/value.hpp"

#include <limits>
#include <type_traits>

#include "flows/failure.hpp"
#include "flows/json_text.hpp"

namespace switchboard::flows {

namespace {

using document_ptr = std::shared_ptr<const document>;

/// JSON need not be valid where it is only passed on.
std::string text_of(const document& what) {
  what.prepare_text();
  return std::string{what.text()};
}

/// The content of a document as a message of a kind.
payload content_of(const document& what, bool binary) {
  auto& content = what.content();
  // What goes as text is UTF-8 whatever it came as, and seen to be.
  if (!binary && content.binary() && (what.is_encoded() || content.large()))
    return payload{text_of(what)};
  what.use();
  if (content.large())
    return {content.large(), binary};
  return {content.storage(), binary};
}

} // namespace

value from_json(const json_ref& owner, const boost::json::value& node) {
  switch (node.kind()) {
    case boost::json::kind::null:
      return std::monostate{};
    case boost::json::kind::bool_:
      return node.get_bool();
    case boost::json::kind::int64:
      return node.get_int64();
    case boost::json::kind::uint64:
      if (node.get_uint64() > std::numeric_limits<std::int64_t>::max())
        return static_cast<double>(node.get_uint64());
      return static_cast<std::int64_t>(node.get_uint64());
    case boost::json::kind::double_:
      return node.get_double();
    case boost::json::kind::string:
      return std::string{node.get_string().data(), node.get_string().size()};
    default:
      return json_ref{owner, &node};
  }
}

value from_json(boost::json::value x) {
  auto owner = std::make_shared<const boost::json::value>(std::move(x));
  return from_json(owner, *owner);
}

bool is_truthy(const value& x) {
  if (is_nil(x))
    return false;
  if (auto flag = std::get_if<bool>(&x))
    return *flag;
  if (auto doc = std::get_if<document_ptr>(&x); doc && (*doc)->is_json()) {
    auto& json = *(*doc)->json();
    return !json.is_null() && !(json.is_bool() && !json.get_bool());
  }
  return true;
}

boost::json::value to_json(const value& x) {
  return std::visit(
      [](const auto& what) -> boost::json::value {
        using type = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<type, std::monostate>) {
          return nullptr;
        } else if constexpr (std::is_same_v<type, document_ptr>) {
          what->prepare();
          if (auto& json = what->parsed())
            return *json;
          auto text = what->text();
          return boost::json::string{text.data(), text.size()};
        } else if constexpr (std::is_same_v<type, json_ref>) {
          return *what;
        } else if constexpr (std::is_same_v<type,
                                            std::shared_ptr<const record>>) {
          boost::json::object result;
          for (auto& [name, field] : what->fields)
            result.emplace(name, to_json(field));
          return result;
        } else {
          return boost::json::value(what);
        }
      },
      x);
}

std::string to_text(const value& x) {
  return std::visit(
      [](const auto& what) -> std::string {
        using type = std::decay_t<decltype(what)>;
        std::string result;
        if constexpr (std::is_same_v<type, bool>)
          result = what ? "true" : "false";
        else if constexpr (std::is_same_v<type, std::int64_t>)
          result = std::to_string(what);
        else if constexpr (std::is_same_v<type, double>)
          append_number(result, what);
        else if constexpr (std::is_same_v<type, std::string>)
          result = what;
        else if constexpr (std::is_same_v<type, document_ptr>)
          result = text_of(*what);
        else if constexpr (std::is_same_v<type, json_ref>)
          append_json(result, *what);
        else if constexpr (std::is_same_v<type, std::shared_ptr<const record>>)
          append_json(result, to_json(what));
        return result;
      },
      x);
}

payload to_payload(const value& x, std::optional<bool> binary) {
  payload result;
  auto checked = false;
  if (auto doc = std::get_if<document_ptr>(&x)) {
    auto is_binary = (*doc)->content().binary();
    checked = !is_binary;
    result = content_of(**doc, binary.value_or(is_binary));
  } else {
    result = payload{to_text(x), binary.value_or(false)};
  }
  if (!result.binary() && !checked && !is_utf8(result.view()))
    throw failure{errc::expression, "the content goes as text but is not "
                                    "UTF-8; send it with `binary = true`"};
  return result;
}

std::optional<std::vector<value>> to_items(const value& x) {
  if (is_nil(x))
    return std::vector<value>{};
  json_ref json;
  if (auto ref = std::get_if<json_ref>(&x))
    json = *ref;
  else if (auto doc = std::get_if<document_ptr>(&x); doc && (*doc)->is_json())
    json = (*doc)->json();
  if (!json)
    return std::nullopt;
  if (json->is_null() || (json->is_object() && json->get_object().empty()))
    return std::vector<value>{};
  if (!json->is_array())
    return std::nullopt;
  std::vector<value> result;
  result.reserve(json->get_array().size());
  for (auto& item : json->get_array())
    result.push_back(from_json(json, item));
  return result;
}

std::string_view kind_of(const value& x) noexcept {
  static constexpr std::string_view names[] = {
      "nil", "a boolean", "a number", "a number", "a string", "the payload"};
  if (auto ref = std::get_if<json_ref>(&x))
    return (*ref)->is_array() ? "a list" : "a map";
  if (std::holds_alternative<std::shared_ptr<const record>>(x))
    return "a map";
  return names[x.index()];
}

} // namespace switchboard::flows
