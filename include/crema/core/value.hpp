// value: a tree of null, booleans, numbers, strings, arrays and objects, as JSON and nested queries make them.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema {

class value;

namespace detail {

template <class T>
concept text_like = std::is_convertible_v<const T&, std::string_view> && !std::same_as<T, std::nullptr_t>;

// A range whose elements are something else than the range itself (a path is a range of paths).
template <class T>
concept plain_range = requires(const T& t) {
    std::begin(t);
    std::end(t);
} && !std::same_as<std::iter_value_t<decltype(std::begin(std::declval<const T&>()))>, T>;

template <class T>
concept map_like = plain_range<T> && requires { typename T::mapped_type; };

template <class T>
concept optional_like = requires(const T& t) {
    typename T::value_type;
    { t.has_value() } -> std::same_as<bool>;
    *t;
};

template <class T>
struct is_character
    : std::bool_constant<std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
                         std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>> {};

// What becomes an array or an object of `Value`, the class below, which is incomplete here.
template <class R, class Value>
concept tree_range = [] {
    if constexpr (text_like<R> || std::same_as<R, std::vector<Value>>) return false;
    else if constexpr (map_like<R>)
        return text_like<typename R::key_type> && std::constructible_from<Value, const typename R::mapped_type&>;
    else return std::constructible_from<Value, std::iter_value_t<decltype(std::begin(std::declval<const R&>()))>>;
}();

template <class T>
concept whole_number = std::integral<T> && !std::same_as<T, bool> && !is_character<T>::value;

} // namespace detail

/** Holds null, a boolean, a number, a string, an array of values or an object of named values in the order of their
    insertion.

    Brace lists build trees: a list of which every element is a pair that begins with a string is an object, any other
    is an array, and `{}` is null. Where that guess is not what is meant, say `value::array({...})` or
    `value::object({...})`. Do not copy with braces: whether `value{other}` copies or makes an array of one differs
    between compilers; write `value(other)`.
    @code
    value v{{"status", "ok"}, {"sizes", {1, 2, 3}}, {"none", nullptr}};
    v["sizes"].push_back(4);
    @endcode

    Integers keep all 64 bits, signed or unsigned. Moving costs a few words, copying copies the tree. A moved-from
    value is null. Names in an object are unique; they are looked up by walking, since objects are small.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class value {
public:
    /// Names what a value holds.
    enum class kind : unsigned char {
        null,    ///< nothing
        boolean, ///< true or false
        integer, ///< a whole number that fits `std::int64_t`
        natural, ///< a whole number above that, which fits `std::uint64_t`
        number,  ///< a floating point number
        string,  ///< octets, UTF-8 by convention
        array,   ///< values
        object,  ///< named values
    };

    struct init;                                  // an element of a brace list
    using member = std::pair<std::string, value>; ///< a named value
    using array_type = std::vector<value>;        ///< the content of an array
    using object_type = std::vector<member>;      ///< the content of an object

    /// Construct null.
    value() noexcept : kind_(kind::null), integer_(0) {}
    /// Construct null.
    value(std::nullptr_t) noexcept : value() {}
    /// Construct a boolean; nothing else converts to one.
    template <std::same_as<bool> B>
    value(B b) noexcept : kind_(kind::boolean), boolean_(b) {}
    /// Construct a whole number.
    template <detail::whole_number I>
    value(I i) noexcept {
        if (std::in_range<std::int64_t>(i))
            ::new (&integer_) std::int64_t(static_cast<std::int64_t>(i)), kind_ = kind::integer;
        else ::new (&natural_) std::uint64_t(static_cast<std::uint64_t>(i)), kind_ = kind::natural;
    }
    /// Construct a floating point number.
    template <std::floating_point F>
    value(F f) noexcept : kind_(kind::number), number_(static_cast<double>(f)) {}
    /// Construct a string, which is moved in.
    value(std::string s) noexcept : kind_(kind::string), string_(std::move(s)) {}
    /// Construct a string, which is copied; a null pointer makes null.
    template <detail::text_like S>
        requires(!std::same_as<S, std::string>)
    value(const S& s) : value() {
        if constexpr (std::is_pointer_v<S>)
            if (!s) return; // a null pointer is null
        ::new (&string_) std::string(std::string_view(s));
        kind_ = kind::string;
    }
    /// Construct an array, which is moved in.
    value(array_type a) noexcept : kind_(kind::array), array_(std::move(a)) {}
    /// Construct from a brace list; see the class for what becomes an object. @throws std::bad_alloc
    value(std::initializer_list<init> list);
    /// Construct from an optional: its value, or null.
    template <class O>
        requires(detail::optional_like<O> && std::constructible_from<value, const typename O::value_type&>)
    value(const O& o) : value() {
        if (o.has_value()) *this = value(*o);
    }
    /// Construct an array from a range, or an object from a map whose keys are text.
    template <detail::plain_range R>
        requires detail::tree_range<R, value>
    value(const R& range);

    value(const value& other) : kind_(kind::null), integer_(0) { copy_from(other); }
    value(value&& other) noexcept : kind_(kind::null), integer_(0) { take(other); }
    value& operator=(const value& other) {
        if (this != &other) {
            value copy(other); // `other` may be a part of this
            reset();
            take(copy);
        }
        return *this;
    }
    value& operator=(value&& other) noexcept {
        if (this != &other) {
            value moved(std::move(other));
            reset();
            take(moved);
        }
        return *this;
    }
    ~value() { reset(); }

    /// Returns an array of these; `value::array()` is the empty one.
    static value array(std::initializer_list<init> elements = {});
    /** Return an object of these members; `value::object()` is the empty one. A name that comes again replaces what
        it named.
        @throws system_error `error::bad_value` when an element is no pair that begins with a string.
    */
    static value object(std::initializer_list<init> members = {});

    /// Returns what this holds.
    kind type() const noexcept { return kind_; }
    /// Tells whether this is null.
    bool is_null() const noexcept { return kind_ == kind::null; }
    /// Tells whether this is a boolean.
    bool is_bool() const noexcept { return kind_ == kind::boolean; }
    /// Tells whether this is a whole number, kept as one.
    bool is_integer() const noexcept { return kind_ == kind::integer || kind_ == kind::natural; }
    /// Tells whether this is any number.
    bool is_number() const noexcept { return is_integer() || kind_ == kind::number; }
    /// Tells whether this is a string.
    bool is_string() const noexcept { return kind_ == kind::string; }
    /// Tells whether this is an array.
    bool is_array() const noexcept { return kind_ == kind::array; }
    /// Tells whether this is an object.
    bool is_object() const noexcept { return kind_ == kind::object; }

    /** Return the boolean.
        @throws system_error `error::bad_value` when this holds something else; so do the other `as_` functions.
    */
    bool as_bool() const {
        require(kind::boolean);
        return boolean_;
    }
    /// Returns the whole number; also a floating point number without a fraction. @throws system_error also when it
    /// does not fit.
    std::int64_t as_int64() const;
    /// Returns the whole number; also a floating point number without a fraction. @throws system_error also when it
    /// does not fit.
    std::uint64_t as_uint64() const;
    /// Returns the number, rounded when it is a whole one of more than 53 bits.
    double as_double() const;
    /// Returns the string.
    const std::string& as_string() const {
        require(kind::string);
        return string_;
    }
    /// Returns the string.
    std::string& as_string() {
        require(kind::string);
        return string_;
    }
    /// Returns the elements.
    const array_type& as_array() const {
        require(kind::array);
        return array_;
    }
    /// Returns the elements.
    array_type& as_array() {
        require(kind::array);
        return array_;
    }
    /// Returns the members, in order. Keep their names unique.
    const object_type& as_object() const {
        require(kind::object);
        return object_;
    }
    /// Returns the members, in order. Keep their names unique.
    object_type& as_object() {
        require(kind::object);
        return object_;
    }

    /// Returns the elements to iterate over; none when this is no array. Valid until the array changes.
    const array_type& elements() const noexcept { return is_array() ? array_ : nothing().array_; }
    /// Returns the members to iterate over; none when this is no object. Valid until the object changes.
    const object_type& members() const noexcept { return is_object() ? object_ : nothing_named().object_; }

    /// Returns the number of elements or members, the length of a string, 0 for null, 1 for the rest.
    std::size_t size() const noexcept;
    /// Tells whether `size()` is 0.
    bool empty() const noexcept { return size() == 0; }

    /** Find a member.
        @return The value of that name, or null when there is none or this is no object. Valid until the object changes.
        @par Complexity
        Linear in the number of members.
    */
    const value* find(std::string_view name) const noexcept;
    /// @copydoc find
    value* find(std::string_view name) noexcept { return const_cast<value*>(std::as_const(*this).find(name)); }
    /// Tells whether there is a member of that name.
    bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }

    /// Returns the member. @throws system_error `error::not_found` when there is none.
    const value& at(std::string_view name) const;
    /// @copydoc at
    value& at(std::string_view name) { return const_cast<value&>(std::as_const(*this).at(name)); }
    /// Returns the element. @throws system_error `error::not_found` when there is none.
    const value& at(std::size_t index) const;
    /// @copydoc at
    value& at(std::size_t index) { return const_cast<value&>(std::as_const(*this).at(index)); }

    /// Returns the member, or a null that lives forever.
    const value& operator[](std::string_view name) const noexcept {
        const value* v = find(name);
        return v ? *v : nothing_null();
    }
    /// Returns the member, made null when it is new; null becomes an object. @throws system_error when this is
    /// something else.
    value& operator[](std::string_view name);
    /// Returns the element, or a null that lives forever.
    template <detail::whole_number I>
    const value& operator[](I index) const noexcept {
        return is_array() && std::cmp_greater_equal(index, 0) && std::cmp_less(index, array_.size())
                   ? array_[static_cast<std::size_t>(index)]
                   : nothing_null();
    }
    /// Returns the element. @throws system_error `error::not_found` when there is none.
    template <detail::whole_number I>
    value& operator[](I index) {
        return at(std::cmp_less(index, 0) ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(index));
    }

    /// Adds an element at the end; null becomes an array. @return The element. @throws system_error when this is
    /// something else.
    value& push_back(value element);
    /// Removes a member. @return Whether there was one.
    bool erase(std::string_view name);

    /// Compares deeply. Numbers by their value, whatever they are kept as; members in any order.
    friend bool operator==(const value& a, const value& b) noexcept { return equal(a, b); }

private:
    static bool equal(const value& a, const value& b) noexcept;
    void copy_from(const value& other); // on a null
    void destroy() noexcept;
    void take(value& other) noexcept; // on a null; leaves null
    [[noreturn]] void mismatch(const char* wanted) const;
    static const value& nothing() noexcept;
    static const value& nothing_named() noexcept;
    static const value& nothing_null() noexcept;
    void reset() noexcept {
        if (kind_ >= kind::string) destroy();
        kind_ = kind::null;
    }
    void require(kind k) const;

    kind kind_;
    union {
        bool boolean_;
        std::int64_t integer_;
        std::uint64_t natural_;
        double number_;
        std::string string_;
        array_type array_;
        object_type object_;
    };
};

/// Is an element of a brace list: anything a value is made of, or a brace list again.
struct value::init {
    /// Construct from what a value is made of.
    template <class T>
        requires(!std::same_as<std::remove_cvref_t<T>, init> && std::constructible_from<value, T>)
    init(T&& from) : content(std::forward<T>(from)) {}
    /// Construct from a nested list.
    init(std::initializer_list<init> list) : content(list) {}

    mutable value content; ///< moved out by the value that is being built
};

template <detail::plain_range R>
    requires detail::tree_range<R, value>
value::value(const R& range) : value() {
    if constexpr (detail::map_like<R>) {
        kind_ = kind::object;
        ::new (&object_) object_type();
        for (const auto& [name, content] : range) {
            const std::string_view text(name); // equal names stand side by side in a multimap
            if (!object_.empty() && object_.back().first == text) object_.back().second = value(content);
            else object_.emplace_back(std::string(text), value(content));
        }
    } else {
        kind_ = kind::array;
        ::new (&array_) array_type();
        for (auto&& element : range)
            array_.push_back(value(static_cast<std::iter_value_t<decltype(std::begin(range))>>(element)));
    }
}

} // namespace crema

#if CREMA_BODIES
#include <algorithm>
#include <cmath>

namespace crema {
namespace detail {

inline const char* kind_name(value::kind k) noexcept {
    switch (k) {
    case value::kind::null: return "null";
    case value::kind::boolean: return "a boolean";
    case value::kind::integer:
    case value::kind::natural: return "an integer";
    case value::kind::number: return "a number";
    case value::kind::string: return "a string";
    case value::kind::array: return "an array";
    case value::kind::object: return "an object";
    }
    return "nothing";
}

// 2^63 and 2^64 as doubles; whole doubles below them convert exactly.
inline constexpr double two_63 = 9223372036854775808.0;
inline constexpr double two_64 = 18446744073709551616.0;

} // namespace detail

CREMA_DECL value::value(std::initializer_list<init> list) : value() {
    const bool named =
        list.size() != 0 && std::all_of(list.begin(), list.end(), [](const init& e) {
            return e.content.is_array() && e.content.array_.size() == 2 && e.content.array_[0].is_string();
        });
    *this = named ? object(list) : array(list);
}

CREMA_DECL value value::array(std::initializer_list<init> elements) {
    array_type all;
    all.reserve(elements.size());
    for (const init& e : elements) all.push_back(std::move(e.content));
    return value(std::move(all));
}

CREMA_DECL value value::object(std::initializer_list<init> members) {
    value made;
    made.kind_ = kind::object;
    ::new (&made.object_) object_type();
    made.object_.reserve(members.size());
    for (const init& e : members) {
        value& pair = e.content;
        if (!pair.is_array() || pair.array_.size() != 2 || !pair.array_[0].is_string())
            throw system_error(make_error_code(error::bad_value), "a member is {name, value}");
        made[pair.array_[0].string_] = std::move(pair.array_[1]);
    }
    return made;
}

CREMA_NOINLINE CREMA_DECL void value::copy_from(const value& other) {
    switch (other.kind_) {
    case kind::null: break;
    case kind::boolean: boolean_ = other.boolean_; break;
    case kind::integer: integer_ = other.integer_; break;
    case kind::natural: natural_ = other.natural_; break;
    case kind::number: number_ = other.number_; break;
    case kind::string: ::new (&string_) std::string(other.string_); break;
    case kind::array: ::new (&array_) array_type(other.array_); break;
    case kind::object: ::new (&object_) object_type(other.object_); break;
    }
    kind_ = other.kind_;
}

CREMA_NOINLINE CREMA_DECL void value::take(value& other) noexcept {
    switch (other.kind_) {
    case kind::null: break;
    case kind::boolean: boolean_ = other.boolean_; break;
    case kind::integer: integer_ = other.integer_; break;
    case kind::natural: natural_ = other.natural_; break;
    case kind::number: number_ = other.number_; break;
    case kind::string: ::new (&string_) std::string(std::move(other.string_)); break;
    case kind::array: ::new (&array_) array_type(std::move(other.array_)); break;
    case kind::object: ::new (&object_) object_type(std::move(other.object_)); break;
    }
    kind_ = other.kind_;
    other.reset();
}

CREMA_NOINLINE CREMA_DECL void value::destroy() noexcept {
    switch (kind_) {
    case kind::string: string_.~basic_string(); break;
    case kind::array: array_.~vector(); break;
    case kind::object: object_.~vector(); break;
    default: break;
    }
}

CREMA_DECL void value::mismatch(const char* wanted) const {
    throw system_error(make_error_code(error::bad_value),
                       std::string("expected ") + wanted + ", found " + detail::kind_name(kind_));
}

CREMA_DECL void value::require(kind k) const {
    if (kind_ != k) mismatch(detail::kind_name(k));
}

CREMA_DECL const value& value::nothing() noexcept {
    static const value none = array();
    return none;
}

CREMA_DECL const value& value::nothing_named() noexcept {
    static const value none = object();
    return none;
}

CREMA_DECL const value& value::nothing_null() noexcept {
    static const value none;
    return none;
}

CREMA_DECL std::int64_t value::as_int64() const {
    if (kind_ == kind::integer) return integer_;
    if (kind_ == kind::number && number_ >= -detail::two_63 && number_ < detail::two_63 &&
        std::trunc(number_) == number_)
        return static_cast<std::int64_t>(number_);
    mismatch("an integer of 64 bits");
}

CREMA_DECL std::uint64_t value::as_uint64() const {
    if (kind_ == kind::natural) return natural_;
    if (kind_ == kind::integer && integer_ >= 0) return static_cast<std::uint64_t>(integer_);
    if (kind_ == kind::number && number_ >= 0 && number_ < detail::two_64 && std::trunc(number_) == number_)
        return static_cast<std::uint64_t>(number_);
    mismatch("an integer of 64 bits without sign");
}

CREMA_DECL double value::as_double() const {
    switch (kind_) {
    case kind::number: return number_;
    case kind::integer: return static_cast<double>(integer_);
    case kind::natural: return static_cast<double>(natural_);
    default: mismatch("a number");
    }
}

CREMA_DECL std::size_t value::size() const noexcept {
    switch (kind_) {
    case kind::null: return 0;
    case kind::string: return string_.size();
    case kind::array: return array_.size();
    case kind::object: return object_.size();
    default: return 1;
    }
}

CREMA_DECL const value* value::find(std::string_view name) const noexcept {
    if (kind_ != kind::object) return nullptr;
    for (const member& m : object_)
        if (m.first == name) return &m.second;
    return nullptr;
}

CREMA_DECL const value& value::at(std::string_view name) const {
    if (const value* v = find(name)) return *v;
    throw system_error(make_error_code(error::not_found), name);
}

CREMA_DECL const value& value::at(std::size_t index) const {
    if (kind_ == kind::array && index < array_.size()) return array_[index];
    throw system_error(make_error_code(error::not_found), "element " + std::to_string(index));
}

CREMA_DECL value& value::operator[](std::string_view name) {
    if (kind_ == kind::null) {
        ::new (&object_) object_type();
        kind_ = kind::object;
    }
    require(kind::object);
    if (value* v = find(name)) return *v;
    return object_.emplace_back(std::string(name), value()).second;
}

CREMA_DECL value& value::push_back(value element) {
    if (kind_ == kind::null) {
        ::new (&array_) array_type();
        kind_ = kind::array;
    }
    require(kind::array);
    return array_.emplace_back(std::move(element));
}

CREMA_DECL bool value::erase(std::string_view name) {
    if (kind_ != kind::object) return false;
    return std::erase_if(object_, [&](const member& m) { return m.first == name; }) != 0;
}

CREMA_DECL bool value::equal(const value& a, const value& b) noexcept {
    if (a.is_number() && b.is_number()) {
        if (a.kind_ == b.kind_) return a.kind_ == kind::number ? a.number_ == b.number_ : a.integer_ == b.integer_;
        const auto same = [](const value& whole, const value& real) { // exact: no rounding of the whole number
            if (whole.kind_ == kind::integer)
                return real.number_ >= -detail::two_63 && real.number_ < detail::two_63 &&
                       std::trunc(real.number_) == real.number_ &&
                       static_cast<std::int64_t>(real.number_) == whole.integer_;
            return real.number_ >= 0 && real.number_ < detail::two_64 && std::trunc(real.number_) == real.number_ &&
                   static_cast<std::uint64_t>(real.number_) == whole.natural_;
        };
        if (b.kind_ == kind::number) return same(a, b);
        if (a.kind_ == kind::number) return same(b, a);
        return false; // an integer and a natural are never equal
    }
    if (a.kind_ != b.kind_) return false;
    switch (a.kind_) {
    case kind::boolean: return a.boolean_ == b.boolean_;
    case kind::string: return a.string_ == b.string_;
    case kind::array: return std::equal(a.array_.begin(), a.array_.end(), b.array_.begin(), b.array_.end(), equal);
    case kind::object: {
        if (a.object_.size() != b.object_.size()) return false;
        for (std::size_t i = 0; i < a.object_.size(); ++i) { // mostly the order is the same
            const member& m = a.object_[i];
            const member& there = b.object_[i];
            const value* other = m.first == there.first ? &there.second : b.find(m.first);
            if (!other || !equal(m.second, *other)) return false;
        }
        return true;
    }
    default: return true;
    }
}

} // namespace crema
#endif
