// Negotiation: what a client accepts, and the best of what there is (RFC 9110 section 12.5).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace crema::http {

/// Is a list of texts that are offered: media types, charsets, encodings or languages.
using offers = std::span<const std::string_view>;

/** Return all media types that an Accept field accepts, the preferred first.

    @param accept The value of the field, without one `nullopt`, which accepts everything. The result holds views into
    it.

    The functions for charsets, encodings and languages do the same for their fields. Order: higher quality first, then
    the order in the field. Elements with quality 0 are left out.

    @par Complexity
    Linear in the length of the field, with a sort of its elements.

    @see RFC 9110 section 12.5.1
*/
CREMA_DECL std::vector<std::string_view> preferred_types(std::optional<std::string_view> accept);
/** Return those of the offered media types that an Accept field accepts, the preferred first.

    Each offer counts with the most specific element that matches it. Order: higher quality, then higher specificity,
    then the order in the field, then the order of the offers.
*/
CREMA_DECL std::vector<std::string_view> preferred_types(std::optional<std::string_view> accept, offers offered);
/// @copydoc preferred_types(std::optional<std::string_view>)
CREMA_DECL std::vector<std::string_view> preferred_charsets(std::optional<std::string_view> accept_charset);
/// @copydoc preferred_types(std::optional<std::string_view>, offers)
CREMA_DECL std::vector<std::string_view> preferred_charsets(std::optional<std::string_view> accept_charset,
                                                            offers offered);
/// @copydoc preferred_types(std::optional<std::string_view>)
CREMA_DECL std::vector<std::string_view> preferred_languages(std::optional<std::string_view> accept_language);
/// @copydoc preferred_types(std::optional<std::string_view>, offers)
CREMA_DECL std::vector<std::string_view> preferred_languages(std::optional<std::string_view> accept_language,
                                                             offers offered);
/** Return the encodings that an Accept-Encoding field accepts, the preferred first.

    `identity` counts as accepted with the lowest quality in the field, unless the field says otherwise.

    @param server_order Encodings of the same quality that stand here are ordered as here, in front of others.
*/
CREMA_DECL std::vector<std::string_view> preferred_encodings(std::optional<std::string_view> accept_encoding,
                                                             offers server_order = {});
/// Returns those of the offered encodings that are accepted; see `preferred_encodings`. Nothing offered: nothing
/// returned.
CREMA_DECL std::vector<std::string_view> preferred_offered_encodings(std::optional<std::string_view> accept_encoding,
                                                                     offers offered, offers server_order = {});

/** Return the best of the offered types for an Accept field.

    @param accept The value of the field; without one, or with an empty one, the first offer is the best.
    @param offered Media types, or extensions such as `json`.
    @return The offer as it was spelled; empty when none is accepted.
*/
CREMA_DECL std::string_view accepts(std::optional<std::string_view> accept, offers offered);
/// @copydoc accepts
inline std::string_view accepts(std::optional<std::string_view> accept,
                                std::initializer_list<std::string_view> offered) {
    return accepts(accept, offers(offered.begin(), offered.size()));
}

/// Returns the best of the offered charsets, empty when none is accepted.
CREMA_DECL std::string_view accepts_charset(std::optional<std::string_view> accept_charset, offers offered);
/// @copydoc accepts_charset
inline std::string_view accepts_charset(std::optional<std::string_view> accept_charset,
                                        std::initializer_list<std::string_view> offered) {
    return accepts_charset(accept_charset, offers(offered.begin(), offered.size()));
}
/// Returns the best of the offered encodings, empty when none is accepted.
CREMA_DECL std::string_view accepts_encoding(std::optional<std::string_view> accept_encoding, offers offered,
                                             offers server_order = {});
/// @copydoc accepts_encoding
inline std::string_view accepts_encoding(std::optional<std::string_view> accept_encoding,
                                         std::initializer_list<std::string_view> offered) {
    return accepts_encoding(accept_encoding, offers(offered.begin(), offered.size()));
}
/// Returns the best of the offered languages, empty when none is accepted.
CREMA_DECL std::string_view accepts_language(std::optional<std::string_view> accept_language, offers offered);
/// @copydoc accepts_language
inline std::string_view accepts_language(std::optional<std::string_view> accept_language,
                                         std::initializer_list<std::string_view> offered) {
    return accepts_language(accept_language, offers(offered.begin(), offered.size()));
}

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/media_type.hpp>
#include <crema/http/mime.hpp>
#include <algorithm>
#include <charconv>
#include <limits>

namespace crema::http {
namespace detail {

// One element of a field.
struct accepted {
    std::string_view text;
    double quality;
    std::ptrdiff_t order;
    std::vector<std::pair<std::string, std::string>> parameters; // of media types, without q
};

// How well an offer, or an element, does.
struct standing {
    std::string_view text;
    double quality;
    int specificity;
    std::ptrdiff_t order, index;
};

// Reads a number at the front, as JavaScript's parseFloat does; not a number when there is none.
inline double parse_quality(std::string_view s) noexcept {
    while (!s.empty() && (is_ows(s.front()) || (s.front() >= '\n' && s.front() <= '\r'))) s.remove_prefix(1);
    double sign = 1;
    if (!s.empty() && (s.front() == '+' || s.front() == '-')) {
        sign = s.front() == '-' ? -1 : 1;
        s.remove_prefix(1);
    }
    if (s.starts_with("Infinity")) return sign * std::numeric_limits<double>::infinity();
    if (s.empty() || !(is_digit(s[0]) || (s[0] == '.' && s.size() > 1 && is_digit(s[1]))))
        return std::numeric_limits<double>::quiet_NaN();
    double v = 0;
    const auto got = std::from_chars(s.data(), s.data() + s.size(), v);
    if (got.ec == std::errc::result_out_of_range) return v;
    return got.ec == std::errc{} ? sign * v : std::numeric_limits<double>::quiet_NaN();
}

inline std::vector<accepted> read_accepted(std::string_view field, bool media_types) {
    std::vector<accepted> all;
    std::ptrdiff_t order = 0;
    for (std::size_t at = 0; at < field.size(); ++at, ++order) {
        while (at < field.size() && is_ows(field[at])) ++at;
        const auto begin = at;
        auto parsed = parse_media_type_at(field, at);
        const auto text = field.substr(begin, parsed.type.size()); // as it was spelled
        if (media_types ? text.find('/') == text.npos : text.empty()) continue;
        const auto q = parsed.parameter("q");
        const auto quality = q.empty() ? 1 : parse_quality(q);
        if (media_types) std::erase_if(parsed.parameters, [](const auto& p) { return p.first == "q"; });
        all.push_back({text, quality, order, std::move(parsed.parameters)});
    }
    return all;
}

// The more specific first, then the higher quality, then the later in the field.
inline bool weaker(const standing& a, const standing& b) noexcept {
    if (a.specificity != b.specificity) return a.specificity < b.specificity;
    if (a.quality < b.quality || a.quality > b.quality) return a.quality < b.quality;
    return a.order < b.order;
}

// `match` returns the specificity with which the offer matches an element, -1 when it does not.
template <class Match>
standing stand(std::string_view offer, std::ptrdiff_t index, const std::vector<accepted>& all, Match match) {
    standing best{offer, 0, 0, -1, index};
    for (const auto& element : all) {
        const int s = match(element);
        if (s < 0) continue;
        const standing here{offer, element.quality, s, element.order, index};
        if (weaker(best, here)) best = here;
    }
    return best;
}

inline std::vector<std::string_view> ordered(std::vector<standing> all, offers server_order = {}) {
    std::erase_if(all, [](const standing& s) { return !(s.quality > 0); });
    auto preference = [&](const standing& s) {
        return std::find(server_order.begin(), server_order.end(), s.text) - server_order.begin();
    };
    std::stable_sort(all.begin(), all.end(), [&](const standing& a, const standing& b) {
        if (a.quality != b.quality) return a.quality > b.quality;
        if (!server_order.empty())
            if (const auto x = preference(a), y = preference(b); x != y) return x < y;
        if (a.specificity != b.specificity) return a.specificity > b.specificity;
        if (a.order != b.order) return a.order < b.order;
        return a.index < b.index;
    });
    std::vector<std::string_view> texts;
    for (const auto& s : all) texts.push_back(s.text);
    return texts;
}

inline std::vector<std::string_view> all_of_them(const std::vector<accepted>& all, offers server_order = {}) {
    std::vector<standing> standings;
    for (const auto& a : all) standings.push_back({a.text, a.quality, 0, 0, a.order});
    return ordered(std::move(standings), server_order);
}

// `matcher` makes of an offer what matches it with elements.
template <class Matcher>
std::vector<std::string_view> best_of(offers offered, const std::vector<accepted>& all, Matcher matcher,
                                      offers server_order = {}) {
    std::vector<standing> standings;
    for (auto offer : offered)
        standings.push_back(stand(offer, static_cast<std::ptrdiff_t>(standings.size()), all, matcher(offer)));
    return ordered(std::move(standings), server_order);
}

inline int match_word(std::string_view offer, const accepted& element) noexcept {
    return iequals(offer, element.text) ? 1 : element.text == "*" ? 0 : -1;
}

inline int match_language(std::string_view offer, const accepted& element) noexcept {
    if (offer.empty()) return -1;
    if (iequals(element.text, offer)) return 4;
    if (iequals(element.text.substr(0, element.text.find('-')), offer)) return 2;
    if (iequals(element.text, offer.substr(0, offer.find('-')))) return 1;
    return element.text == "*" ? 0 : -1;
}

inline int match_type(const media_type& offer, const accepted& element) {
    const auto a = offer.type.find('/'), b = element.text.find('/');
    if (a == std::string::npos) return -1;
    const std::string_view whole = offer.type, front = element.text.substr(0, b), back = element.text.substr(b + 1);
    int specificity = 0;
    if (iequals(front, whole.substr(0, a))) specificity |= 4;
    else if (front != "*") return -1;
    if (iequals(back, whole.substr(a + 1))) specificity |= 2;
    else if (back != "*") return -1;
    if (element.parameters.empty()) return specificity;
    for (const auto& [name, text] : element.parameters)
        if (text != "*" && !iequals(text, offer.parameter(name))) return -1;
    return specificity | 1;
}

inline auto word_matcher(std::string_view offer) {
    return [=](const accepted& element) { return match_word(offer, element); };
}
inline auto language_matcher(std::string_view offer) {
    return [full = essence(offer)](const accepted& element) { return match_language(full, element); };
}
inline auto type_matcher(std::string_view offer) {
    return [parsed = parse_media_type(offer)](const accepted& element) { return match_type(parsed, element); };
}

// The elements of Accept-Encoding, with identity when the field does not speak of it.
inline std::vector<accepted> read_encodings(std::string_view field) {
    auto all = read_accepted(field, false);
    bool identity = false;
    double lowest = 1;
    for (const auto& e : all) {
        identity = identity || match_word("identity", e) >= 0;
        if (e.quality > 0 || e.quality < 0) lowest = std::min(lowest, e.quality);
    }
    std::ptrdiff_t elements = 0;
    for (std::size_t at = 0; at < field.size(); ++at, ++elements) parse_media_type_at(field, at);
    if (!identity) all.push_back({"identity", lowest, elements, {}});
    return all;
}

} // namespace detail

CREMA_DECL std::vector<std::string_view> preferred_types(std::optional<std::string_view> accept) {
    return detail::all_of_them(detail::read_accepted(accept.value_or("*/*"), true));
}
CREMA_DECL std::vector<std::string_view> preferred_types(std::optional<std::string_view> accept, offers offered) {
    return detail::best_of(offered, detail::read_accepted(accept.value_or("*/*"), true), detail::type_matcher);
}
CREMA_DECL std::vector<std::string_view> preferred_charsets(std::optional<std::string_view> accept_charset) {
    return detail::all_of_them(detail::read_accepted(accept_charset.value_or("*"), false));
}
CREMA_DECL std::vector<std::string_view> preferred_charsets(std::optional<std::string_view> accept_charset,
                                                            offers offered) {
    return detail::best_of(offered, detail::read_accepted(accept_charset.value_or("*"), false), detail::word_matcher);
}
CREMA_DECL std::vector<std::string_view> preferred_languages(std::optional<std::string_view> accept_language) {
    return detail::all_of_them(detail::read_accepted(accept_language.value_or("*"), false));
}
CREMA_DECL std::vector<std::string_view> preferred_languages(std::optional<std::string_view> accept_language,
                                                             offers offered) {
    return detail::best_of(offered, detail::read_accepted(accept_language.value_or("*"), false),
                           detail::language_matcher);
}
CREMA_DECL std::vector<std::string_view> preferred_encodings(std::optional<std::string_view> accept_encoding,
                                                             offers server_order) {
    return detail::all_of_them(detail::read_encodings(accept_encoding.value_or("")), server_order);
}
CREMA_DECL std::vector<std::string_view> preferred_offered_encodings(std::optional<std::string_view> accept_encoding,
                                                                     offers offered, offers server_order) {
    return detail::best_of(offered, detail::read_encodings(accept_encoding.value_or("")), detail::word_matcher,
                           server_order);
}

CREMA_DECL std::string_view accepts(std::optional<std::string_view> accept, offers offered) {
    if (offered.empty()) return {};
    if (accept.value_or("").empty()) return offered.front();
    std::vector<std::string_view> types;
    std::vector<std::size_t> place; // of each type among the offers
    for (std::size_t i = 0; i < offered.size(); ++i) {
        const auto type = offered[i].find('/') == std::string_view::npos ? mime_type(offered[i]) : offered[i];
        if (type.empty()) continue;
        types.push_back(type);
        place.push_back(i);
    }
    const auto best = preferred_types(accept, types);
    if (best.empty()) return {};
    return offered[place[static_cast<std::size_t>(std::find(types.begin(), types.end(), best.front()) -
                                                  types.begin())]];
}
CREMA_DECL std::string_view accepts_charset(std::optional<std::string_view> accept_charset, offers offered) {
    const auto best = preferred_charsets(accept_charset, offered);
    return best.empty() ? std::string_view{} : best.front();
}
CREMA_DECL std::string_view accepts_encoding(std::optional<std::string_view> accept_encoding, offers offered,
                                             offers server_order) {
    const auto best = preferred_offered_encodings(accept_encoding, offered, server_order);
    return best.empty() ? std::string_view{} : best.front();
}
CREMA_DECL std::string_view accepts_language(std::optional<std::string_view> accept_language, offers offered) {
    const auto best = preferred_languages(accept_language, offered);
    return best.empty() ? std::string_view{} : best.front();
}

} // namespace crema::http
#endif
