// header_block: the fields of a response that is being built, kept as the octets that will be sent.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/copy.hpp>
#include <crema/core/text.hpp>
#include <crema/http/fields.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema::http {

/** Collects fields as ready lines `Name: value\r\n`, in the order in which they were set.

    Made for the few fields of a response: looking for a name that is not there costs next to nothing, else time is
    linear in the number of fields. `clear()` keeps the room, so that one that is used again allocates nothing.
    Names keep the spelling they were set with and are compared without case.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class header_block {
public:
    /// Construct empty.
    header_block() noexcept = default;
    header_block(const header_block&) = delete;
    header_block& operator=(const header_block&) = delete;

    /** Set a field, replacing all lines of that name. A new line goes to the end, a replaced one keeps its place.

        @return False, and nothing is changed, when name or value may not be sent (`valid_field_name`,
        `valid_field_value`).
    */
    [[nodiscard]] bool set(std::string_view name, std::string_view value) {
        if (!valid_field_name(name) || !valid_field_value(value)) return false;
        set_trusted(name, value);
        return true;
    }

    /** Add a line, beside others of that name.

        @return False, and nothing is changed, when name or value may not be sent.
    */
    [[nodiscard]] bool append(std::string_view name, std::string_view value) {
        if (!valid_field_name(name) || !valid_field_value(value)) return false;
        append_trusted(name, value);
        return true;
    }

    /// Does as `set` for a name and a value that are known to be valid.
    void set_trusted(std::string_view name, std::string_view value) {
        if (const auto i = find(name, 0); i != npos) [[unlikely]] replace(i, value);
        else append_trusted(name, value);
    }

    /// Does as `append` for a name and a value that are known to be valid.
    void append_trusted(std::string_view name, std::string_view value) {
        const auto size = name.size() + value.size() + 4;
        if (size > capacity_ - size_ || count_ == lines_.size()) [[unlikely]] return append_growing(name, value);
        char* p = put_text(text_.get() + size_, name);
        *p++ = ':';
        *p++ = ' ';
        end_line(put_text(p, value), name.size(), value.size());
        names_ |= trace(name);
    }

    /// Does as `append_trusted`, faster, for a name that is known when compiled.
    template <std::size_t N>
    CREMA_FORCEINLINE void append_known(const char (&name)[N], std::string_view value) {
        if (N + 3 + value.size() > capacity_ - size_ || count_ == lines_.size()) [[unlikely]]
            return append_growing({name, N - 1}, value);
        char* p = put_literal(text_.get() + size_, name);
        std::memcpy(p, ": ", 2);
        end_line(put_text(p + 2, value), N - 1, value.size());
        names_ |= trace({name, N - 1});
    }

    /// Does as `append_known` for a value of `size` octets that `write` writes where it is told.
    template <std::size_t N, class F>
    CREMA_FORCEINLINE void append_written(const char (&name)[N], std::size_t size, F&& write) {
        if (N + 3 + size > capacity_ - size_ || count_ == lines_.size()) [[unlikely]]
            make_room(N + 3 + size);
        char* p = put_literal(text_.get() + size_, name);
        std::memcpy(p, ": ", 2);
        write(p + 2);
        end_line(p + 2 + size, N - 1, size);
        names_ |= trace({name, N - 1});
    }

    /// Removes all lines of that name; tells whether there were any.
    CREMA_FORCEINLINE bool remove(std::string_view name) {
        return (names_ & trace(name)) != 0 && remove_lines(name);
    }

    /// Tells whether there is a line of that name.
    bool has(std::string_view name) const noexcept { return find(name, 0) != npos; }
    /// Returns the value of the first line of that name, empty when there is none; valid until the next change.
    std::string_view get(std::string_view name) const noexcept {
        const auto i = find(name, 0);
        return i == npos ? std::string_view{} : value_at(i);
    }

    /// Counts the lines.
    std::size_t size() const noexcept { return count_; }
    /// Tells whether there are none.
    bool empty() const noexcept { return count_ == 0; }
    /// Returns the name of a line. @param i Less than `size()`.
    std::string_view name_at(std::size_t i) const noexcept { return {text_.get() + lines_[i].at, lines_[i].name}; }
    /// Returns the value of a line. @param i Less than `size()`.
    std::string_view value_at(std::size_t i) const noexcept {
        return {text_.get() + lines_[i].at + lines_[i].name + 2, lines_[i].value};
    }
    /// Stands for no index.
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    /// Returns the index of the next line of that name from `from` on, `npos` when there is none.
    CREMA_FORCEINLINE std::size_t find(std::string_view name, std::size_t from) const noexcept {
        return (names_ & trace(name)) == 0 ? npos : find_line(name, from);
    }

    /// Tells whether there may be a line of one of these names, at the cost of one look for all; false is certain.
    template <std::size_t... N>
    CREMA_FORCEINLINE bool may_have(const char (&... names)[N]) const noexcept {
        return (names_ & (trace({names, N - 1}) | ...)) != 0;
    }

    /// Tells whether the last line has this name, spelt so, and a value with this end; constant time.
    template <std::size_t N, std::size_t E>
    CREMA_FORCEINLINE bool last_is(const char (&name)[N], const char (&end)[E]) const noexcept {
        return count_ != 0 && is_literal(name_at(count_ - 1), name) && ends_with_literal(value_at(count_ - 1), end);
    }

    /// Returns all lines, ready to be sent, without the empty line at the end; valid until the next change.
    std::string_view view() const noexcept { return {text_.get(), size_}; }
    /// Removes all lines; keeps the room.
    void clear() noexcept {
        size_ = count_ = 0;
        names_ = 0;
    }

private:
    struct line {
        std::uint32_t at, name, value;
        std::uint32_t size() const noexcept { return name + value + 4; }
    };
    // The trace that a name leaves in `names_`: one bit of 64, from its length and first letter. Where it is clear, the name is not.
    static std::uint64_t trace(std::string_view name) noexcept {
        if (name.empty()) return 0;
        return std::uint64_t{1} << ((name.size() * 7 + (static_cast<unsigned char>(name[0]) | 0x20u)) & 63);
    }
    CREMA_NOINLINE void append_growing(std::string_view name, std::string_view value) {
        const std::string name_copy(name), value_copy(value); // both may be views into this block
        make_room(name.size() + value.size() + 4);
        append_trusted(name_copy, value_copy);
    }
    CREMA_NOINLINE void make_room(std::size_t size) { // for another line
        reserve(size_ + size);
        if (count_ == lines_.size()) lines_.resize(count_ == 0 ? 16 : count_ * 2);
    }
    CREMA_FORCEINLINE void end_line(char* p, std::size_t name, std::size_t value) noexcept {
        std::memcpy(p, "\r\n", 2);
        lines_[count_++] = {static_cast<std::uint32_t>(size_), static_cast<std::uint32_t>(name),
                            static_cast<std::uint32_t>(value)};
        size_ += name + value + 4;
    }
    CREMA_NOINLINE std::size_t find_line(std::string_view name, std::size_t from) const noexcept {
        for (auto i = from; i < count_; ++i)
            if (same_text(name_at(i), name) || (lines_[i].name == name.size() && iequals(name_at(i), name))) return i;
        return npos;
    }
    CREMA_NOINLINE bool remove_lines(std::string_view name) {
        bool any = false;
        for (auto i = find_line(name, 0); i != npos; i = find_line(name, i)) {
            erase(i);
            any = true;
        }
        return any;
    }
    inline void reserve(std::size_t wanted);
    inline void replace(std::size_t i, std::string_view value);
    inline void erase(std::size_t i);

    std::unique_ptr<char[]> text_;
    std::size_t size_ = 0, capacity_ = 0; // of the text
    std::vector<line> lines_;             // the first `count_` are in use
    std::size_t count_ = 0;
    std::uint64_t names_ = 0;
};

inline void header_block::reserve(std::size_t wanted) {
    if (wanted <= capacity_) return;
    const auto room = wanted < 512 ? 512 : wanted * 2;
    auto more = std::make_unique_for_overwrite<char[]>(room);
    if (size_ != 0) std::memcpy(more.get(), text_.get(), size_);
    text_ = std::move(more);
    capacity_ = room;
}

inline void header_block::replace(std::size_t i, std::string_view value) {
    const std::string name(name_at(i)), copy(value); // the value may be a view into this block
    const auto old = std::size_t{lines_[i].value}, at = std::size_t{lines_[i].at} + lines_[i].name + 2;
    reserve(size_ - old + copy.size());
    std::memmove(text_.get() + at + copy.size(), text_.get() + at + old, size_ - at - old);
    if (!copy.empty()) std::memcpy(text_.get() + at, copy.data(), copy.size());
    size_ = size_ - old + copy.size();
    const auto grown = static_cast<std::uint32_t>(copy.size()) - lines_[i].value; // modulo 2^32
    lines_[i].value += grown;
    for (auto k = i + 1; k < count_; ++k) lines_[k].at += grown;
    for (auto k = find(name, i + 1); k != npos; k = find(name, k)) erase(k);
}

inline void header_block::erase(std::size_t i) {
    const auto gone = lines_[i];
    std::memmove(text_.get() + gone.at, text_.get() + gone.at + gone.size(), size_ - gone.at - gone.size());
    size_ -= gone.size();
    for (auto k = i + 1; k < count_; ++k) {
        lines_[k - 1] = lines_[k];
        lines_[k - 1].at -= gone.size();
    }
    --count_;
}

} // namespace crema::http
