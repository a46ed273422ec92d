// path_params: what the path of a route captured, as text or as typed values.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <crema/route/typed.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema {

namespace detail {

class transaction;
[[noreturn]] CREMA_DECL void missing_param(std::string_view name);
[[noreturn]] CREMA_DECL void bad_param(std::string_view name, const failure& why);

// What a list of segments is made of.
template <class T>
struct segment_of {
    static constexpr bool listed = false;
};
template <class T>
struct segment_of<std::vector<T>> {
    static_assert(!std::is_same_v<T, std::string_view>,
                  "crema: the segments of a wildcard are texts of their own: take std::vector<std::string>");
    static constexpr bool listed = true;
    using list = std::vector<T>;
    using type = T;
};
template <class T>
struct segment_of<std::optional<T>> : segment_of<T> {};

} // namespace detail

/** Holds the parameters that the path of a route or mount captured, decoded.

    @par Thread Safety
    Only on the loop of the request.
*/
class path_params {
public:
    /// Is one parameter.
    struct entry {
        std::string_view name;  ///< its name in the pattern
        std::string_view value; ///< decoded; of a wildcard the segments with `/` between, each decoded
        bool wildcard;          ///< whether it was captured by `*name`
        std::string_view raw{}; ///< as it stands in the path, not decoded; empty for one that was set

        /// Returns the segments of a wildcard, each decoded.
        CREMA_DECL std::vector<std::string> segments() const;
    };

    /// Returns the value, or nothing when the path has none of that name. Valid until the exchange ends.
    std::optional<std::string_view> get(std::string_view name) const noexcept {
        const auto* const e = find(name);
        return e ? std::optional(e->value) : std::nullopt;
    }
    /// Returns the value; empty when the path has none of that name. Valid until the exchange ends.
    std::string_view operator[](std::string_view name) const noexcept { return get(name).value_or(std::string_view{}); }
    /// Tells whether there is a parameter of that name.
    bool has(std::string_view name) const noexcept { return get(name).has_value(); }
    /** Return a parameter as a `T`. A `std::vector` is that of the segments of a wildcard, each decoded and converted by itself.

        @throws http_error 400 that names the parameter when it is no `T`, 404 when there is none of that name and `T`
        is no `std::optional`.
    */
    template <route::fixed_string Name, class T>
    T as() const {
        const auto* const found = find(Name.view());
        if (!found) {
            if constexpr (route::detail::is_optional<T>) return T{};
            else detail::missing_param(Name.view());
        } else if constexpr (detail::segment_of<T>::listed) {
            typename detail::segment_of<T>::list all;
            for (const auto& segment : found->segments()) {
                auto v = route::from_text<typename detail::segment_of<T>::type>(segment);
                if (!v) detail::bad_param(Name.view(), v.error());
                all.push_back(std::move(*v));
            }
            return T(std::move(all));
        } else {
            auto v = route::from_text<T>(found->value);
            if (!v) detail::bad_param(Name.view(), v.error());
            return std::move(*v);
        }
    }

    const entry* begin() const noexcept { return entries_; }
    const entry* end() const noexcept { return entries_ + count_; }
    std::size_t size() const noexcept { return count_; }

private:
    friend class detail::transaction;
    friend class router;
    const entry* find(std::string_view name) const noexcept {
        for (std::size_t i = 0; i < count_; ++i)
            if (entries_[i].name == name) return entries_ + i;
        return nullptr;
    }
    const entry* entries_ = nullptr;
    std::size_t count_ = 0;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/route/pattern.hpp>
#include <crema/web/error.hpp>
#include <string>

namespace crema::detail {

CREMA_DECL void missing_param(std::string_view name) {
    throw http_error(404, "there is no parameter \"" + std::string(name) + "\" in this path");
}

CREMA_DECL void bad_param(std::string_view name, const failure& why) {
    throw http_error(400, "parameter \"" + std::string(name) + "\": " + why.message());
}

} // namespace crema::detail

namespace crema {

CREMA_DECL std::vector<std::string> path_params::entry::segments() const {
    std::vector<std::string> all;
    const bool decode = raw.data() != nullptr;
    for (auto rest = decode ? raw : value;;) {
        const auto end = wildcard ? rest.find('/') : rest.npos;
        const auto part = rest.substr(0, end);
        auto text = decode ? route::decode_capture(part) : result<std::string>(std::string(part));
        all.push_back(text ? std::move(*text) : std::string(part));
        if (end == rest.npos) return all;
        rest.remove_prefix(end + 1);
    }
}

} // namespace crema
#endif
