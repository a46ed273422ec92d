// The reader: what hooks read with, how strictly, and where it did not fit.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/json/node.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace crema::json {

/// Says what happens to members that the type does not have.
enum class unknown_members : unsigned char {
    ignore, ///< nothing; they are validated all the same
    refuse, ///< an error
};

/// Says what happens when a member that the type has is absent.
enum class missing_members : unsigned char {
    refuse,   ///< an error, unless the member is an optional or a smart pointer, or its type says `json::defaults`
    defaults, ///< it keeps what its default initialiser gave it
};

/// Says how JSON is parsed and read.
struct parse_options {
    std::size_t max_depth = 64; ///< how deep arrays and objects that hold something may nest; at most 1024
    unknown_members unknown = unknown_members::ignore; ///< members that the type does not have
    missing_members missing = missing_members::refuse; ///< members that are not there
    std::string* pointer = nullptr; ///< receives the JSON pointer (RFC 6901) of a value that does not fit
};

/** Reads C++ values out of nodes. Handed to the hooks of your own types.

    A type of yours is read by a function `bool from_json(crema::json::reader&, crema::json::node, T&)` in its
    namespace:
    @code
    bool from_json(json::reader& r, json::node n, date& d) {
        std::string text;
        if (!r.read(n, text)) return false;             // "expected a string at /items/3/day"
        return parse_date(text, d) || r.expected(n, "a date");
    }
    @endcode
    Reading stops at the first `false`.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class reader {
public:
    /// Construct with options, which have to live as long.
    explicit reader(const parse_options& options) noexcept : options_(options) {}

    /// Reads a value into `out`. @return Whether it fitted; when not, the reason is kept.
    template <class T>
    bool read(node n, T& out);

    /** Read a member of an object.

        @param n The object; anything else fails.
        @param name The name of the member. The last one counts when there are several.
        @param out Is read into; a member that is absent fails, unless `out` is an optional or a smart pointer.
        @par Complexity
        Linear in the number of members.
    */
    template <class T>
    bool member(node n, std::string_view name, T& out);

    /// Fails with `expected <what>`. @return false
    bool expected(node n, std::string_view what);
    /// Fails with a sentence of its own. @return false
    bool fail(node n, std::string_view sentence);
    /// Notes, on the way out, that what failed lies inside of this member. @return false
    bool inside(std::string_view name);
    /// Notes, on the way out, that what failed lies inside of this element. @return false
    bool inside(std::size_t index);

    /// Returns the options.
    const parse_options& options() const noexcept { return options_; }
    /// Returns the JSON pointer of what failed.
    const std::string& pointer() const noexcept { return pointer_; }
    /// Returns the word of the tape of what failed.
    std::size_t failed_word() const noexcept { return word_; }
    /// Returns the sentence, with the pointer.
    std::string message() const;

private:
    const parse_options& options_;
    std::string sentence_;
    std::string pointer_;
    std::size_t word_ = 0;
};

} // namespace crema::json

#if CREMA_BODIES
#include <crema/json/pointer.hpp>

namespace crema::json {

CREMA_COLD CREMA_DECL bool reader::fail(node n, std::string_view sentence) {
    sentence_ = sentence;
    pointer_.clear();
    word_ = n.index();
    return false;
}

CREMA_COLD CREMA_DECL bool reader::expected(node n, std::string_view what) {
    std::string sentence = "expected ";
    sentence += what;
    return fail(n, sentence);
}

CREMA_COLD CREMA_DECL bool reader::inside(std::string_view name) {
    std::string step;
    append_step(step, name);
    pointer_.insert(0, step);
    return false;
}

CREMA_COLD CREMA_DECL bool reader::inside(std::size_t index) { return inside(std::string_view(std::to_string(index))); }

CREMA_DECL std::string reader::message() const {
    return sentence_ + " at " + (pointer_.empty() ? "the root" : pointer_);
}

} // namespace crema::json
#endif
