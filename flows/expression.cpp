#include "flows/expression.hpp"

#include <algorithm>

#include <switchboard/template_scan.hpp>

#include "flows/failure.hpp"
#include "flows/json_text.hpp"

namespace switchboard::flows {

namespace {

value make_constant(std::string_view text) {
  return std::make_shared<const document>(payload{std::string{text}}, false);
}

/// The place of a piece of a text that begins at `at`. Only lines are known:
/// a column behind escapes in the file is not.
source_place place_of(std::string_view text, std::size_t offset,
                      source_place at) {
  if (at.line == 0)
    return at;
  auto before = text.substr(0, offset);
  auto lines = std::count(before.begin(), before.end(), '\n');
  at.line += static_cast<std::uint32_t>(lines);
  if (lines > 0)
    at.column = 1;
  return at;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

} // namespace

expression::expression() : constant_(make_constant({})) {
  // nop
}

expression expression::compile(const template_text& text, lua_chunks& chunks,
                               diagnostics& problems) {
  expression result;
  result.at_ = text.at;
  if (!is_utf8(text.text)) {
    problems.push_back({text.at, "is not UTF-8"});
    return result;
  }
  auto scan = scan_template(text.text);
  if (scan.unclosed) {
    problems.push_back({place_of(text.text, *scan.unclosed, text.at),
                        "`#[` is never closed, expected `]`"});
    return result;
  }
  if (scan.is_constant()) {
    result.constant_ = make_constant(text.text);
    return result;
  }
  for (auto& found : scan.parts) {
    part piece;
    if (!found.is_expression) {
      piece.text = found.text;
      result.parts_.push_back(std::move(piece));
      continue;
    }
    auto at = place_of(text.text, found.offset, text.at);
    if (is_blank(found.text)) {
      problems.push_back(
          {at, "`#[]` is empty, expected a Lua expression", true});
      continue;
    }
    auto chunk = lua_chunk::make(found.text, at);
    if (auto wrong = lua_sandbox::check_syntax(chunk)) {
      if (at.line != 0 && wrong->line > 1)
        at = {at.line + wrong->line - 1, 1};
      // Without the text itself: it may hold a secret of the environment.
      problems.push_back(
          {at, wrong->message + ", expected a Lua 5.4 expression", true});
      continue;
    }
    piece.path = native_path::parse(found.text);
    piece.chunk = chunks.size();
    chunks.push_back(std::move(chunk));
    result.parts_.push_back(std::move(piece));
  }
  return result;
}

value expression::evaluate(const part& what, const scope& in,
                           lua_sandbox& lua) {
  if (what.path)
    if (auto found = what.path->find(in))
      return std::move(*found);
  return lua.evaluate(*what.chunk, in);
}

value expression::evaluate(const scope& in, lua_sandbox& lua) const {
  if (parts_.empty())
    return constant_;
  if (parts_.size() == 1)
    return evaluate(parts_.front(), in, lua);
  std::string result;
  for (auto& piece : parts_)
    result += piece.chunk ? to_text(evaluate(piece, in, lua)) : piece.text;
  return result;
}

} // namespace switchboard::flows
