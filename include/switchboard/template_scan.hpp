#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace switchboard {

/// A piece of a template text: literal characters, or what stands between
/// `#[` and the bracket that balances it.
struct template_part {
  bool is_expression = false;
  /// Points into the scanned text; an expression without its `#[` and `]`.
  std::string_view text;
  /// Where `text` begins in the scanned text, in bytes.
  std::size_t offset = 0;
};

/// What `scan_template` found. Literal parts are never empty; the parts stand
/// in the text's order.
struct template_scan {
  std::vector<template_part> parts;
  /// Offset of the `#[` that is never closed; `parts` ends before it.
  std::optional<std::size_t> unclosed;

  /// Whether there is nothing to evaluate. An empty text is a constant.
  bool is_constant() const noexcept {
    if (unclosed)
      return false;
    for (auto& part : parts)
      if (part.is_expression)
        return false;
    return true;
  }

  /// Whether the whole text is one expression: its value is kept as it is,
  /// where text around it would make a string.
  bool is_expression() const noexcept {
    return !unclosed && parts.size() == 1 && parts.front().is_expression;
  }
};

namespace detail {

/// Walks over Lua 5.4 source as its lexer does (reference manual §3.1), as far
/// as it takes to tell the brackets of code from those in strings and
/// comments.
class lua_bracket_scanner {
public:
  explicit lua_bracket_scanner(std::string_view text) noexcept : text_(text) {
    // nop
  }

  /// @param pos just behind an opening bracket.
  /// @returns where the bracket stands that closes it; `nullopt` for none.
  std::optional<std::size_t> close_of(std::size_t pos) noexcept {
    std::size_t depth = 1;
    pos_ = pos;
    while (pos_ < text_.size()) {
      switch (text_[pos_]) {
        case '\'':
        case '"':
          skip_short_string();
          break;
        case '-':
          skip_minus();
          break;
        case '[':
          if (auto level = long_bracket()) {
            skip_long_bracket(*level);
          } else {
            ++depth;
            ++pos_;
          }
          break;
        case ']':
          if (--depth == 0)
            return pos_;
          ++pos_;
          break;
        default:
          ++pos_;
      }
    }
    return std::nullopt;
  }

private:
  /// Ends behind the closing quote, or before the line end that Lua reports
  /// as an unfinished string.
  void skip_short_string() noexcept {
    auto quote = text_[pos_++];
    while (pos_ < text_.size()) {
      auto c = text_[pos_];
      if (c == '\n' || c == '\r')
        return;
      ++pos_;
      if (c == quote)
        return;
      if (c == '\\' && pos_ < text_.size())
        skip_escape();
    }
  }

  void skip_escape() noexcept {
    auto c = text_[pos_++];
    if (c == 'z') {
      // `\z` swallows white space, line ends included.
      while (pos_ < text_.size()
             && std::string_view{" \t\n\v\f\r"}.find(text_[pos_])
                    != std::string_view::npos)
        ++pos_;
    } else if ((c == '\r' || c == '\n') && pos_ < text_.size()
               && (text_[pos_] == '\r' || text_[pos_] == '\n')
               && text_[pos_] != c) {
      ++pos_;
    }
  }

  void skip_minus() noexcept {
    ++pos_;
    if (pos_ >= text_.size() || text_[pos_] != '-')
      return;
    ++pos_;
    if (pos_ < text_.size() && text_[pos_] == '[')
      if (auto level = long_bracket())
        return skip_long_bracket(*level);
    while (pos_ < text_.size() && text_[pos_] != '\n' && text_[pos_] != '\r')
      ++pos_;
  }

  /// The level of the long bracket that opens here: the number of `=`.
  std::optional<std::size_t> long_bracket() const noexcept {
    auto end = text_.find_first_not_of('=', pos_ + 1);
    if (end == std::string_view::npos || text_[end] != '[')
      return std::nullopt;
    return end - pos_ - 1;
  }

  void skip_long_bracket(std::size_t level) noexcept {
    pos_ += level + 2;
    while (pos_ < text_.size()) {
      if (text_[pos_++] != ']')
        continue;
      auto end = text_.find_first_not_of('=', pos_);
      if (end == std::string_view::npos) {
        pos_ = text_.size();
        return;
      }
      if (text_[end] == ']' && end - pos_ == level) {
        pos_ = end + 1;
        return;
      }
      pos_ = end;
    }
  }

  std::string_view text_;
  std::size_t pos_ = 0;
};

} // namespace detail

/// Splits a text with any number of `#[ … ]` into its parts. An expression
/// ends at the bracket that balances its own; brackets in Lua's strings and
/// comments do not count. A `#` that no bracket follows is literal.
inline template_scan scan_template(std::string_view text) {
  template_scan result;
  std::size_t pos = 0;
  while (pos < text.size()) {
    auto open = text.find("#[", pos);
    auto literal =
        text.substr(pos, open == std::string_view::npos ? std::string_view::npos
                                                        : open - pos);
    if (!literal.empty())
      result.parts.push_back({false, literal, pos});
    if (open == std::string_view::npos)
      break;
    auto begin = open + 2;
    auto end = detail::lua_bracket_scanner{text}.close_of(begin);
    if (!end) {
      result.unclosed = open;
      break;
    }
    result.parts.push_back({true, text.substr(begin, *end - begin), begin});
    pos = *end + 1;
  }
  return result;
}

} // namespace switchboard
