#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_st;
struct evp_md_ctx_st;

namespace switchboard::flows {

/// One of OpenSSL's digests. Cheap to copy; any thread.
class digest_algorithm {
public:
  /// @param name in any of OpenSSL's spellings, as `SHA-256` or `sha256`.
  /// @returns `nullopt` where OpenSSL does not have it.
  static std::optional<digest_algorithm> find(const std::string& name);

  /// OpenSSL's own name, the same for all spellings.
  std::string name() const;

private:
  friend class message_digest;

  explicit digest_algorithm(std::shared_ptr<const evp_md_st> what)
      : what_(std::move(what)) {
    // nop
  }

  std::shared_ptr<const evp_md_st> what_;
};

/// Computes a digest over bytes that come in pieces.
class message_digest {
public:
  explicit message_digest(const digest_algorithm& algorithm);

  void add(std::string_view bytes);

  /// Once, after all pieces.
  /// @returns it in hexadecimal; empty where OpenSSL fails, out of memory.
  std::string finish();

private:
  struct closer {
    void operator()(evp_md_ctx_st* what) const noexcept;
  };

  std::unique_ptr<evp_md_ctx_st, closer> context_;
  bool sound_ = false;
};

} // namespace switchboard::flows
