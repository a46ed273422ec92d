// Parsing JSON into C++ values and trees. The only header that needs simdjson.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <crema/core/value.hpp>
#include <crema/json/direct.hpp>
#include <crema/json/node.hpp>
#include <crema/json/read.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema::detail {

struct json_parser; // holds simdjson; one a thread, used again and again

/** Is a text that was parsed, for the time it is read.

    The text is parsed whole by simdjson's DOM parser: unlike its on-demand parser it validates every octet, also of
    what nobody reads, before the first value is read.

    @par Thread Safety
    Only on one thread. May be made while another one lives.
*/
class parsed_json {
public:
    parsed_json(std::string_view text, const json::parse_options& options);
    ~parsed_json();
    parsed_json(const parsed_json&) = delete;
    parsed_json& operator=(const parsed_json&) = delete;

    bool failed() const noexcept { return failure_.has_value(); }
    failure take_failure() { return std::move(*failure_); }
    json::node root() const noexcept { return json::node(tape_, 1); }
    // Says where in the text it was that reading failed.
    failure describe(const json::reader& r) const;

private:
    std::string_view text_;
    const json::parse_options& options_;
    json_parser* parser_;
    json_tape tape_;
    std::optional<failure> failure_;
};

} // namespace crema::detail

namespace crema::json {

/** Parse JSON into a C++ value.

    Strict: the whole text has to be valid JSON (RFC 8259) and nothing may follow; no value is converted into one of
    another kind. What is read into what:
    @li a type with `bool from_json(json::reader&, json::node, T&)` in its namespace: as that reads;
    @li `bool` from true and false; integers from whole numbers in their range (1.0 and 1e3 are whole); floating point
        from numbers, rounded; `char` from a string of one ASCII character; strings and arrays of `char` from strings;
        `std::monostate` from null;
    @li `std::optional`, `std::unique_ptr`, `std::shared_ptr`: null is empty, and so is a member that is absent;
    @li `std::variant`: the first alternative that fits, by kind, range, enumerator, number of elements, and, for
        aggregates, by the members that have to be there; nothing deeper is tried, so time stays linear. An
        alternative with a hook fits everything: let it be the last;
    @li maps from objects; ranges from arrays; `std::array`, C arrays, `std::tuple` and `std::pair` from arrays of
        exactly that size;
    @li enumerations from the names of their enumerators (see `json::names`);
    @li aggregates from objects. A member that is absent is an error, unless it is an optional or a smart pointer, or
        the type says `json::defaults`; unknown members are ignored; both are options. Of several members of one name
        the last counts, as in JSON.parse;
    @li `crema::value` from anything.

    Numbers beyond 64 bits or the range of `double` are what JSON.parse makes of them. An escaped surrogate without
    its other half becomes U+FFFD. A byte order mark is refused.

    @param text UTF-8; not needed any longer when this returns. No padding is needed.
    @param options Depth, unknown and missing members.
    @return The value, or the first thing that is wrong; `position` is its offset in octets.

    @par Errors
    @li `error::bad_syntax` no JSON: `unexpected '}' at position 17 (line 2, column 5)`
    @li `error::too_deep` nested deeper than `max_depth`
    @li `error::bad_value` JSON that does not fit `T`: `expected an integer at /items/3/price`, with the JSON pointer
        of the value
    @li `error::too_large` 4 GiB or more

    @throws std::bad_alloc

    @par Complexity
    Linear in the size of the text (times the logarithm of the members of an object for `crema::value`).

    @par Thread Safety
    Safe.

    @see RFC 8259, RFC 6901
*/
template <class T>
result<T> parse(std::string_view text, const parse_options& options = {}) {
    static_assert(std::is_default_constructible_v<T> && std::is_move_constructible_v<T>,
                  "crema::json: what is parsed into has to be default constructible and movable");
    result<T> made(std::in_place); // the one object that is returned: nothing is moved
    if constexpr (std::is_move_assignable_v<T> && detail::reads_directly<T>()) {
        if (detail::parse_directly(text, options, *made)) [[likely]] return made;
        *made = T();
    }
    detail::parsed_json parsed(text, options);
    if (parsed.failed()) [[unlikely]] {
        made = parsed.take_failure();
    } else {
        reader r(options);
        if (!r.read(parsed.root(), *made)) [[unlikely]]
            made = parsed.describe(r);
    }
    return made;
}

/// Parses JSON into a tree; see `parse`.
CREMA_DECL result<value> parse_value(std::string_view text, const parse_options& options = {});

} // namespace crema::json

#if CREMA_BODIES
#include <algorithm>
#include <crema/core/text.hpp>
#include <crema/json/scan.hpp>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <simdjson.h>

namespace crema::detail {

struct json_parser {
    static constexpr std::size_t least_room = 4096;
    static constexpr std::size_t most_kept = 1 << 20; // more is given back after use

    simdjson::dom::parser parser;
    std::unique_ptr<char[]> padded;
    std::size_t room = 0;
    std::unique_ptr<json_scanner> scanner; // when the fast parser refused
    bool busy = false;

    bool parse(std::string_view text, std::size_t max_depth) {
        if (!padded || room < text.size()) {
            padded.reset();
            room = std::max(text.size() + text.size() / 2, least_room);
            padded.reset(new char[room + simdjson::SIMDJSON_PADDING]);
        }
        // Its depth is counted from 0, and an empty container is none.
        if (parser.max_depth() != max_depth + 1 || parser.capacity() < text.size())
            if (parser.allocate(std::max(parser.capacity(), room), max_depth + 1) == simdjson::MEMALLOC)
                throw std::bad_alloc();
        if (!text.empty()) std::memcpy(padded.get(), text.data(), text.size());
        std::memset(padded.get() + text.size(), ' ', simdjson::SIMDJSON_PADDING);
        const auto error = parser.parse(padded.get(), text.size(), false).error();
        if (error == simdjson::MEMALLOC) throw std::bad_alloc();
        return error == simdjson::SUCCESS;
    }

    void reuse() noexcept {
        scanner.reset();
        busy = false;
        if (room <= most_kept) return;
        parser = simdjson::dom::parser();
        padded.reset();
        room = 0;
    }
};

inline json_parser& this_thread_json_parser() {
    static thread_local json_parser instance;
    return instance;
}

inline void give_back(json_parser* p) noexcept {
    if (p != &this_thread_json_parser()) delete p;
    else p->reuse();
}

// Tells whether each escaped surrogate has its other half; simdjson 3.0 does not look at all of them.
inline bool surrogates_are_paired(std::string_view text) noexcept {
    const auto unit = [&](std::size_t i) { // of \uXXXX at i; 0 when there is none
        if (text.size() - i < 6 || text[i] != '\\' || text[i + 1] != 'u') return 0u;
        return hex_value(text[i + 2]) << 12 | hex_value(text[i + 3]) << 8 | hex_value(text[i + 4]) << 4 |
               hex_value(text[i + 5]);
    };
    std::size_t at = 0;
    while ((at = text.find('\\', at)) != std::string_view::npos) {
        const unsigned first = unit(at);
        if (first < 0xD800 || first > 0xDFFF) {
            at += 2;
            continue;
        }
        const unsigned second = at + 6 <= text.size() ? unit(at + 6) : 0;
        if (first >= 0xDC00 || second < 0xDC00 || second > 0xDFFF) return false;
        at += 12;
    }
    return true;
}

CREMA_DECL parsed_json::parsed_json(std::string_view text, const json::parse_options& options)
    : text_(text), options_(options) {
    json_parser& usual = this_thread_json_parser();
    parser_ = usual.busy ? new json_parser : &usual; // a hook may parse again
    parser_->busy = true;
    const std::size_t max_depth = std::clamp<std::size_t>(options.max_depth, 1, 1024);
    if (text.size() >= std::numeric_limits<std::uint32_t>::max() - simdjson::SIMDJSON_PADDING) {
        failure_ = failure{make_error_code(error::too_large), 0, "JSON of 4 GiB or more"};
        return;
    }
    try {
        const bool marked = text.starts_with("\xEF\xBB\xBF");
        if (!marked && parser_->parse(text, max_depth) && surrogates_are_paired(text)) [[likely]] {
            tape_ = {parser_->parser.doc.tape.get(),
                     reinterpret_cast<const char*>(parser_->parser.doc.string_buf.get())};
            return;
        }
        parser_->scanner = std::make_unique<json_scanner>(text, max_depth);
        failure_ = parser_->scanner->run();
        tape_ = parser_->scanner->tape();
    } catch (...) {
        give_back(parser_);
        throw;
    }
}

CREMA_DECL parsed_json::~parsed_json() { give_back(parser_); }

CREMA_DECL failure parsed_json::describe(const json::reader& r) const {
    if (options_.pointer) *options_.pointer = r.pointer();
    // The careful parser makes the same tape, and knows where each word of it comes from.
    json_scanner scanner(text_, std::clamp<std::size_t>(options_.max_depth, 1, 1024));
    static_cast<void>(scanner.run());
    return failure{make_error_code(error::bad_value), scanner.position_of(r.failed_word()), r.message()};
}

} // namespace crema::detail

namespace crema::json {

CREMA_DECL result<value> parse_value(std::string_view text, const parse_options& options) {
    return parse<value>(text, options);
}

} // namespace crema::json
#endif
