// metrics_text: writes metrics as the text that Prometheus reads, or as OpenMetrics.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace crema {

/// Tells which text `metrics_text` writes.
enum class metrics_format : unsigned char {
    prometheus,  ///< the text format 0.0.4
    openmetrics, ///< OpenMetrics 1.0.0
};

/** Writes families of metrics and their samples, one family after the other.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see https://prometheus.io/docs/instrumenting/exposition_formats, https://openmetrics.io
*/
class metrics_text {
public:
    /// Is the labels of a sample: names as they are, values as any text.
    using labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
    /// Tells the kind of a family.
    enum class kind : unsigned char { counter, gauge, histogram };

    /// Construct. @param to Where to write; must outlive this.
    metrics_text(std::string& to, metrics_format f) noexcept : out_(to), format_(f) {}

    /// Begins a family. @param name Of a counter without `_total`. @param help One sentence.
    CREMA_DECL void family(std::string_view name, kind k, std::string_view help);
    /// Writes a sample of the family, a counter or a gauge.
    CREMA_DECL void sample(double v, labels l = {});
    /// @copydoc sample
    CREMA_DECL void sample(std::uint64_t v, labels l = {});
    /** Write a histogram of the family.

        @param bounds Upper bounds of the buckets, ascending.
        @param counts How many values fell into each bucket, one more than bounds.
    */
    CREMA_DECL void histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts, double sum, labels l = {});
    /// Ends the text.
    CREMA_DECL void end();

    /// Returns the Content-Type.
    static std::string_view content_type(metrics_format f) noexcept {
        return f == metrics_format::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                                : "text/plain; version=0.0.4; charset=utf-8";
    }

private:
    CREMA_DECL void begin(std::string_view suffix, labels l, std::string_view le = {});
    CREMA_DECL void escaped(std::string_view text, bool quotes);
    CREMA_DECL static std::string number(double v);
    std::string& out_;
    metrics_format format_;
    std::string name_;
    kind kind_ = kind::gauge;
};

} // namespace crema

#if CREMA_BODIES
#include <charconv>
#include <cmath>

namespace crema {

CREMA_DECL std::string metrics_text::number(double v) {
    if (std::isnan(v)) return "NaN";
    if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
    char digits[40];
    const auto size = std::abs(v);
    if (size >= 1e-6 && size < 1e15) return {digits, std::to_chars(digits, digits + sizeof digits, v, std::chars_format::fixed).ptr}; // as others write bounds
    return {digits, std::to_chars(digits, digits + sizeof digits, v).ptr};
}

CREMA_DECL void metrics_text::escaped(std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\n') out_ += "\\n";
        else {
            if (c == '\\' || (c == '"' && quotes)) out_ += '\\';
            out_ += c;
        }
    }
}

CREMA_DECL void metrics_text::family(std::string_view name, kind k, std::string_view help) {
    name_ = name;
    kind_ = k;
    const auto suffix = k == kind::counter && format_ == metrics_format::prometheus ? "_total" : "";
    out_.append("# HELP ").append(name).append(suffix).append(" ");
    escaped(help, format_ == metrics_format::openmetrics);
    out_.append("\n# TYPE ").append(name).append(suffix).append(k == kind::counter ? " counter\n" : k == kind::gauge ? " gauge\n" : " histogram\n");
}

CREMA_DECL void metrics_text::begin(std::string_view suffix, labels l, std::string_view le) {
    out_.append(name_).append(suffix);
    char between = '{';
    for (const auto& [label, v] : l) {
        (out_ += between).append(label).append("=\"");
        escaped(v, true);
        out_ += '"';
        between = ',';
    }
    if (!le.empty()) {
        (out_ += between).append("le=\"").append(le).append("\"");
        between = ',';
    }
    if (between == ',') out_ += '}';
    out_ += ' ';
}

CREMA_DECL void metrics_text::sample(double v, labels l) {
    begin(kind_ == kind::counter ? "_total" : "", l);
    out_.append(number(v)).append("\n");
}

CREMA_DECL void metrics_text::sample(std::uint64_t v, labels l) {
    begin(kind_ == kind::counter ? "_total" : "", l);
    out_.append(std::to_string(v)).append("\n");
}

CREMA_DECL void metrics_text::histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts, double sum, labels l) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        all += counts[i];
        auto le = i < bounds.size() ? number(bounds[i]) : std::string("+Inf");
        if (format_ == metrics_format::openmetrics && le.find_first_of(".enN") == le.npos) le += ".0";
        begin("_bucket", l, le);
        out_.append(std::to_string(all)).append("\n");
    }
    begin("_sum", l);
    out_.append(number(sum)).append("\n");
    begin("_count", l);
    out_.append(std::to_string(all)).append("\n");
}

CREMA_DECL void metrics_text::end() {
    if (format_ == metrics_format::openmetrics) out_ += "# EOF\n";
}

} // namespace crema
#endif
