#include <string>

#include <switchboard/path_pattern.hpp>

#include "fuzz_input.hpp"

using namespace switchboard;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto first = in.line();
  auto second = in.line();
  auto path = in.rest();
  fuzz::require(percent_decode(path).size() <= path.size(),
                "decoding makes nothing longer");
  auto joined = join_paths(first, second);
  fuzz::require(joined.starts_with('/'), "a joined path is absolute");
  fuzz::require(joined.find("//") == joined.npos, "no doubled slash");
  fuzz::require(joined == "/" || !joined.ends_with('/'), "no trailing slash");
  if (auto rest = below(first, path))
    fuzz::require(rest->starts_with('/'), "a path below a base is absolute");
  std::string problem;
  auto x = path_pattern::parse(first, &problem);
  fuzz::require(x.has_value() == problem.empty(), "a refusal has a reason");
  auto y = path_pattern::parse(second);
  if (!x)
    return 0;
  auto again = path_pattern::parse(x->text());
  fuzz::require(again && *again == *x, "a pattern's text reads as itself");
  path_params params;
  auto matched = x->matches(path, &params);
  fuzz::require(matched == x->matches(path), "parameters change no verdict");
  fuzz::require(matched || params.empty(), "no match, no parameters");
  fuzz::require(x->matches(path + "/") == matched,
                "a trailing slash does not count");
  if (!y)
    return 0;
  auto order = *x <=> *y;
  auto opposite = *y <=> *x;
  fuzz::require((order < 0) == (opposite > 0)
                    && (order == 0) == (opposite == 0),
                "the order is the same from both ends");
  if (order == 0)
    fuzz::require(matched == y->matches(path),
                  "equal patterns match the same paths");
  return 0;
}
