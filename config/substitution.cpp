#include "config/substitution.hpp"

#include <algorithm>
#include <cstddef>

#include "config/shown.hpp"

namespace switchboard::config {

namespace {

/// Whether bytes are UTF-8 (RFC 3629): what is replaced ends up in text
/// frames and JSON.
bool is_utf8(std::string_view bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size();) {
    auto at = [&](std::size_t k) -> unsigned {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k])
                                  : 0;
    };
    auto first = at(0);
    std::size_t length = first < 0x80                     ? 1
                         : first >= 0xC2 && first <= 0xDF ? 2
                         : first >= 0xE0 && first <= 0xEF ? 3
                         : first >= 0xF0 && first <= 0xF4 ? 4
                                                          : 0;
    if (length == 0)
      return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((at(k) & 0xC0) != 0x80)
        return false;
    if ((first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) > 0x9F)
        || (first == 0xF0 && at(1) < 0x90) || (first == 0xF4 && at(1) > 0x8F))
      return false;
    i += length;
  }
  return true;
}

bool is_variable_name(std::string_view name) noexcept {
  auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name.front())
         && std::all_of(name.begin(), name.end(), [&](char c) {
              return is_letter(c) || (c >= '0' && c <= '9');
            });
}

void drop_last_line_end(std::string& text) {
  if (!text.empty() && text.back() == '\n')
    text.pop_back();
  if (!text.empty() && text.back() == '\r')
    text.pop_back();
}

class substitution {
public:
  substitution(const environment& env, const std::filesystem::path& directory)
      : env_(env), directory_(directory) {
    // nop
  }

  void replace(std::string_view inner) {
    constexpr std::string_view file_prefix = "file:";
    if (inner.starts_with(file_prefix))
      replace_file(inner.substr(file_prefix.size()));
    else
      replace_variable(inner);
  }

  substituted result;

private:
  void fail(std::string problem) {
    result.problems.push_back(std::move(problem));
  }

  void take(std::string_view value, std::string what) {
    if (!is_utf8(value))
      return fail(std::move(what) + " is not UTF-8, expected text");
    result.value += value;
    result.replaced = true;
  }

  void replace_file(std::string_view path) {
    if (path.empty())
      return fail("`${file:}` names no file, expected ${file:PATH}");
    auto what = "the file " + in_quotes(path);
    if (path.find('\0') != std::string_view::npos)
      return fail(what + " cannot be read, expected a path");
    auto read = env_.file(directory_ / std::filesystem::path{path});
    if (!read.text)
      return fail(what + " cannot be read: " + read.problem);
    drop_last_line_end(*read.text);
    take(*read.text, std::move(what));
  }

  void replace_variable(std::string_view name) {
    if (!is_variable_name(name))
      return fail(in_quotes(name)
                  + " is no variable's name, expected ${NAME} or "
                    "${file:PATH}");
    auto what = "the environment variable " + std::string{name};
    auto value = env_.variable(std::string{name});
    if (!value)
      return fail(what + " is not set, expected a value for it");
    take(*value, std::move(what));
  }

  const environment& env_;
  const std::filesystem::path& directory_;
};

} // namespace

substituted substitute(std::string_view text, const environment& env,
                       const std::filesystem::path& directory) {
  substitution work{env, directory};
  std::size_t pos = 0;
  for (;;) {
    auto open = text.find("${", pos);
    work.result.value += text.substr(pos, open - pos);
    if (open == std::string_view::npos)
      break;
    auto close = text.find('}', open);
    if (close == std::string_view::npos) {
      work.result.problems.push_back("a `${` is not closed, expected `}`");
      break;
    }
    work.replace(text.substr(open + 2, close - open - 2));
    pos = close + 1;
  }
  return std::move(work.result);
}

} // namespace switchboard::config
