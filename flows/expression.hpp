#pragma once

#include <optional>
#include <string>
#include <vector>

#include <switchboard/flow_options.hpp>

#include "flows/diagnostic.hpp"
#include "flows/lua_sandbox.hpp"
#include "flows/native_path.hpp"
#include "flows/scope.hpp"

namespace switchboard::flows {

/// A template text, ready to be evaluated: a constant, one expression whose
/// value is kept as it is, or a mix that becomes text.
class expression {
public:
  /// Of an empty text.
  expression();

  /// Reads a text and compiles its Lua for syntax.
  /// @param chunks takes the Lua that is needed at run time.
  /// @param problems takes what is wrong; the result is then of no use.
  static expression compile(const template_text& text, lua_chunks& chunks,
                            diagnostics& problems);

  /// Throws `failure` (EXPRESSION).
  /// @param lua of the same chunks.
  value evaluate(const scope& in, lua_sandbox& lua) const;

  /// The value where it is at hand, a constant's or the payload, so that
  /// nothing is copied; else null.
  const value* at_hand(const scope& in) const noexcept {
    if (parts_.empty())
      return &constant_;
    auto& path = parts_.front().path;
    return parts_.size() == 1 && path ? path->find_payload(in) : nullptr;
  }

  bool is_constant() const noexcept {
    return parts_.empty();
  }

  source_place at() const noexcept {
    return at_;
  }

private:
  struct part {
    /// Set for a literal.
    std::string text;
    std::optional<native_path> path;
    std::optional<std::size_t> chunk;
  };

  static value evaluate(const part& what, const scope& in, lua_sandbox& lua);

  /// Of a constant; a document, so that sending it copies nothing.
  value constant_;
  std::vector<part> parts_;
  source_place at_;
};

} // namespace switchboard::flows
