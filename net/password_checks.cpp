#include "net/password_checks.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/expiring_cache.hpp"
#include "net/fair_queue.hpp"
#include "net/secret.hpp"
#include "net/usable_cores.hpp"

namespace switchboard::net {

namespace {

/// crypt(3) takes no longer ones.
constexpr std::size_t longest_password = CRYPT_MAX_PASSPHRASE_SIZE;

/// How far its threads stand back (nice(2)).
constexpr int niceness = 10;

constexpr std::string_view zero{"\0", 1};

struct hash_of_party {
  std::size_t operator()(const std::optional<address_key>& who) const noexcept {
    return who ? who->hash() : 0;
  }
};

/// @param password ends with a zero.
bool fits(const secret& password, const std::string& hash) {
  auto room = std::make_unique<crypt_data>();
  auto found = crypt_r(password.view().data(), hash.c_str(), room.get());
  std::string_view computed = found != nullptr ? found : "";
  auto result =
      computed.size() == hash.size()
      && CRYPTO_memcmp(computed.data(), hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(room.get(), sizeof *room);
  return result;
}

} // namespace

struct password_checks::state {
  struct job {
    std::string key;
    secret password;
    std::string hash;
    bool known = false;
  };

  using verdicts = std::vector<std::shared_ptr<pending_verdict>>;

  explicit state(const limits& given)
      : how(given),
        jobs(given.most_waiting),
        remembered(given.most_remembered) {
    if (RAND_bytes(mac_key.data(), static_cast<int>(mac_key.size())) != 1)
      throw std::runtime_error{"no random numbers"};
  }

  /// Each part with its size in front.
  std::string key_of(std::initializer_list<std::string_view> parts) const {
    std::vector<std::string> sizes;
    for (auto part : parts)
      sizes.push_back(std::to_string(part.size()) + ":");
    secret all(parts);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    std::string text;
    for (auto& each : sizes)
      text += each;
    // The sizes first, so that no two lists of parts read alike.
    secret framed{text, all.view()};
    auto bytes = framed.view();
    if (HMAC(EVP_sha256(), mac_key.data(), static_cast<int>(mac_key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
             digest.data(), &size)
        == nullptr)
      return {};
    return {reinterpret_cast<const char*>(digest.data()), size};
  }

  static void run(const std::shared_ptr<state>& self) {
    pthread_setname_np(pthread_self(), "passwords");
    // Of this thread alone, where the system is Linux.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
    std::unique_lock lock{self->mutex};
    for (;;) {
      self->changed.wait(lock,
                         [&] { return self->ends || !self->jobs.empty(); });
      if (self->ends)
        return;
      auto next = std::move(*self->jobs.pop());
      if (self->drop_unwanted(next.key))
        continue;
      lock.unlock();
      auto right = fits(next.password, next.hash) && next.known;
      self->computed.fetch_add(1, std::memory_order_relaxed);
      lock.lock();
      self->decide(next.key, right);
    }
  }

  /// Whether nobody waits for a check any more; forgets it then. With the
  /// lock.
  bool drop_unwanted(const std::string& key) {
    auto i = under_way.find(key);
    auto wanted = std::any_of(i->second.begin(), i->second.end(),
                              [](auto& each) { return each.use_count() > 1; });
    if (!wanted)
      under_way.erase(i);
    return !wanted;
  }

  /// With the lock.
  void decide(const std::string& key, bool right) {
    auto lasts = right ? how.success_lasts : how.failure_lasts;
    remembered.put(key, right,
                   std::time(nullptr)
                       + static_cast<std::time_t>(lasts.count()));
    tell(key, right ? "" : "wrong");
  }

  /// Tells those who wait for a check, which is over. With the lock.
  void tell(const std::string& key, std::string_view what) {
    auto i = under_way.find(key);
    for (auto& verdict : i->second)
      verdict->tell(std::string{what});
    under_way.erase(i);
  }

  const limits how;
  std::array<unsigned char, 32> mac_key{};
  std::atomic<std::size_t> computed{0};
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by `mutex`.
  fair_queue<std::optional<address_key>, job, hash_of_party> jobs;
  /// Who waits for a check, in work or not.
  std::unordered_map<std::string, verdicts> under_way;
  expiring_cache<bool> remembered;
  bool ends = false;
  std::vector<std::thread> threads;
};

password_checks& password_checks::shared() {
  // Never destroyed: whoever drops the last user of it must not wait for a
  // hash.
  static auto only = new password_checks{
      limits{.threads = std::clamp<std::size_t>(usable_cores() / 2, 1, 8)}};
  return *only;
}

password_checks::password_checks(const limits& how)
    : state_(std::make_shared<state>(how)) {}

password_checks::~password_checks() {
  std::vector<std::thread> threads;
  {
    std::lock_guard guard{state_->mutex};
    state_->ends = true;
    while (auto waiting = state_->jobs.pop())
      state_->decide(waiting->key, false);
    threads.swap(state_->threads);
  }
  state_->changed.notify_all();
  for (auto& each : threads)
    each.join();
}

password_checks::outcome
password_checks::check(const std::optional<address_key>& who,
                       std::string_view name, std::string_view password,
                       std::string_view hash, bool known) {
  // What crypt(3) would not read to its end.
  if (password.size() >= longest_password
      || password.find('\0') != password.npos)
    return {answer::wrong, nullptr};
  auto& self = *state_;
  auto key = self.key_of({name, password, hash, known ? "known" : "unknown"});
  if (key.empty())
    return {answer::no_room, nullptr};
  std::lock_guard guard{self.mutex};
  if (auto found = self.remembered.find(key, std::time(nullptr)))
    return {*found ? answer::right : answer::wrong, nullptr};
  auto same = self.under_way.find(key);
  if (self.ends)
    return {answer::no_room, nullptr};
  auto verdict = pending_verdict::make();
  if (!verdict)
    return {answer::no_room, nullptr};
  if (same != self.under_way.end()) {
    same->second.push_back(verdict);
    return {answer::later, std::move(verdict)};
  }
  if (self.threads.size() < self.how.threads)
    try {
      self.threads.emplace_back([own = state_] { state::run(own); });
    } catch (const std::system_error&) {
      if (self.threads.empty())
        return {answer::no_room, nullptr};
    }
  auto lost = self.jobs.push(
      who, {key, secret{password, zero}, std::string{hash}, known});
  if (lost && lost->key == key)
    return {answer::no_room, nullptr};
  if (lost)
    self.tell(lost->key, crowded_out);
  self.under_way[key].push_back(verdict);
  self.changed.notify_one();
  return {answer::later, std::move(verdict)};
}

std::uint64_t password_checks::draw(std::string_view name) const {
  auto digest = state_->key_of({"draw", name});
  std::uint64_t result = 0;
  if (digest.size() >= sizeof result)
    std::memcpy(&result, digest.data(), sizeof result);
  return result;
}

std::size_t password_checks::computed() const noexcept {
  return state_->computed.load(std::memory_order_relaxed);
}

} // namespace switchboard::net
