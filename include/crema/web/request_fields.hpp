// request_fields: what the header fields of a request say, by the names that Express has for it.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/arena.hpp>
#include <crema/core/config.hpp>
#include <crema/http/negotiate.hpp>
#include <crema/http/range.hpp>
#include <crema/http/request_head.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/** Tells what the header fields of a request say. A part of `request`.

    All views that it gives are valid until the exchange ends, unless said otherwise.

    @par Thread Safety
    Only on the loop of the request.
*/
class request_fields {
public:
    request_fields(const request_fields&) = delete;
    request_fields& operator=(const request_fields&) = delete;

    /** Return a header field.

        Lines of the same name are joined with commas, those of Cookie with semicolons; of fields that may not be
        repeated, such as Content-Type, the first counts.

        @param name Case does not matter; `referrer` is `referer`.
        @throws std::invalid_argument when the name is empty.
    */
    CREMA_DECL std::optional<std::string_view> get(std::string_view name) const;
    /// Returns a header field; the same as `get`.
    std::optional<std::string_view> header(std::string_view name) const { return get(name); }
    /// Returns the fields as they came.
    const http::request_head& head() const noexcept { return *head_; }

    /// Tells whether `X-Requested-With` says XMLHttpRequest.
    CREMA_DECL bool xhr() const;
    /// Tells whether the Content-Type is application/json or ends in `+json`.
    CREMA_DECL bool is_json() const;

    /** Return the best of some media types for the client: `req.accepts("html", "json")`.

        @param first, more Types, or extensions.
        @return What was offered, as it was spelled; nothing when the client accepts none of it, which 406 says. Valid
        as long as what was offered.
        @see http::accepts
    */
    template <std::convertible_to<std::string_view>... T>
    std::optional<std::string_view> accepts(std::string_view first, const T&... more) const {
        return accepts({first, std::string_view(more)...});
    }
    /// @copydoc accepts
    std::optional<std::string_view> accepts(std::initializer_list<std::string_view> offered) const {
        return accepts(http::offers(offered.begin(), offered.size()));
    }
    /// @copydoc accepts
    CREMA_DECL std::optional<std::string_view> accepts(http::offers offered) const;
    /// Returns all media types that the client accepts, the preferred first. Valid until the exchange ends.
    CREMA_DECL std::vector<std::string_view> accepts() const;

    /// Returns the best of some charsets for the client. See `accepts`.
    template <std::convertible_to<std::string_view>... T>
    std::optional<std::string_view> accepts_charsets(std::string_view first, const T&... more) const {
        return accepts_charsets({first, std::string_view(more)...});
    }
    /// @copydoc accepts_charsets
    std::optional<std::string_view> accepts_charsets(std::initializer_list<std::string_view> offered) const {
        return accepts_charsets(http::offers(offered.begin(), offered.size()));
    }
    /// @copydoc accepts_charsets
    CREMA_DECL std::optional<std::string_view> accepts_charsets(http::offers offered) const;
    /// Returns all charsets that the client accepts, the preferred first.
    CREMA_DECL std::vector<std::string_view> accepts_charsets() const;

    /// Returns the best of some encodings for the client. See `accepts`. `identity` is accepted unless it is excluded.
    template <std::convertible_to<std::string_view>... T>
    std::optional<std::string_view> accepts_encodings(std::string_view first, const T&... more) const {
        return accepts_encodings({first, std::string_view(more)...});
    }
    /// @copydoc accepts_encodings
    std::optional<std::string_view> accepts_encodings(std::initializer_list<std::string_view> offered) const {
        return accepts_encodings(http::offers(offered.begin(), offered.size()));
    }
    /// @copydoc accepts_encodings
    CREMA_DECL std::optional<std::string_view> accepts_encodings(http::offers offered) const;
    /// Returns all encodings that the client accepts, the preferred first.
    CREMA_DECL std::vector<std::string_view> accepts_encodings() const;

    /// Returns the best of some languages for the client. See `accepts`.
    template <std::convertible_to<std::string_view>... T>
    std::optional<std::string_view> accepts_languages(std::string_view first, const T&... more) const {
        return accepts_languages({first, std::string_view(more)...});
    }
    /// @copydoc accepts_languages
    std::optional<std::string_view> accepts_languages(std::initializer_list<std::string_view> offered) const {
        return accepts_languages(http::offers(offered.begin(), offered.size()));
    }
    /// @copydoc accepts_languages
    CREMA_DECL std::optional<std::string_view> accepts_languages(http::offers offered) const;
    /// Returns all languages that the client accepts, the preferred first.
    CREMA_DECL std::vector<std::string_view> accepts_languages() const;

    /** Tell of which of some types the body is: `req.is("json", "urlencoded")`.

        @param types Types, patterns with `*` in them, suffixes (`+json`) or extensions; none: any type will do.
        @return The first that fits, as it was spelled; of patterns and suffixes the type of the body. Nothing when none
        fits, and without a body: `has_body` tells which.
        @see http::type_is
    */
    template <std::convertible_to<std::string_view>... T>
    std::optional<std::string> is(const T&... types) const {
        return is({std::string_view(types)...});
    }
    /// @copydoc is
    std::optional<std::string> is(std::initializer_list<std::string_view> types) const {
        return is(std::span<const std::string_view>(types.begin(), types.size()));
    }
    /// @copydoc is
    CREMA_DECL std::optional<std::string> is(std::span<const std::string_view> types) const;

    /** Return the ranges of a representation that the client asks for; nothing without a Range field.

        @param size Octets of the representation.
        @see http::parse_range
    */
    CREMA_DECL std::optional<http::range_set>
    range(std::uint64_t size, http::range_combining combining = http::range_combining::off) const;

protected:
    request_fields() noexcept = default;
    ~request_fields() = default;
    void open_fields(const http::request_head& head, arena& memory) noexcept {
        head_ = &head;
        memory_ = &memory;
    }
    void close_fields() noexcept { joined_.clear(); }
    // Lines of one name joined; nothing when there is none.
    std::optional<std::string_view> field(http::field f) const {
        if (!head_->has(f)) return std::nullopt;
        return head_->repeated(f) ? get(http::to_string(f)) : head_->get(f);
    }

    const http::request_head* head_ = nullptr;

private:
    CREMA_DECL std::string_view join(std::size_t first, std::string_view separator) const;
    arena* memory_ = nullptr; // of what is joined
    mutable std::vector<std::pair<std::size_t, std::string_view>> joined_; // by the index of the first line
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/type_is.hpp>
#include <crema/web/origin.hpp>
#include <stdexcept>

namespace crema {

CREMA_DECL std::optional<std::string_view> request_fields::get(std::string_view name) const {
    if (name.empty()) throw std::invalid_argument("name argument is required to req.get");
    auto i = head_->find(name, 0);
    if (iequals(name, "referrer") || iequals(name, "referer")) {
        i = head_->find("referrer", 0);
        if (i == http::request_head::npos || head_->field_at(i).value.empty()) i = head_->find(http::field::referer, 0);
    }
    if (i == http::request_head::npos) return std::nullopt;
    const auto found = head_->field_at(i);
    if (head_->find(found.name, i + 1) == http::request_head::npos || detail::is_single_field(found.name)) [[likely]]
        return found.value;
    return join(i, iequals(name, "cookie") ? "; " : ", ");
}

CREMA_DECL std::string_view request_fields::join(std::size_t first, std::string_view separator) const {
    for (const auto& [index, text] : joined_)
        if (index == first) return text;
    const auto name = head_->field_at(first).name;
    std::string all;
    for (auto i = first; i != http::request_head::npos; i = head_->find(name, i + 1)) {
        if (i != first) all += separator;
        all += head_->field_at(i).value;
    }
    return joined_.emplace_back(first, memory_->copy(all)).second;
}

namespace detail {

inline std::optional<std::string_view> none_when_empty(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

} // namespace detail

CREMA_DECL std::optional<std::string_view> request_fields::accepts(http::offers offered) const {
    return detail::none_when_empty(http::accepts(field(http::field::accept), offered));
}
CREMA_DECL std::vector<std::string_view> request_fields::accepts() const {
    return http::preferred_types(field(http::field::accept));
}
CREMA_DECL std::optional<std::string_view> request_fields::accepts_charsets(http::offers offered) const {
    return detail::none_when_empty(http::accepts_charset(field(http::field::accept_charset), offered));
}
CREMA_DECL std::vector<std::string_view> request_fields::accepts_charsets() const {
    return http::preferred_charsets(field(http::field::accept_charset));
}
CREMA_DECL std::optional<std::string_view> request_fields::accepts_encodings(http::offers offered) const {
    return detail::none_when_empty(http::accepts_encoding(field(http::field::accept_encoding), offered));
}
CREMA_DECL std::vector<std::string_view> request_fields::accepts_encodings() const {
    return http::preferred_encodings(field(http::field::accept_encoding));
}
CREMA_DECL std::optional<std::string_view> request_fields::accepts_languages(http::offers offered) const {
    return detail::none_when_empty(http::accepts_language(field(http::field::accept_language), offered));
}
CREMA_DECL std::vector<std::string_view> request_fields::accepts_languages() const {
    return http::preferred_languages(field(http::field::accept_language));
}

CREMA_DECL std::optional<std::string> request_fields::is(std::span<const std::string_view> types) const {
    if (!head_->has(http::field::transfer_encoding) && !head_->has(http::field::content_length)) return std::nullopt;
    auto found = http::type_is(head_->get(http::field::content_type), types);
    return found.empty() ? std::nullopt : std::optional(std::move(found));
}

CREMA_DECL std::optional<http::range_set> request_fields::range(std::uint64_t size,
                                                                http::range_combining combining) const {
    const auto wanted = field(http::field::range);
    if (!wanted || wanted->empty()) return std::nullopt;
    return http::parse_range(size, *wanted, combining);
}

CREMA_DECL bool request_fields::xhr() const {
    return iequals(head_->get(http::field::x_requested_with), "xmlhttprequest");
}

CREMA_DECL bool request_fields::is_json() const {
    const auto type = head_->get(http::field::content_type);
    const auto essence = trim_ows(type.substr(0, type.find(';')));
    const auto slash = essence.find('/');
    const auto sub = slash == essence.npos ? std::string_view{} : essence.substr(slash + 1);
    return iequals(essence, "application/json") || (sub.size() > 5 && iequals(sub.substr(sub.size() - 5), "+json"));
}

} // namespace crema
#endif
