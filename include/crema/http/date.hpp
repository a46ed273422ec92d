// Dates of HTTP: format IMF-fixdate, parse all three forms, keep a ready Date line.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace crema::http {

/// Counts octets of an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
inline constexpr std::size_t date_size = 29;

/** Write a date as IMF-fixdate.

    @param out Room for `date_size` octets.
    @param seconds Seconds since 1970-01-01 00:00:00 UTC; clamped to the years 0 to 9999.

    @see RFC 9110 section 5.6.7
*/
CREMA_DECL void format_date_to(char* out, std::int64_t seconds) noexcept;

/// Returns a date as IMF-fixdate; see `format_date_to`.
inline std::string format_date(std::int64_t seconds) {
    std::string s(date_size, ' ');
    format_date_to(s.data(), seconds);
    return s;
}

/** Parse a date: IMF-fixdate, the form of RFC 850, or the form of asctime.

    The day of the week is read but not compared. A year of two digits that seems more than 50 years in the future
    is one of the past.

    @param text The date.
    @param now Seconds since 1970, to resolve years of two digits; without it they are 1970 to 2069.
    @return Seconds since 1970-01-01 00:00:00 UTC.

    @par Errors
    @li `error::bad_syntax` none of the three forms, or no such day or time.

    @see RFC 9110 section 5.6.7
*/
CREMA_DECL result<std::int64_t> parse_date(std::string_view text,
                                           std::int64_t now = std::numeric_limits<std::int64_t>::min());

/** Keeps the line `Date: …\r\n` of the current second, so that no request formats it.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class date_cache {
public:
    /// Construct with the line of the second 0.
    date_cache() noexcept { format(0); }

    /// Formats the line when the second is another than before. @param seconds Seconds since 1970.
    void refresh(std::int64_t seconds) noexcept {
        if (seconds != seconds_) [[unlikely]] format(seconds);
    }
    /// Returns the line with its line end; the content changes with `refresh`, the place does not.
    std::string_view line() const noexcept { return {line_, sizeof line_}; }
    /// Returns the date alone.
    std::string_view value() const noexcept { return {line_ + 6, date_size}; }

private:
    void format(std::int64_t seconds) noexcept {
        seconds_ = seconds;
        format_date_to(line_ + 6, seconds);
    }
    std::int64_t seconds_ = 0;
    char line_[6 + date_size + 2] = {'D', 'a', 't', 'e', ':', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
                                     ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
                                     ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', '\r', '\n'};
};

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <cstring>

namespace crema::http {
namespace detail {

inline constexpr std::string_view day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
inline constexpr std::string_view long_day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};
inline constexpr std::string_view month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Days since 1970-01-01 of a date of the Gregorian calendar. Years begin in March, so that leap days come last.
constexpr std::int64_t days_of(std::int64_t year, int month, int day) noexcept {
    const auto y = month <= 2 ? year - 1 : year;
    const auto era = (y >= 0 ? y : y - 399) / 400;
    const auto year_of_era = y - era * 400;
    const auto day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

struct calendar_date {
    std::int64_t year;
    int month, day;
};

constexpr calendar_date date_of(std::int64_t days) noexcept {
    days += 719468;
    const auto era = (days >= 0 ? days : days - 146096) / 146097;
    const auto day_of_era = days - era * 146097;
    const auto year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const auto day_of_year = static_cast<int>(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
    const int m = (5 * day_of_year + 2) / 153;
    const int month = m < 10 ? m + 3 : m - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * m + 2) / 5 + 1};
}

// Reads pieces of a date off the front; every step fails once one has failed.
struct date_reader {
    std::string_view rest;
    bool good = true;

    bool fail() { return good = false; }
    void literal(std::string_view s) {
        if (!good || rest.substr(0, s.size()) != s) fail();
        else rest.remove_prefix(s.size());
    }
    int number(std::size_t digits) {
        if (!good || rest.size() < digits || !all_of_class(rest.substr(0, digits), octet_class::digit))
            return fail(), 0;
        int v = 0;
        for (char c : rest.substr(0, digits)) v = v * 10 + (c - '0');
        rest.remove_prefix(digits);
        return v;
    }
    template <std::size_t N>
    int name(const std::string_view (&names)[N]) {
        for (std::size_t i = 0; good && i < N; ++i)
            if (rest.starts_with(names[i])) {
                rest.remove_prefix(names[i].size());
                return static_cast<int>(i);
            }
        return fail(), 0;
    }
};

} // namespace detail

CREMA_DECL void format_date_to(char* out, std::int64_t seconds) noexcept {
    constexpr auto first = detail::days_of(0, 1, 1) * 86400, last = detail::days_of(10000, 1, 1) * 86400 - 1;
    seconds = seconds < first ? first : seconds > last ? last : seconds;
    auto days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        --days;
    }
    const auto date = detail::date_of(days);
    const auto weekday = ((days + 4) % 7 + 7) % 7; // 1970-01-01 was a Thursday
    auto two = [&](std::size_t at, std::int64_t v) {
        out[at] = static_cast<char>('0' + v / 10);
        out[at + 1] = static_cast<char>('0' + v % 10);
    };
    std::memcpy(out, "Sun, 00 Jan 0000 00:00:00 GMT", date_size);
    std::memcpy(out, detail::day_names[weekday].data(), 3);
    two(5, date.day);
    std::memcpy(out + 8, detail::month_names[date.month - 1].data(), 3);
    two(12, date.year / 100);
    two(14, date.year % 100);
    two(17, rest / 3600);
    two(20, rest / 60 % 60);
    two(23, rest % 60);
}

CREMA_DECL result<std::int64_t> parse_date(std::string_view text, std::int64_t now) {
    text = trim_ows(text);
    detail::date_reader in{text};
    const auto comma = text.find(',');
    std::int64_t year = 0;
    int month = 0, day = 0, hour = 0, minute = 0, second = 0;
    auto time = [&] {
        hour = in.number(2);
        in.literal(":");
        minute = in.number(2);
        in.literal(":");
        second = in.number(2);
    };
    if (comma == 3) { // Sun, 06 Nov 1994 08:49:37 GMT
        in.name(detail::day_names);
        in.literal(", ");
        day = in.number(2);
        in.literal(" ");
        month = in.name(detail::month_names);
        in.literal(" ");
        year = in.number(4);
        in.literal(" ");
        time();
        in.literal(" GMT");
    } else if (comma != std::string_view::npos) { // Sunday, 06-Nov-94 08:49:37 GMT
        in.name(detail::long_day_names);
        in.literal(", ");
        day = in.number(2);
        in.literal("-");
        month = in.name(detail::month_names);
        in.literal("-");
        year = in.number(2);
        in.literal(" ");
        time();
        in.literal(" GMT");
        if (now == std::numeric_limits<std::int64_t>::min()) {
            year += year < 70 ? 2000 : 1900;
        } else {
            const auto this_year = detail::date_of(now / 86400 - (now % 86400 < 0 ? 1 : 0)).year;
            year += this_year / 100 * 100;
            if (year > this_year + 50) year -= 100;
        }
    } else { // Sun Nov  6 08:49:37 1994
        in.name(detail::day_names);
        in.literal(" ");
        month = in.name(detail::month_names);
        in.literal(" ");
        if (in.rest.starts_with(' ')) {
            in.literal(" ");
            day = in.number(1);
        } else {
            day = in.number(2);
        }
        in.literal(" ");
        time();
        in.literal(" ");
        year = in.number(4);
    }
    ++month;
    const failure wrong{make_error_code(error::bad_syntax), text.size() - in.rest.size(), "not a date of HTTP"};
    if (!in.good || !in.rest.empty()) return wrong;
    constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int length = lengths[month - 1] + (month == 2 && leap ? 1 : 0);
    if (day < 1 || day > length || hour > 23 || minute > 59 || second > 60) return wrong;
    return detail::days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

} // namespace crema::http
#endif
