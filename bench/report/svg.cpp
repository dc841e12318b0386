#include <algorithm>
#include <cstdio>
#include <string_view>

#include "bench/report/results.hpp"

namespace switchboard::bench {

namespace {

constexpr int page_width = 960;
constexpr int margin = 24;
constexpr int label_width = 190;
constexpr int figure_width = 230;
constexpr int bar_height = 18;
constexpr int bar_step = 24;
constexpr int head_height = 84;
constexpr int case_head = 44;

// Ours stand out; the baseline is dark, everybody else is grey.
constexpr std::string_view ours = "#0b6e99";
constexpr std::string_view reference = "#4a4a4a";
constexpr std::string_view others = "#b9c0c7";

std::string escaped(std::string_view text) {
  std::string result;
  for (auto c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else
      result += c;
  }
  return result;
}

class page {
public:
  void text(double x, double y, std::string_view what, std::string_view style,
            std::string_view anchor = "start") {
    body_ += "<text x=\"" + number(x) + "\" y=\"" + number(y)
             + "\" text-anchor=\"" + std::string{anchor} + "\" class=\""
             + std::string{style} + "\">" + escaped(what) + "</text>\n";
  }

  void bar(double x, double y, double width, std::string_view color) {
    body_ += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\""
             + number(std::max(width, 1.0)) + "\" height=\""
             + number(bar_height) + "\" rx=\"2\" fill=\"" + std::string{color}
             + "\"/>\n";
  }

  std::string finish(int height) const {
    auto width = std::to_string(page_width);
    auto tall = std::to_string(height);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width
           + "\" height=\"" + tall + "\" viewBox=\"0 0 " + width + ' ' + tall
           + "\">\n<style>text{font-family:'DejaVu Sans',Helvetica,Arial,"
             "sans-serif;fill:#222}.title{font-size:20px;font-weight:bold}"
             ".case{font-size:14px;font-weight:bold}.note{font-size:12px;"
             "fill:#555}.label{font-size:13px}.figure{font-size:12px}"
             "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
           + body_ + "</svg>\n";
  }

private:
  static std::string number(double value) {
    char result[32];
    std::snprintf(result, sizeof result, "%.1f", value);
    return result;
  }

  std::string body_;
};

std::string_view color_of(const std::string& server,
                          const std::string& baseline) {
  if (server.starts_with("switchboard"))
    return ours;
  return server == baseline ? reference : others;
}

void draw_legend(page& on, const std::string& baseline) {
  double x = margin;
  auto entry = [&](std::string_view color, const std::string& what) {
    on.bar(x, 50, 14, color);
    on.text(x + 20, 64, what, "note");
    x += 40 + 7.2 * static_cast<double>(what.size());
  };
  entry(ours, "switchboard");
  entry(reference, baseline + " (baseline)");
  entry(others, "others");
  on.text(page_width - margin, 64,
          "ratio to the baseline: median (range) of the rounds", "note", "end");
}

int draw_case(page& on, const case_result& what, const std::string& baseline,
              int y) {
  on.text(margin, y + 18, what.name, "case");
  on.text(margin, y + 35,
          what.unit + (what.less_is_better ? ", less is better" : ""), "note");
  y += case_head;
  double longest = 0;
  for (const auto& each : what.servers)
    longest = std::max(longest, each.value.median);
  auto room = page_width - 2 * margin - label_width - figure_width;
  for (const auto& each : what.servers) {
    if (!each.problem.empty())
      continue;
    auto length = longest > 0 ? room * each.value.median / longest : 0;
    double left = margin + label_width;
    on.text(left - 8, y + 14, each.server, "label", "end");
    on.bar(left, y, length, color_of(each.server, baseline));
    auto figure = short_number(each.value.median);
    if (each.ratio.median > 0 && each.server != baseline)
      figure += " · ×" + shown_ratio(each.ratio);
    on.text(left + length + 8, y + 14, figure, "figure");
    y += bar_step;
  }
  return y + 10;
}

} // namespace

std::string as_svg(const comparison_result& result) {
  page on;
  on.text(margin, 34, "Switchboard and others, side by side", "title");
  draw_legend(on, result.baseline);
  int y = head_height;
  for (const auto& each : result.cases)
    y = draw_case(on, each, result.baseline, y);
  return on.finish(y + margin / 2);
}

} // namespace switchboard::bench
