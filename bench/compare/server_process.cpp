#include "bench/compare/server_process.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/load/endpoint.hpp"
#include "bench/load/failure.hpp"

namespace switchboard::bench {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto patience = 10s;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  result.sin_port = htons(port);
  return result;
}

std::string free_port() {
  auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto generic = reinterpret_cast<sockaddr*>(&address);
  auto bound =
      ::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0;
  ::close(fd);
  if (!bound)
    throw failure{"no free port"};
  return std::to_string(ntohs(address.sin_port));
}

bool accepts(const std::string& port) {
  auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(static_cast<std::uint16_t>(std::stoi(port)));
  auto result =
      ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return result;
}

/// Where a program is, as a shell would find it or an administrator's shell.
std::string program_path(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return fs::exists(name) ? name : std::string{};
  auto path = std::getenv("PATH");
  std::istringstream folders{(path ? std::string{path} : std::string{})
                             + ":/usr/local/sbin:/usr/sbin"};
  for (std::string folder; std::getline(folders, folder, ':');) {
    auto candidate = folder + '/' + name;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0)
      return candidate;
  }
  return {};
}

} // namespace

std::string replaced(std::string text, const substitutions& known) {
  for (const auto& [name, value] : known) {
    auto marker = '{' + name + '}';
    for (auto at = text.find(marker); at != text.npos;
         at = text.find(marker, at + value.size()))
      text.replace(at, marker.size(), value);
  }
  return text;
}

void pin(pid_t process, unsigned core) {
  if (core >= std::thread::hardware_concurrency() && core > 0)
    return;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  ::sched_setaffinity(process, sizeof cores, &cores);
}

std::string server_process::missing(const server_plan& plan,
                                    const substitutions& known) {
  auto program = replaced(plan.command.front(), known);
  if (program_path(program).empty())
    return program + " is not installed";
  for (const auto& each : plan.needs) {
    auto path = replaced(each, known);
    if (!fs::exists(path))
      return path + " is not there";
  }
  return {};
}

server_process::server_process(const server_plan& plan, substitutions known)
    : known_(std::move(known)) {
  auto pattern = (fs::temp_directory_path() / "switchboard-bench-XXXXXX");
  auto name = pattern.string();
  if (!::mkdtemp(name.data()))
    throw failure{std::string{"no temporary folder: "} + std::strerror(errno)};
  folder_ = name;
  known_["dir"] = folder_;
  known_["port"] = free_port();
  do
    known_["port2"] = free_port();
  while (known_["port2"] == known_["port"]);
  try {
    start(plan);
    await(plan.name);
  } catch (...) {
    stop();
    throw;
  }
}

server_process::~server_process() {
  stop();
}

void server_process::start(const server_plan& plan) {
  for (const auto& each : plan.files) {
    fs::path from{replaced(each, known_)};
    std::ifstream file{from};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    std::ofstream{fs::path{folder_} / from.filename()}
        << replaced(text, known_);
  }
  std::vector<std::string> words;
  for (const auto& each : plan.command)
    words.push_back(replaced(each, known_));
  auto program = program_path(words.front());
  std::vector<char*> argv;
  for (auto& each : words)
    argv.push_back(each.data());
  argv.push_back(nullptr);
  std::vector<std::pair<std::string, std::string>> variables;
  for (const auto& [name, value] : plan.environment)
    variables.emplace_back(name, replaced(value, known_));
  auto log = folder_ + "/log";
  auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    throw failure{std::string{"fork: "} + std::strerror(errno)};
  if (pid_ > 0)
    return;
  // A server must not outlive the comparison, whatever ends that.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent)
    ::_exit(127);
  pin(0, 0);
  for (const auto& [name, value] : variables)
    ::setenv(name.c_str(), value.c_str(), 1);
  auto out = ::open(log.c_str(), O_WRONLY | O_CREAT, 0600);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execv(program.c_str(), argv.data());
  ::_exit(127);
}

void server_process::await(const std::string& name) {
  auto give_up = std::chrono::steady_clock::now() + patience;
  while (!accepts(known_["port"])) {
    auto ended = !alive();
    if (ended || std::chrono::steady_clock::now() > give_up) {
      std::ifstream log{folder_ + "/log"};
      std::string text{std::istreambuf_iterator<char>{log}, {}};
      throw failure{name + (ended ? " ended" : " does not listen")
                    + " at its start: "
                    + text.substr(text.size() > 500 ? text.size() - 500 : 0)};
    }
    std::this_thread::sleep_for(10ms);
  }
}

bool server_process::alive() noexcept {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_)
    pid_ = -1;
  return pid_ > 0;
}

void server_process::stop() noexcept {
  if (alive())
    ::kill(pid_, SIGTERM);
  auto give_up = std::chrono::steady_clock::now() + patience;
  while (alive()) {
    if (std::chrono::steady_clock::now() > give_up)
      ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(5ms);
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

} // namespace switchboard::bench
