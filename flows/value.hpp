#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/json.hpp>

#include <switchboard/payload.hpp>

#include "flows/document.hpp"

namespace switchboard::flows {

struct record;

/// What an expression yields and a variable holds. Cheap to copy but for
/// long strings. A `json_ref` is never null and holds an array or an object;
/// scalars have alternatives of their own (see `from_json`). Integers are of
/// Lua's width.
using value = std::variant<std::monostate, bool, std::int64_t, double,
                           std::string, std::shared_ptr<const document>,
                           json_ref, std::shared_ptr<const record>>;

/// A map with documents in it, whose bytes stay as they are: what JSON cannot
/// hold. Those that are JSON were parsed before.
struct record {
  std::vector<std::pair<std::string, value>> fields;

  /// Null where there is none.
  const value* find(std::string_view name) const noexcept {
    for (auto& [key, x] : fields)
      if (key == name)
        return &x;
    return nullptr;
  }
};

/// Makes a value of one node of a JSON value; null is nil.
/// @param node points into what `owner` keeps alive.
value from_json(const json_ref& owner, const boost::json::value& node);

/// Makes a value of a JSON value.
value from_json(boost::json::value x);

inline bool is_nil(const value& x) noexcept {
  return std::holds_alternative<std::monostate>(x);
}

/// Whether Lua takes it for true: all but nil and false. A document counts by
/// the JSON it holds, where it is JSON.
bool is_truthy(const value& x);

/// A value as JSON: a document as what it holds where it is JSON, else as a
/// string. Throws as `document::json` does.
boost::json::value to_json(const value& x);

/// The text of a value: nil is empty, lists and maps are JSON, a document is
/// its bytes, as UTF-8 where it has an encoding. Throws `failure` (EXPRESSION)
/// where they do not fit it.
std::string to_text(const value& x);

/// The content of a message: a document's bytes unchanged, else the text.
/// @param binary unset: as the document came, else text.
/// Throws `failure` (EXPRESSION) for text that is not UTF-8.
payload to_payload(const value& x, std::optional<bool> binary);

/// The items of a list, for a loop or for a list of names. A JSON document
/// counts as its JSON, nil as no items, an empty map as no items.
/// @returns `nullopt` for anything else.
std::optional<std::vector<value>> to_items(const value& x);

/// What kind of value it is, for error messages.
std::string_view kind_of(const value& x) noexcept;

} // namespace switchboard::flows
