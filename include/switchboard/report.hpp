#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <switchboard/attributes.hpp>
#include <switchboard/report_part.hpp>

namespace switchboard {

/// Something worth a line in a log. Handed out instead of logged: an
/// embedder logs as it likes.
struct report {
  enum class severity : std::uint8_t { debug, info, warning, error };
  severity level = severity::info;
  /// One sentence that names socket, address and cause; no secret.
  std::string text;
  /// Names and values for structured logs.
  string_pairs fields = {};
  report_part part = report_part::service;
};

/// Which reports are wanted of each part; all of them at first. Any thread.
class report_filter {
public:
  /// Wants reports of a part from a severity on.
  void want(report_part part, report::severity least) noexcept {
    least_[index_of(part)].store(static_cast<std::uint8_t>(least),
                                 std::memory_order_relaxed);
  }

  void want_none(report_part part) noexcept {
    least_[index_of(part)].store(none, std::memory_order_relaxed);
  }

  bool wants(report_part part, report::severity level) const noexcept {
    return static_cast<std::uint8_t>(level)
           >= least_[index_of(part)].load(std::memory_order_relaxed);
  }

private:
  static constexpr std::uint8_t none = 0xFF;

  std::array<std::atomic<std::uint8_t>, report_parts> least_{};
};

/// Takes reports. Called from any thread, possibly from several at once; must
/// not block. With a filter, what is not wanted is not even put into words.
class report_function {
public:
  using function = std::function<void(const report&)>;

  /// Takes none.
  report_function() = default;

  template <class F>
  requires(
      !std::same_as<std::remove_cvref_t<F>,
                    report_function> && std::constructible_from<function, F>)
      report_function(F&& take,
                      std::shared_ptr<const report_filter> filter = nullptr)
      : take_(std::forward<F>(take)), filter_(std::move(filter)) {
    // nop
  }

  /// Whether there is somebody who takes reports.
  explicit operator bool() const noexcept {
    return static_cast<bool>(take_);
  }

  /// Ask before a report is made where many are.
  bool wants(report_part part, report::severity level) const noexcept {
    return take_ && (!filter_ || filter_->wants(part, level));
  }

  /// Does nothing for what is not wanted.
  void operator()(const report& what) const {
    if (wants(what.part, what.level))
      take_(what);
  }

private:
  function take_;
  std::shared_ptr<const report_filter> filter_;
};

} // namespace switchboard
