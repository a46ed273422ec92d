// pcre2: regular expressions as paths of routes and mounts.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/route/expression.hpp>
#include <cstdint>
#include <memory>
#include <string_view>

namespace crema {

/** Limits what one match of a regular expression may cost.

    @par Thread Safety
    Distinct objects: safe.
*/
struct regexp_limits {
    std::uint32_t steps = 100'000; ///< calls of the matcher's inner function; some milliseconds
    std::uint32_t kibibytes = 1024; ///< memory for ways back
};

/** Is a regular expression that may stand wherever a path may: `app.get(regexp("^/user/([0-9]+)$"), …)`.

    Written as in JavaScript, whose regular expressions Express takes; PCRE2 runs it. It is not anchored by itself. Groups
    with a name become parameters of that name, the others `"0"`, `"1"` and so on. A path that would take longer than the
    limits allow is answered 400.

    Copies share one compiled expression.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class regexp {
public:
    /** Compile an expression.

        @param source Without slashes around it; copied.
        @param flags Those of JavaScript: `i` ignores case, `m`, `s` and `u` as there; `d`, `g`, `v` and `y` change nothing for a path.
        @param limits What a match may cost.
        @throws system_error(error::bad_pattern) with the place, or for another flag.
    */
    CREMA_DECL explicit regexp(std::string_view source, std::string_view flags = {}, regexp_limits limits = {});

    /// Converts to what layers hold.
    operator const route::shared_expression&() const noexcept { return expression_; }
    /// Accesses the expression, to match a path without a router.
    const route::expression* operator->() const noexcept { return expression_.get(); }

private:
    route::shared_expression expression_;
};

} // namespace crema

#if CREMA_BODIES
#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <crema/core/error.hpp>
#include <pcre2.h>
#include <string>
#include <vector>

namespace crema {
namespace detail {

class pcre2_expression final : public route::expression {
public:
    pcre2_expression(std::string_view source, std::uint32_t options, const regexp_limits& limits) : source_(source) {
        int code = 0;
        PCRE2_SIZE at = 0;
        code_.reset(pcre2_compile_8(text(source), source.size(), options, &code, &at, nullptr));
        if (!code_) {
            unsigned char words[256];
            const int n = pcre2_get_error_message_8(code, words, sizeof words);
            throw system_error(make_error_code(error::bad_pattern),
                               std::string(n > 0 ? reinterpret_cast<const char*>(words) : "unknown error") + " at index " +
                                   std::to_string(at) + ": /" + source_ + "/");
        }
        context_.reset(pcre2_match_context_create_8(nullptr));
        if (!context_) throw std::bad_alloc();
        pcre2_set_match_limit_8(context_.get(), limits.steps);
        pcre2_set_heap_limit_8(context_.get(), limits.kibibytes);
        name_groups();
    }

    outcome match(std::string_view path, found& into) const override {
        const std::unique_ptr<pcre2_match_data_8, freeing> data(pcre2_match_data_create_from_pattern_8(code_.get(), nullptr));
        if (!data) throw std::bad_alloc();
        const int n = pcre2_match_8(code_.get(), text(path), path.size(), 0, 0, data.get(), context_.get());
        if (n == PCRE2_ERROR_NOMATCH || (n <= PCRE2_ERROR_UTF8_ERR1 && n >= PCRE2_ERROR_UTF8_ERR21)) return outcome::none;
        if (n < 0) return outcome::too_hard;
        const PCRE2_SIZE* const at = pcre2_get_ovector_pointer_8(data.get());
        into.begin = at[0];
        into.length = at[1] > at[0] ? at[1] - at[0] : 0; // \K may turn them round
        into.groups.clear();
        for (std::size_t i = 0; i < names_.size() && i + 1 < static_cast<std::size_t>(n); ++i) {
            const auto begin = at[2 * (i + 1)], end = at[2 * (i + 1) + 1];
            if (begin != PCRE2_UNSET) into.groups.push_back({names_[i], path.substr(begin, end - begin)});
        }
        return outcome::matched;
    }
    std::string_view source() const noexcept override { return source_; }

private:
    struct freeing {
        void operator()(pcre2_code_8* p) const noexcept { pcre2_code_free_8(p); }
        void operator()(pcre2_match_context_8* p) const noexcept { pcre2_match_context_free_8(p); }
        void operator()(pcre2_match_data_8* p) const noexcept { pcre2_match_data_free_8(p); }
    };
    static PCRE2_SPTR8 text(std::string_view s) noexcept {
        return s.data() ? reinterpret_cast<PCRE2_SPTR8>(s.data()) : reinterpret_cast<PCRE2_SPTR8>("");
    }

    // Groups are called by their names, the others counted among themselves.
    void name_groups() {
        std::uint32_t groups = 0, named = 0, size = 0;
        PCRE2_SPTR8 table = nullptr;
        pcre2_pattern_info_8(code_.get(), PCRE2_INFO_CAPTURECOUNT, &groups);
        pcre2_pattern_info_8(code_.get(), PCRE2_INFO_NAMECOUNT, &named);
        pcre2_pattern_info_8(code_.get(), PCRE2_INFO_NAMEENTRYSIZE, &size);
        pcre2_pattern_info_8(code_.get(), PCRE2_INFO_NAMETABLE, &table);
        names_.resize(groups);
        for (std::uint32_t i = 0; i < named; ++i, table += size) {
            const auto at = static_cast<std::size_t>(table[0]) << 8 | table[1];
            names_[at - 1] = reinterpret_cast<const char*>(table + 2);
        }
        std::size_t number = 0;
        for (auto& name : names_)
            if (name.empty()) name = std::to_string(number++);
    }

    std::string source_;
    std::unique_ptr<pcre2_code_8, freeing> code_;
    std::unique_ptr<pcre2_match_context_8, freeing> context_;
    std::vector<std::string> names_;
};

} // namespace detail

CREMA_DECL regexp::regexp(std::string_view source, std::string_view flags, regexp_limits limits) {
    // What JavaScript means where Perl means something else.
    std::uint32_t options = PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS |
                            PCRE2_NEVER_BACKSLASH_C;
    for (const char flag : flags) switch (flag) {
        case 'i': options |= PCRE2_CASELESS; break;
        case 'm': options |= PCRE2_MULTILINE; break;
        case 's': options |= PCRE2_DOTALL; break;
        case 'u': options |= PCRE2_UTF; break;
        case 'd':
        case 'g':
        case 'v':
        case 'y': break;
        default:
            throw system_error(make_error_code(error::bad_pattern), "Invalid regular expression flag '" + std::string(1, flag) + "'");
        }
    expression_ = std::make_shared<const detail::pcre2_expression>(source, options, limits);
}

} // namespace crema
#endif
