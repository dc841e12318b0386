#include <switchboard/error.hpp>

#include <caf/all.hpp>

namespace switchboard {

error_text describe(const caf::error& what) {
  if (!what)
    return {};
  auto& context = what.context();
  if (what.category() == error_category) {
    auto code = static_cast<errc>(what.code());
    error_text result{std::string{name_of(code)}, {}};
    if (context.size() > 0 && context.match_element<std::string>(0))
      result.message = context.get_as<std::string>(0);
    if (code == errc::custom && context.size() > 1
        && context.match_element<std::string>(1))
      result.type = context.get_as<std::string>(1);
    return result;
  }
  auto timed_out = what == caf::sec::request_timeout;
  auto text = what.category() == caf::atom("system")
                  ? to_string(static_cast<caf::sec>(what.code()))
              : what.category() == caf::atom("exit")
                  ? to_string(static_cast<caf::exit_reason>(what.code()))
                  : to_string(what);
  return {std::string{name_of(timed_out ? errc::timeout : errc::connectivity)},
          timed_out ? "no answer in time" : "the receiver is gone: " + text};
}

std::string render_error(std::uint8_t code, caf::atom_value,
                         const caf::message& context) {
  auto text = describe(caf::error{code, error_category, context});
  return text.message.empty() ? text.type : text.type + ": " + text.message;
}

} // namespace switchboard
