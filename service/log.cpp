#include "service/log.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "service/log_line.hpp"
#include "service/log_repeats.hpp"

namespace switchboard::service {

namespace {

log_level level_of(report::severity severity) noexcept {
  switch (severity) {
    case report::severity::debug:
      return log_level::debug;
    case report::severity::info:
      return log_level::info;
    case report::severity::warning:
      return log_level::warn;
    default:
      return log_level::error;
  }
}

spdlog::sink_ptr make_sink(const std::string& file) {
  spdlog::sink_ptr result;
  if (file.empty())
    result = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  else
    result = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
  // The lines come complete.
  result->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
  return result;
}

} // namespace

struct log::impl {
  impl(const log_options& options, spdlog::sink_ptr sink)
      : end(std::make_shared<spdlog::sinks::dist_sink_mt>()),
        lines("switchboard", end),
        wanted(std::make_shared<report_filter>()),
        format(options.format),
        levels{options.level, options.levels},
        file(options.file) {
    end->set_sinks({std::move(sink)});
    // The filter decides, by part.
    lines.set_level(spdlog::level::trace);
    lines.flush_on(spdlog::level::trace);
    adjust(*wanted, levels);
  }

  /// Whether a warning or an error is written. Lines of lesser levels tell of
  /// one thing each.
  log_repeats::verdict judge(std::string_view text,
                             const string_pairs& fields) {
    std::lock_guard guard{mutex};
    return repeats.judge(text, fields, std::chrono::steady_clock::now());
  }

  /// Where the lines go; holds one sink, which may be replaced.
  std::shared_ptr<spdlog::sinks::dist_sink_mt> end;
  spdlog::logger lines;
  std::shared_ptr<report_filter> wanted;
  std::atomic<log_format> format;
  std::atomic<std::uint64_t> left_out = 0;
  std::mutex mutex;
  // Guarded by `mutex`.
  log_repeats repeats;
  log_levels levels;
  std::string file;
};

std::shared_ptr<log> log::open(const log_options& options,
                               std::string& problem) {
  try {
    return std::shared_ptr<log>{
        new log{std::make_unique<impl>(options, make_sink(options.file))}};
  } catch (const spdlog::spdlog_ex& failure) {
    problem = failure.what();
    return nullptr;
  }
}

log::log(std::unique_ptr<impl> ptr) : impl_(std::move(ptr)) {}

log::~log() = default;

void log::write(log_level level, std::string_view text,
                const string_pairs& fields, report_part part) {
  auto severity = severity_of(level);
  if (!severity || !impl_->wanted->wants(part, *severity))
    return;
  auto verdict = level >= log_level::warn ? impl_->judge(text, fields)
                                          : log_repeats::verdict{};
  if (!verdict.write) {
    impl_->left_out.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  string_pairs longer;
  if (verdict.left_out > 0) {
    longer = fields;
    longer.emplace_back("left_out", std::to_string(verdict.left_out));
  }
  auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  auto line = log_line{now.count(), level, part, text,
                       verdict.left_out > 0 ? longer : fields};
  auto rendered = impl_->format == log_format::json ? to_json_line(line)
                                                    : to_text_line(line);
  impl_->lines.log(spdlog::level::info, spdlog::string_view_t{rendered});
}

void log::flush() {
  impl_->lines.flush();
}

std::uint64_t log::left_out() const noexcept {
  return impl_->left_out.load(std::memory_order_relaxed);
}

log_levels log::levels() const {
  std::lock_guard guard{impl_->mutex};
  return impl_->levels;
}

log_levels log::change_levels(const log_level_changes& what) {
  std::lock_guard guard{impl_->mutex};
  impl_->levels = apply(what, impl_->levels);
  adjust(*impl_->wanted, impl_->levels);
  return impl_->levels;
}

std::shared_ptr<const report_filter> log::filter() const noexcept {
  return impl_->wanted;
}

bool log::change(const log_options& options, std::string& problem) {
  try {
    auto sink = make_sink(options.file);
    std::lock_guard guard{impl_->mutex};
    impl_->end->set_sinks({std::move(sink)});
    impl_->file = options.file;
    impl_->levels = {options.level, options.levels};
    adjust(*impl_->wanted, impl_->levels);
  } catch (const spdlog::spdlog_ex& failure) {
    problem = failure.what();
    return false;
  }
  impl_->format = options.format;
  return true;
}

void log::reopen() {
  std::string problem;
  try {
    std::lock_guard guard{impl_->mutex};
    if (impl_->file.empty())
      return;
    impl_->end->set_sinks({make_sink(impl_->file)});
  } catch (const spdlog::spdlog_ex& failure) {
    problem = failure.what();
  }
  if (!problem.empty())
    write(log_level::warn,
          "the log cannot be opened again, it goes on where "
          "it was",
          {{"error", problem}});
}

report_function reporter(std::shared_ptr<log> to) {
  auto filter = to->filter();
  return {[to = std::move(to)](const report& what) {
            to->write(level_of(what.level), what.text, what.fields, what.part);
          },
          std::move(filter)};
}

} // namespace switchboard::service
