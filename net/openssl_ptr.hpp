#pragma once

#include <memory>

namespace switchboard::net {

template <auto Free>
struct openssl_release {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};

/// Something of OpenSSL's that its own function frees.
template <class T, auto Free>
using openssl_ptr = std::unique_ptr<T, openssl_release<Free>>;

} // namespace switchboard::net
