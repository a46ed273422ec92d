// node: one value inside of parsed JSON, before it becomes a C++ value.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace crema::detail {

// Parsed JSON: 64-bit words, one or two a value. The top octet of a word tells what it is, the rest is its payload:
//   r          the root; what follows is the value
//   { [        index of the word behind its end (32 bits), number of members or elements (24 bits, saturated)
//   } ]        the end of it
//   "          offset into `text`, where a 32-bit length, the octets and a NUL stand; names of members as well
//   l u d      the next word is the int64, uint64 or double
//   t f n      true, false, null
// This is simdjson's documented tape (its doc/tape.md), so that it is read without a copy and without its header.
struct json_tape {
    const std::uint64_t* words = nullptr;
    const char* text = nullptr;
};

} // namespace crema::detail

namespace crema::json {

/** Is one value inside of parsed JSON. Cheap to copy.

    Valid only while a hook `from_json` runs that was given it, or something around it.

    @par Thread Safety
    Distinct objects: safe on the thread that parses.
*/
class node {
public:
    class element_range;
    class member_range;
    using kind = value::kind; ///< what it may be

    /// Construct on a word of a tape, for the parser.
    node(const detail::json_tape& tape, std::size_t index) noexcept : tape_(&tape), at_(tape.words + index) {}

    /// Returns what it is. A whole number is an `integer` when it fits `std::int64_t`, else a `natural` when it fits
    /// `std::uint64_t`.
    kind type() const noexcept {
        switch (mark()) {
        case 't':
        case 'f': return kind::boolean;
        case 'l': return kind::integer;
        case 'u': return kind::natural;
        case 'd': return kind::number;
        case '"': return kind::string;
        case '[': return kind::array;
        case '{': return kind::object;
        default: return kind::null;
        }
    }
    /// Tells whether it is null.
    bool is_null() const noexcept { return mark() == 'n'; }
    /// Tells whether it is true or false.
    bool is_bool() const noexcept { return mark() == 't' || mark() == 'f'; }
    /// Tells whether it is any number.
    bool is_number() const noexcept { return mark() == 'l' || mark() == 'u' || mark() == 'd'; }
    /// Tells whether it is a string.
    bool is_string() const noexcept { return mark() == '"'; }
    /// Tells whether it is an array.
    bool is_array() const noexcept { return mark() == '['; }
    /// Tells whether it is an object.
    bool is_object() const noexcept { return mark() == '{'; }

    /// Returns whether it is true.
    bool as_bool() const noexcept { return mark() == 't'; }
    /// Returns the octets of a string, well-formed UTF-8, which may hold NUL; undefined for anything else.
    std::string_view as_string() const noexcept {
        const char* p = tape_->text + payload();
        std::uint32_t size;
        std::memcpy(&size, p, sizeof size);
        return {p + sizeof size, size};
    }
    /// Returns the number, rounded when need be; undefined for anything else.
    double as_double() const noexcept {
        switch (mark()) {
        case 'l': return static_cast<double>(static_cast<std::int64_t>(at_[1]));
        case 'u': return static_cast<double>(at_[1]);
        default: return std::bit_cast<double>(at_[1]);
        }
    }
    /// Returns the bits of a whole number: of `std::int64_t` for an integer, of `std::uint64_t` for a natural.
    std::uint64_t whole_bits() const noexcept { return at_[1]; }

    /// Returns the number of elements or members; 16777215 when there are as many or more; undefined for anything else.
    std::size_t size() const noexcept { return (payload() >> 32) & 0xFFFFFF; }
    /// Returns the elements of an array, to iterate over; undefined for anything else.
    element_range elements() const noexcept;
    /// Returns the members of an object, `{name, node}` each, to iterate over; undefined for anything else.
    member_range members() const noexcept;

    /// Returns the index of its word.
    std::size_t index() const noexcept { return static_cast<std::size_t>(at_ - tape_->words); }

private:
    node(const detail::json_tape* tape, const std::uint64_t* at) noexcept : tape_(tape), at_(at) {}
    char mark() const noexcept { return static_cast<char>(*at_ >> 56); }
    std::uint64_t payload() const noexcept { return *at_ & 0x00FFFFFFFFFFFFFF; }
    const std::uint64_t* last() const noexcept { return tape_->words + static_cast<std::uint32_t>(payload()) - 1; }
    const std::uint64_t* behind() const noexcept {
        switch (mark()) {
        case 'l':
        case 'u':
        case 'd': return at_ + 2;
        case '[':
        case '{': return last() + 1;
        default: return at_ + 1;
        }
    }

    const detail::json_tape* tape_;
    const std::uint64_t* at_;
};

/// Is the elements of an array.
class node::element_range {
public:
    /// Walks over them.
    class iterator {
    public:
        iterator(node n) noexcept : node_(n) {}
        const node& operator*() const noexcept { return node_; }
        iterator& operator++() noexcept {
            node_.at_ = node_.behind();
            return *this;
        }
        bool operator==(const iterator& other) const noexcept { return node_.at_ == other.node_.at_; }

    private:
        node node_;
    };
    explicit element_range(node array) noexcept : array_(array) {}
    iterator begin() const noexcept { return node(array_.tape_, array_.at_ + 1); }
    iterator end() const noexcept { return node(array_.tape_, array_.last()); }

private:
    node array_;
};

/// Is the members of an object.
class node::member_range {
public:
    /// Is a name and its value.
    struct member {
        std::string_view name; ///< valid as long as the node
        node content;          ///< the value
    };
    /// Walks over them.
    class iterator {
    public:
        iterator(node n) noexcept : name_(n) {}
        member operator*() const noexcept { return {name_.as_string(), node(name_.tape_, name_.at_ + 1)}; }
        iterator& operator++() noexcept {
            name_.at_ = node(name_.tape_, name_.at_ + 1).behind();
            return *this;
        }
        bool operator==(const iterator& other) const noexcept { return name_.at_ == other.name_.at_; }

    private:
        node name_;
    };
    explicit member_range(node object) noexcept : object_(object) {}
    iterator begin() const noexcept { return node(object_.tape_, object_.at_ + 1); }
    iterator end() const noexcept { return node(object_.tape_, object_.last()); }

private:
    node object_;
};

inline node::element_range node::elements() const noexcept { return element_range(*this); }
inline node::member_range node::members() const noexcept { return member_range(*this); }

} // namespace crema::json
