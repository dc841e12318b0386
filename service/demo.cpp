#include "service/demo.hpp"

#include <algorithm>

#include "service/embedded.hpp"

namespace switchboard::service {

namespace {

/// Where a file is served.
struct page_place {
  std::string_view path;
  std::string_view file;
  std::string_view content_type;
};

constexpr page_place pages[] = {
    {"/", "index.html", "text/html; charset=utf-8"},
    {"/app.css", "app.css", "text/css; charset=utf-8"},
    {"/app.js", "app.js", "text/javascript; charset=utf-8"},
    {"/view.js", "view.js", "text/javascript; charset=utf-8"},
};

std::string_view bytes_of(std::string_view file) {
  auto files = embedded_files();
  auto i = std::find_if(files.begin(), files.end(),
                        [&](auto& known) { return known.name == file; });
  return i == files.end() ? std::string_view{} : i->bytes;
}

} // namespace

config::load_result load_demo() {
  auto result = config::load(bytes_of("demo.toml"), ".");
  for (auto& listener : result.value.switchboard.listeners) {
    if (listener.name != demo_listener)
      continue;
    for (auto& page : pages)
      listener.pages.push_back({std::string{page.path},
                                std::string{page.content_type},
                                std::string{bytes_of(page.file)}});
  }
  return result;
}

std::string demo_greeting(std::string_view pages, std::string_view api) {
  auto base = "http://" + std::string{api};
  std::string result;
  result += "\nSwitchboard runs its built-in demonstration, a chat with "
            "rooms.\n\n";
  result += "  Open  http://" + std::string{pages}
            + "/  in two windows and enter the same room.\n\n";
  result += "Then, in another terminal,\n\n";
  result += "  see who is connected:\n";
  result += "    curl '" + base + "/v1/sockets'\n\n";
  result += "  speak to everybody in every room:\n";
  result += "    curl '" + base
            + "/v1/broadcast?config=chat' --data 'Hello from curl'\n\n";
  result += "  close every socket, and watch the pages come back:\n";
  result += "    curl -X POST '" + base
            + "/v1/close?config=chat&code=ENDPOINT_GOING_DOWN'\n\n";
  result += "All requests are described in " + base
            + "/openapi.json. Ctrl-C ends the demonstration.\n";
  return result;
}

} // namespace switchboard::service
