#include "net/password_file.hpp"

#include <memory>
#include <string>

#include <crypt.h>

#include "fuzz_input.hpp"

using namespace switchboard::net;

namespace {

/// Whether a hash takes no more time than the fuzzer has.
bool is_cheap(std::string_view hash) {
  for (auto beginning :
       {"$2a$04$", "$2b$04$", "$2y$04$", "$5$rounds=1000$", "$6$rounds=1000$"})
    if (hash.starts_with(beginning))
      return true;
  return false;
}

/// Somebody could have this hash: crypt(3) reads it, and finds one of its size.
void judge(const std::string& hash) {
  auto room = std::make_unique<crypt_data>();
  auto made = crypt_r("password", hash.c_str(), room.get());
  fuzz::require(made != nullptr && *made == '$', "crypt(3) takes the hash");
  fuzz::require(std::string_view{made}.size() == hash.size(),
                "a hash is as long as any of its kind");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto text = in.rest();
  std::string problem;
  auto file = password_file::parse(text, problem);
  fuzz::require(file.has_value() == problem.empty(),
                "names, or why there are none");
  if (!file) {
    fuzz::require(problem.find('\n') == problem.npos, "a problem is one line");
    return 0;
  }
  auto rest = in;
  auto cheap = 2;
  auto lines = 0;
  for (auto line = rest.line(); lines < 1000; line = rest.line(), ++lines) {
    auto begin = line.find_first_not_of(" \t");
    auto colon = line.find(':');
    if (begin == line.npos || colon == line.npos || line[begin] == '#')
      continue;
    auto hash = file->find(line.substr(begin, colon - begin));
    fuzz::require(hash != nullptr, "each line's name is known");
    if (is_cheap(*hash) && cheap-- > 0)
      judge(*hash);
  }
  return 0;
}
