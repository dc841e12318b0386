#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/json.hpp>

#include <switchboard/attributes.hpp>
#include <switchboard/payload.hpp>

namespace switchboard::flows {

/// JSON that is shared and never changed; may point into a larger one.
using json_ref = std::shared_ptr<const boost::json::value>;

/// The content of an event with its MIME type: bytes that are passed on as
/// they are, and JSON for who asks. Parsed at most once. Not thread-safe.
class document {
public:
  document(payload content, bool is_json)
      : content_(std::move(content)),
        type_(is_json ? type::json : type::other) {
    // nop
  }

  /// Of a message: what it is is found out when somebody asks, see
  /// `mime_type_of`.
  /// @param of_flow outlives the document, as does `encoding`, which is of
  ///        binary content.
  /// @param once whether it can be read once only.
  document(payload content, const std::optional<std::string>& of_flow,
           std::shared_ptr<const handshake_attributes> handshake,
           const std::optional<std::string>& encoding, bool once = false)
      : content_(std::move(content)),
        once_(once),
        of_flow_(&of_flow),
        encoding_(content_.binary() && encoding ? &*encoding : nullptr),
        handshake_(std::move(handshake)) {
    // nop
  }

  /// The bytes as they came; whoever reads them says `use` first.
  const payload& content() const noexcept {
    return content_;
  }

  /// The most bytes of a large content that an expression sees: what a Lua
  /// state has altogether.
  static constexpr std::size_t most_loaded = 16 * 1024 * 1024;

  /// Somebody reads the content. Throws `failure` (EXPRESSION) the second
  /// time, where it can be read once.
  void use() const;

  /// Takes the bytes of a large content, after `content_needed`.
  void give(std::string bytes) const;

  /// Whether the content has to be decoded to be text.
  bool is_encoded() const noexcept {
    return encoding_ != nullptr;
  }

  /// Makes `text` and `parsed` ready for an expression. Throws `failure`
  /// (EXPRESSION) where the content does not fit its encoding or is no JSON
  /// although its type says so, was read already, or is too large; and
  /// `content_needed`.
  void prepare() const;

  /// The same for `text` alone.
  void prepare_text() const;

  /// The content as an expression sees it: UTF-8 where an encoding is known.
  /// @pre prepared
  std::string_view text() const noexcept {
    return encoding_ != nullptr ? std::string_view{decoded_} : raw();
  }

  /// The JSON it holds; null where it is none.
  /// @pre prepared
  const json_ref& parsed() const noexcept {
    return parsed_;
  }

  /// Whether the MIME type says JSON.
  bool is_json() const noexcept {
    if (type_ == type::unknown)
      find_type();
    return type_ == type::json;
  }

  /// The parsed content. Throws `failure` (EXPRESSION) where it is not JSON.
  /// @pre `is_json()`
  const json_ref& json() const;

private:
  enum class type : std::uint8_t { unknown, json, other };

  /// The bytes in memory.
  std::string_view raw() const noexcept {
    return loaded_ ? std::string_view{*loaded_} : content_.view();
  }

  void find_type() const noexcept;
  void need_bytes() const;
  void decode() const;
  void parse() const;
  [[noreturn]] void refuse(std::string problem) const;

  payload content_;
  mutable type type_ = type::unknown;
  mutable bool is_decoded_ = false;
  bool once_ = false;
  mutable bool used_ = false;
  const std::optional<std::string>* of_flow_ = nullptr;
  /// Null: the bytes are taken as they are.
  const std::string* encoding_ = nullptr;
  std::shared_ptr<const handshake_attributes> handshake_;
  /// Of a large content that somebody looks at.
  mutable std::unique_ptr<const std::string> loaded_;
  mutable std::string decoded_;
  mutable json_ref parsed_;
  /// Why it cannot be read at all, and why not as JSON.
  mutable std::string problem_;
  mutable std::string json_problem_;
};

/// Whether a MIME type (parameters allowed, in any case) is
/// `application/json` or ends in `+json` (RFC 6839 §3.1).
bool is_json_type(std::string_view mime_type) noexcept;

/// The MIME type of a message: the flow's, else the handshake's Content-Type,
/// else by the kind of message.
std::string_view mime_type_of(const std::optional<std::string>& of_flow,
                              const handshake_attributes* handshake,
                              const payload& content) noexcept;

} // namespace switchboard::flows
