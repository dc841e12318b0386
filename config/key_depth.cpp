#include "config/key_depth.hpp"

namespace switchboard::config {

namespace {

class key_scanner {
public:
  explicit key_scanner(std::string_view text) : text_(text) {
    // nop
  }

  std::optional<source_place> run() {
    std::size_t dots = 0;
    while (pos_ < text_.size()) {
      switch (text_[pos_]) {
        case '#':
          skip_comment();
          break;
        case '"':
        case '\'':
          skip_string(text_[pos_]);
          break;
        case '\n':
        case '=':
        case ',':
        case '[':
        case '{':
          dots = 0;
          step();
          break;
        case '.':
          if (++dots >= max_key_parts)
            return source_place{line_, column_};
          step();
          break;
        default:
          step();
      }
    }
    return std::nullopt;
  }

private:
  void step() {
    if (text_[pos_] == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(text_[pos_]) & 0xC0) != 0x80) {
      ++column_;
    }
    ++pos_;
  }

  void steps(std::size_t n) {
    while (n-- > 0 && pos_ < text_.size())
      step();
  }

  void skip_comment() {
    while (pos_ < text_.size() && text_[pos_] != '\n')
      step();
  }

  void skip_string(char quote) {
    auto rest = text_.substr(pos_);
    auto multi_line = rest.size() >= 3 && rest[1] == quote && rest[2] == quote;
    steps(multi_line ? 3 : 1);
    while (pos_ < text_.size()) {
      auto c = text_[pos_];
      if (c == '\\' && quote == '"') {
        steps(2);
      } else if (c == quote && !multi_line) {
        return step();
      } else if (c == '\n' && !multi_line) {
        // Not TOML: the parser says so.
        return;
      } else if (c == quote && is_triple(quote)) {
        // Up to two quotes may stand before the closing three.
        while (pos_ < text_.size() && text_[pos_] == quote)
          step();
        return;
      } else {
        step();
      }
    }
  }

  bool is_triple(char quote) const {
    return text_.size() - pos_ >= 3 && text_[pos_ + 1] == quote
           && text_[pos_ + 2] == quote;
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
};

} // namespace

std::optional<source_place> find_deep_key(std::string_view toml) {
  return key_scanner{toml}.run();
}

} // namespace switchboard::config
