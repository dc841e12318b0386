#include "flows/pattern_matcher.hpp"

#include <cctype>
#include <cstring>

namespace switchboard::flows {

namespace {

constexpr char escape = '%';

/// As in Lua: how deep the matcher calls itself.
constexpr int max_depth = 200;

bool match_class(int c, int what) {
  bool result = false;
  switch (std::tolower(what)) {
    case 'a':
      result = std::isalpha(c) != 0;
      break;
    case 'c':
      result = std::iscntrl(c) != 0;
      break;
    case 'd':
      result = std::isdigit(c) != 0;
      break;
    case 'g':
      result = std::isgraph(c) != 0;
      break;
    case 'l':
      result = std::islower(c) != 0;
      break;
    case 'p':
      result = std::ispunct(c) != 0;
      break;
    case 's':
      result = std::isspace(c) != 0;
      break;
    case 'u':
      result = std::isupper(c) != 0;
      break;
    case 'w':
      result = std::isalnum(c) != 0;
      break;
    case 'x':
      result = std::isxdigit(c) != 0;
      break;
    default:
      return what == c;
  }
  return std::isupper(what) != 0 ? !result : result;
}

int byte_of(char c) noexcept {
  return static_cast<unsigned char>(c);
}

} // namespace

pattern_matcher::pattern_matcher(std::string_view subject,
                                 std::string_view pattern,
                                 std::uint64_t max_steps) noexcept
    : begin_(subject.data()),
      end_(subject.data() + subject.size()),
      pattern_(pattern.data()),
      pattern_end_(pattern.data() + pattern.size()),
      max_steps_(max_steps) {
  // nop
}

const char* pattern_matcher::match_at(const char* where) {
  level_ = 0;
  depth_ = 0;
  return match(where, pattern_);
}

void pattern_matcher::step() {
  if (++steps_ > max_steps_)
    throw pattern_error{"too many instructions"};
}

const char* pattern_matcher::match(const char* s, const char* p) {
  if (++depth_ > max_depth)
    throw pattern_error{"pattern too complex"};
  // Errors leave by exception and end the matcher: only returns count down.
  struct leave {
    int& depth;
    ~leave() {
      --depth;
    }
  } guard{depth_};
  for (;;) {
    step();
    if (p == pattern_end_)
      return s;
    switch (*p) {
      case '(':
        if (p + 1 != pattern_end_ && p[1] == ')')
          return start_capture(s, p + 2, position);
        return start_capture(s, p + 1, unclosed);
      case ')':
        return end_capture(s, p + 1);
      case '$':
        if (p + 1 == pattern_end_)
          return s == end_ ? s : nullptr;
        break;
      case escape:
        if (p + 1 == pattern_end_)
          break;
        if (p[1] == 'b') {
          s = match_balance(s, p + 2);
          if (s == nullptr)
            return nullptr;
          p += 4;
          continue;
        }
        if (p[1] == 'f') {
          p += 2;
          if (p == pattern_end_ || *p != '[')
            throw pattern_error{"missing '[' after '%f' in pattern"};
          auto set_end = class_end(p);
          if (match_frontier(s, p, set_end) == nullptr)
            return nullptr;
          p = set_end;
          continue;
        }
        if (std::isdigit(byte_of(p[1])) != 0) {
          s = match_back_reference(s, p[1]);
          if (s == nullptr)
            return nullptr;
          p += 2;
          continue;
        }
        break;
      default:
        break;
    }
    auto end = class_end(p);
    auto suffix = end != pattern_end_ ? *end : '\0';
    if (!single_match(s, p, end)) {
      if (suffix != '*' && suffix != '?' && suffix != '-')
        return nullptr;
      p = end + 1;
      continue;
    }
    switch (suffix) {
      case '?':
        if (auto result = match(s + 1, end + 1))
          return result;
        p = end + 1;
        break;
      case '+':
        return max_expand(s + 1, p, end);
      case '*':
        return max_expand(s, p, end);
      case '-':
        return min_expand(s, p, end);
      default:
        ++s;
        p = end;
    }
  }
}

const char* pattern_matcher::class_end(const char* p) {
  auto first = *p++;
  if (first == escape) {
    if (p == pattern_end_)
      throw pattern_error{"malformed pattern (ends with '%')"};
    return p + 1;
  }
  if (first != '[')
    return p;
  if (p != pattern_end_ && *p == '^')
    ++p;
  // A `]` that comes first is one of the set.
  do {
    if (p == pattern_end_)
      throw pattern_error{"malformed pattern (missing ']')"};
    step();
    if (*p++ == escape) {
      if (p == pattern_end_)
        throw pattern_error{"malformed pattern (missing ']')"};
      ++p;
    }
  } while (p == pattern_end_ || *p != ']');
  return p + 1;
}

bool pattern_matcher::match_set(int c, const char* p, const char* end) {
  auto found = true;
  if (p[1] == '^') {
    found = false;
    ++p;
  }
  while (++p < end) {
    step();
    if (*p == escape) {
      ++p;
      if (match_class(c, byte_of(*p)))
        return found;
    } else if (p[1] == '-' && p + 2 < end) {
      p += 2;
      if (byte_of(p[-2]) <= c && c <= byte_of(*p))
        return found;
    } else if (byte_of(*p) == c) {
      return found;
    }
  }
  return !found;
}

bool pattern_matcher::single_match(const char* s, const char* p,
                                   const char* end) {
  if (s >= end_)
    return false;
  auto c = byte_of(*s);
  switch (*p) {
    case '.':
      return true;
    case escape:
      return match_class(c, byte_of(p[1]));
    case '[':
      return match_set(c, p, end - 1);
    default:
      return byte_of(*p) == c;
  }
}

const char* pattern_matcher::match_balance(const char* s, const char* p) {
  if (pattern_end_ - p < 2)
    throw pattern_error{"malformed pattern (missing arguments to '%b')"};
  if (s >= end_ || *s != *p)
    return nullptr;
  std::size_t open = 1;
  while (++s < end_) {
    step();
    if (*s == p[1]) {
      if (--open == 0)
        return s + 1;
    } else if (*s == *p) {
      ++open;
    }
  }
  return nullptr;
}

const char* pattern_matcher::match_frontier(const char* s, const char* p,
                                            const char* end) {
  auto previous = s == begin_ ? 0 : byte_of(s[-1]);
  auto current = s == end_ ? 0 : byte_of(*s);
  if (!match_set(previous, p, end - 1) && match_set(current, p, end - 1))
    return s;
  return nullptr;
}

const char* pattern_matcher::match_back_reference(const char* s, char digit) {
  auto index = digit - '1';
  if (index < 0 || index >= level_ || at(index).size == unclosed)
    throw pattern_error{"invalid capture index in pattern"};
  // A position counts as empty text.
  auto size = at(index).size == position ? 0 : at(index).size;
  steps_ += static_cast<std::uint64_t>(size) / 16;
  step();
  if (end_ - s < size
      || std::memcmp(at(index).start, s, static_cast<std::size_t>(size)) != 0)
    return nullptr;
  return s + size;
}

const char* pattern_matcher::max_expand(const char* s, const char* p,
                                        const char* end) {
  std::ptrdiff_t count = 0;
  while (single_match(s + count, p, end)) {
    step();
    ++count;
  }
  for (; count >= 0; --count)
    if (auto result = match(s + count, end + 1))
      return result;
  return nullptr;
}

const char* pattern_matcher::min_expand(const char* s, const char* p,
                                        const char* end) {
  for (;;) {
    if (auto result = match(s, end + 1))
      return result;
    if (!single_match(s, p, end))
      return nullptr;
    ++s;
  }
}

const char* pattern_matcher::start_capture(const char* s, const char* p,
                                           std::ptrdiff_t what) {
  if (level_ >= max_captures)
    throw pattern_error{"too many captures"};
  at(level_) = {s, what};
  ++level_;
  auto result = match(s, p);
  if (result == nullptr)
    --level_;
  return result;
}

const char* pattern_matcher::end_capture(const char* s, const char* p) {
  auto open = level_ - 1;
  while (open >= 0 && at(open).size != unclosed)
    --open;
  if (open < 0)
    throw pattern_error{"invalid pattern capture"};
  at(open).size = s - at(open).start;
  auto result = match(s, p);
  if (result == nullptr)
    at(open).size = unclosed;
  return result;
}

} // namespace switchboard::flows
