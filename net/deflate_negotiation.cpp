#include "net/deflate.hpp"

#include <algorithm>

#include "net/header_values.hpp"

namespace switchboard::net {

namespace {

constexpr std::string_view extension_name = "permessage-deflate";
constexpr int least_window_bits = 8;
constexpr int most_window_bits = 15;

/// The parameters of one offer or answer as they stood there.
struct deflate_parameters {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  std::optional<int> server_max_window_bits;
  std::optional<int> client_max_window_bits;
  /// Named, with or without a value.
  bool client_window_named = false;
};

/// Decimal 8 to 15 without leading zeros (RFC 7692 §7.1.2).
std::optional<int> parse_window_bits(std::string_view text) noexcept {
  for (auto bits = least_window_bits; bits <= most_window_bits; ++bits) {
    auto matches = bits < 10 ? text.size() == 1 && text[0] == '0' + bits
                             : text.size() == 2 && text[0] == '1'
                                   && text[1] == '0' + bits - 10;
    if (matches)
      return bits;
  }
  return std::nullopt;
}

/// @param answer whether it is a server's answer, where client_max_window_bits
///        needs a value.
/// @returns `nullopt` for unknown, repeated and ill-formed parameters.
std::optional<deflate_parameters> read_parameters(const extension& element,
                                                  bool answer) {
  deflate_parameters result;
  for (auto& [name, value] : element.parameters) {
    if (equal_ignoring_case(name, "server_no_context_takeover")) {
      if (value || result.server_no_context_takeover)
        return std::nullopt;
      result.server_no_context_takeover = true;
    } else if (equal_ignoring_case(name, "client_no_context_takeover")) {
      if (value || result.client_no_context_takeover)
        return std::nullopt;
      result.client_no_context_takeover = true;
    } else if (equal_ignoring_case(name, "server_max_window_bits")) {
      if (!value || result.server_max_window_bits)
        return std::nullopt;
      result.server_max_window_bits = parse_window_bits(*value);
      if (!result.server_max_window_bits)
        return std::nullopt;
    } else if (equal_ignoring_case(name, "client_max_window_bits")) {
      if (result.client_window_named || (answer && !value))
        return std::nullopt;
      result.client_window_named = true;
      if (value) {
        result.client_max_window_bits = parse_window_bits(*value);
        if (!result.client_max_window_bits)
          return std::nullopt;
      }
    } else {
      return std::nullopt;
    }
  }
  return result;
}

void append_bits(std::string& out, std::string_view name, int bits) {
  out += "; ";
  out += name;
  out += '=';
  out += std::to_string(bits);
}

} // namespace

std::optional<deflate_agreement>
accept_deflate_offer(std::string_view extensions,
                     const compression_options& options, std::string& answer) {
  answer.clear();
  if (!options.enabled)
    return std::nullopt;
  auto offers = parse_extensions(extensions);
  if (!offers)
    return std::nullopt;
  for (auto& element : *offers) {
    if (!equal_ignoring_case(element.name, extension_name))
      continue;
    auto offer = read_parameters(element, false);
    if (!offer)
      continue;
    // A client that does not name its window cannot be told to keep it small;
    // our bound would not hold (RFC 7692 §7.1.2.2).
    if (!offer->client_window_named
        && options.client_max_window_bits < most_window_bits)
      continue;
    deflate_agreement result;
    result.server_max_window_bits =
        std::min(offer->server_max_window_bits.value_or(most_window_bits),
                 options.server_max_window_bits);
    result.client_max_window_bits =
        std::min(offer->client_max_window_bits.value_or(most_window_bits),
                 options.client_max_window_bits);
    result.server_no_context_takeover =
        offer->server_no_context_takeover || options.server_no_context_takeover;
    result.client_no_context_takeover =
        offer->client_no_context_takeover || options.client_no_context_takeover;
    answer = extension_name;
    if (result.server_no_context_takeover)
      answer += "; server_no_context_takeover";
    if (result.client_no_context_takeover)
      answer += "; client_no_context_takeover";
    if (offer->server_max_window_bits
        || result.server_max_window_bits < most_window_bits)
      append_bits(answer, "server_max_window_bits",
                  result.server_max_window_bits);
    if (result.client_max_window_bits < most_window_bits)
      append_bits(answer, "client_max_window_bits",
                  result.client_max_window_bits);
    return result;
  }
  return std::nullopt;
}

std::string make_deflate_offer(const compression_options& options) {
  if (!options.enabled)
    return {};
  std::string result{extension_name};
  if (options.server_no_context_takeover)
    result += "; server_no_context_takeover";
  if (options.client_no_context_takeover)
    result += "; client_no_context_takeover";
  if (options.server_max_window_bits < most_window_bits)
    append_bits(result, "server_max_window_bits",
                options.server_max_window_bits);
  if (options.client_max_window_bits < most_window_bits)
    append_bits(result, "client_max_window_bits",
                options.client_max_window_bits);
  else
    result += "; client_max_window_bits";
  return result;
}

std::optional<deflate_agreement>
read_deflate_answer(std::string_view extensions,
                    const compression_options& options, bool& valid) {
  valid = true;
  auto refuse = [&valid]() -> std::optional<deflate_agreement> {
    valid = false;
    return std::nullopt;
  };
  auto answers = parse_extensions(extensions);
  if (!answers)
    return refuse();
  if (answers->empty())
    return std::nullopt;
  if (!options.enabled || answers->size() > 1
      || !equal_ignoring_case(answers->front().name, extension_name))
    return refuse();
  auto answer = read_parameters(answers->front(), true);
  if (!answer)
    return refuse();
  // What we asked of the server it must grant in its answer, or decline as a
  // whole (RFC 7692 §7.1.1.1, §7.1.2.1).
  if (options.server_no_context_takeover && !answer->server_no_context_takeover)
    return refuse();
  deflate_agreement result;
  result.server_max_window_bits =
      answer->server_max_window_bits.value_or(most_window_bits);
  if (result.server_max_window_bits > options.server_max_window_bits)
    return refuse();
  result.client_max_window_bits =
      answer->client_max_window_bits.value_or(options.client_max_window_bits);
  if (result.client_max_window_bits > options.client_max_window_bits)
    return refuse();
  result.server_no_context_takeover = answer->server_no_context_takeover;
  result.client_no_context_takeover =
      answer->client_no_context_takeover || options.client_no_context_takeover;
  return result;
}

} // namespace switchboard::net
