#include <switchboard/attributes.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

#include "actors/header_table.hpp"
#include "net/handshake.hpp"

namespace switchboard {

namespace {

/// Allocates a fixed number of bytes more than it is asked for, behind what
/// it is asked for.
template <class T>
struct roomy_allocator {
  using value_type = T;

  std::size_t room;

  explicit roomy_allocator(std::size_t bytes) noexcept : room(bytes) {}

  template <class Other>
  roomy_allocator(const roomy_allocator<Other>& other) noexcept
      : room(other.room) {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T) + room));
  }

  void deallocate(T* block, std::size_t) noexcept {
    ::operator delete(block);
  }

  template <class Other>
  bool operator==(const roomy_allocator<Other>& other) const noexcept {
    return room == other.room;
  }
};

/// Writes a size in groups of seven bits, the lowest first, all but the last
/// with the highest bit set: one byte for most names and values.
void append_size(std::string& out, std::size_t size) {
  for (; size >= 0x80; size >>= 7)
    out += static_cast<char>(size | 0x80);
  out += static_cast<char>(size);
}

/// Takes what `append_size` has written.
std::size_t take_size(const char*& from) noexcept {
  std::size_t size = 0;
  auto shift = 0;
  unsigned char digit;
  do {
    digit = static_cast<unsigned char>(*from++);
    size |= std::size_t{digit & 0x7Fu} << shift;
    shift += 7;
  } while (digit >= 0x80);
  return size;
}

std::string_view take_sized(std::string_view& rest) noexcept {
  auto from = rest.data();
  auto size = take_size(from);
  auto used = static_cast<std::size_t>(from - rest.data());
  auto result = rest.substr(used, size);
  rest.remove_prefix(used + size);
  return result;
}

void append_sized(std::string& out, std::string_view text) {
  append_size(out, text.size());
  out += text;
}

/// Each is its name and its value. Where it stands in the table: a zero, which
/// no name's size is then, its index, and the value unless that stands there.
void append_pairs(std::string& out, const string_pairs& pairs) {
  for (auto& [name, value] : pairs) {
    auto known = actors::find_known_header(name, value);
    if (known) {
      out += '\0';
      out += static_cast<char>(*known);
      if (!actors::known_header_at(*known).value.empty())
        continue;
    } else {
      append_sized(out, name);
    }
    append_sized(out, value);
  }
}

std::uint32_t narrow(std::size_t size) {
  if (size > std::numeric_limits<std::uint32_t>::max())
    throw std::length_error{"a handshake has more than 4 GiB"};
  return static_cast<std::uint32_t>(size);
}

} // namespace

/// The text as it will lie behind the object.
class handshake_attributes::blueprint {
public:
  explicit blueprint(const handshake_fields& what) : fields(what) {
    add(part::socket_id, what.socket_id);
    add(part::config, what.config);
    add(part::request_uri, what.request_uri);
    add(part::local_address, what.local_address);
    add(part::remote_address, what.remote_address);
    add(part::subprotocol, what.subprotocol);
    append_pairs(text, what.headers);
    end(part::headers);
    append_pairs(text, what.uri_params);
    end(part::uri_params);
    place_relative_path();
    place_certificate();
    place_identity();
    // Every offset above is at most the size of all.
    narrow(text.size());
  }

  const handshake_fields& fields;
  std::string text;
  std::array<std::uint32_t, part_count> ends;
  std::uint32_t path_size = 0;
  std::uint32_t relative_path = 0;

private:
  void add(part which, std::string_view what) {
    text += what;
    end(which);
  }

  void end(part which) {
    ends[static_cast<std::size_t>(which)] = narrow(text.size());
  }

  /// Finds it in the path, of which it is nearly always a part.
  void place_relative_path() {
    std::string_view uri{fields.request_uri};
    auto path = uri.substr(0, uri.find('?'));
    path_size = narrow(path.size());
    auto at = path.rfind(fields.relative_path);
    if (at != std::string_view::npos) {
      relative_path = ends[static_cast<std::size_t>(part::config)]
                      + static_cast<std::uint32_t>(at);
      return;
    }
    relative_path = narrow(text.size());
    text += fields.relative_path;
  }

  /// Behind everything, its size first: who has none pays nothing.
  void place_certificate() {
    auto& shown = fields.client_certificate;
    if (shown.empty())
      return;
    std::string all;
    for (auto* field : {&shown.subject, &shown.issuer, &shown.serial,
                        &shown.fingerprint, &shown.pem})
      append_sized(all, *field);
    append_sized(text, all);
  }

  /// Behind that, its size first as well.
  void place_identity() {
    if (fields.user.empty() && fields.claims.empty())
      return;
    std::string all;
    append_sized(all, fields.user);
    append_sized(all, fields.claims);
    append_sized(text, all);
  }
};

handshake_attributes::handshake_attributes(const blueprint& from) noexcept
    : connected_at_(from.fields.connected_at),
      ends_(from.ends),
      path_size_(from.path_size),
      relative_path_(from.relative_path),
      relative_path_size_(
          static_cast<std::uint32_t>(from.fields.relative_path.size())),
      generation_(from.fields.generation),
      identified_(from.fields.user.empty() && from.fields.claims.empty() ? 0
                                                                         : 1),
      certified_(from.fields.client_certificate.empty() ? 0 : 1),
      type_(static_cast<std::uint32_t>(from.fields.type)),
      secure_(from.fields.secure) {
  std::memcpy(reinterpret_cast<char*>(this + 1), from.text.data(),
              from.text.size());
}

string_pairs handshake_attributes::query_params() const {
  return net::parse_query(query_string());
}

string_pairs handshake_attributes::headers() const {
  return pairs_of(part::headers);
}

string_pairs handshake_attributes::uri_params() const {
  return pairs_of(part::uri_params);
}

std::optional<std::string_view>
handshake_attributes::header(std::string_view name) const noexcept {
  for (auto rest = text_of(part::headers); !rest.empty();)
    if (auto [key, value] = take_pair(rest); key == name)
      return value;
  return std::nullopt;
}

std::string_view handshake_attributes::certificate_text() const noexcept {
  if (certified_ == 0)
    return {};
  auto from = rest();
  auto size = take_size(from);
  return {from, size};
}

const char* handshake_attributes::rest() const noexcept {
  // The last piece before it may be the relative path.
  return text()
         + std::max<std::size_t>(ends_.back(), std::size_t{relative_path_}
                                                   + relative_path_size_);
}

std::string_view handshake_attributes::identity_text() const noexcept {
  if (identified_ == 0)
    return {};
  auto certificate = certificate_text();
  auto from =
      certified_ == 0 ? rest() : certificate.data() + certificate.size();
  auto size = take_size(from);
  return {from, size};
}

std::string_view handshake_attributes::user() const noexcept {
  auto both = identity_text();
  return both.empty() ? both : take_sized(both);
}

std::string_view handshake_attributes::claims() const noexcept {
  auto both = identity_text();
  if (both.empty())
    return both;
  take_sized(both);
  return take_sized(both);
}

std::string_view
handshake_attributes::take_text(std::string_view& rest) noexcept {
  return take_sized(rest);
}

handshake_fields handshake_attributes::fields() const {
  handshake_fields result;
  result.socket_id = socket_id();
  result.type = type();
  result.config = config();
  result.request_uri = request_uri();
  result.relative_path = relative_path();
  result.headers = headers();
  result.uri_params = uri_params();
  result.secure = secure_ != 0;
  result.local_address = local_address();
  result.remote_address = remote_address();
  result.subprotocol = subprotocol();
  result.connected_at = connected_at();
  result.generation = generation();
  auto rest = certificate_text();
  auto& shown = result.client_certificate;
  for (auto* field : {&shown.subject, &shown.issuer, &shown.serial,
                      &shown.fingerprint, &shown.pem})
    if (!rest.empty())
      *field = take_text(rest);
  result.user = user();
  result.claims = claims();
  return result;
}

std::pair<std::string_view, std::string_view>
handshake_attributes::take_pair(std::string_view& rest) noexcept {
  if (rest.front() != '\0') {
    auto name = take_sized(rest);
    return {name, take_sized(rest)};
  }
  auto known = actors::known_header_at(static_cast<std::uint8_t>(rest[1]));
  rest.remove_prefix(2);
  return {known.name, known.value.empty() ? take_sized(rest) : known.value};
}

string_pairs handshake_attributes::pairs_of(part which) const {
  string_pairs result;
  auto add = [&](std::string_view name, std::string_view value) {
    result.emplace_back(name, value);
  };
  for_each(which, add);
  return result;
}

std::shared_ptr<const handshake_attributes>
make_handshake(const handshake_fields& fields) {
  handshake_attributes::blueprint from{fields};
  roomy_allocator<handshake_attributes> allocator{from.text.size()};
  return std::allocate_shared<const handshake_attributes>(allocator, from);
}

} // namespace switchboard
