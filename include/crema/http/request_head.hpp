// The head of a request: method, target, fields, and what follows from them, as views into the octets received.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/http/fields.hpp>
#include <crema/http/method.hpp>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <string_view>

namespace crema::http {

/// Shows one field of a head.
struct field_view {
    field id;               ///< its small integer, `unknown` when it has none
    std::string_view name;  ///< as received
    std::string_view value; ///< without spaces and tabs around it
};

/// Names the four forms of a request target (RFC 9112 section 3.2).
enum class target_form : std::uint8_t {
    origin,    ///< `/path?query`
    absolute,  ///< `http://host/path?query`
    authority, ///< `host:port`, for CONNECT
    asterisk,  ///< `*`, for OPTIONS
};

/** Shows the head of one request.

    Filled by `request_parser`. Nothing is copied: all views point into the octets that were parsed and are valid as
    long as these, at the place where they were when the parser ran last, or where `rebase` was told that they are.
    Fields are remembered by their offsets. Room for them grows on demand and is kept by `clear()`.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class request_head {
public:
    /// Construct without a request.
    request_head() noexcept {} // leaves `first_` as it is
    request_head(const request_head&) = delete;
    request_head& operator=(const request_head&) = delete;

    /// Returns the method.
    http::method method() const noexcept { return method_; }
    /// Returns the text of the method.
    std::string_view method_text() const noexcept { return view(method_at_, method_size_); }
    /// Returns the target as received.
    std::string_view target() const noexcept { return view(target_at_, target_size_); }
    /// Returns the form of the target.
    target_form form() const noexcept { return form_; }
    /// Returns the path of the target, still escaped: `/` when an absolute target has none, `*` for the asterisk,
    /// empty for CONNECT.
    std::string_view path() const noexcept {
        if (path_size_ == 0 && form_ == target_form::absolute) return "/";
        return view(path_at_, path_size_);
    }
    /// Returns the query without its question mark, still escaped; empty when there is none.
    std::string_view query() const noexcept { return has_query_ ? view(query_at_, query_size_) : std::string_view{}; }
    /// Tells whether there is a question mark in the target.
    bool has_query() const noexcept { return has_query_; }
    /// Returns the authority of an absolute target or of CONNECT; empty for others.
    std::string_view authority() const noexcept { return view(authority_at_, authority_size_); }
    /// Tells whether an absolute target has the scheme https.
    bool target_is_https() const noexcept { return https_; }
    /// Returns host and port that the request is for: of the target when it has them, else of the Host field.
    std::string_view host() const noexcept { return authority_size_ != 0 ? authority() : get(field::host); }
    /// Returns the minor version: 0 for HTTP/1.0, 1 for HTTP/1.1.
    int version_minor() const noexcept { return minor_; }

    /// Counts the fields.
    std::size_t field_count() const noexcept { return count_; }
    /// Returns the field with the index, in the order received. @param i Less than `field_count()`.
    field_view field_at(std::size_t i) const noexcept {
        const auto& r = records_[i];
        return {r.id, of_fields(r.name_at, r.name_size), of_fields(r.value_at, r.value_size)};
    }

    /// Is a forward iterator over the fields.
    class iterator {
    public:
        using value_type = field_view;                        ///< a field
        using difference_type = std::ptrdiff_t;               ///< distance
        using reference = field_view;                         ///< made on the fly
        using pointer = const field_view*;                    ///< unused
        using iterator_category = std::forward_iterator_tag;  ///< forward

        iterator() noexcept = default;
        /// Returns the field.
        field_view operator*() const noexcept { return head_->field_at(at_); }
        /// Goes to the next.
        iterator& operator++() noexcept {
            ++at_;
            return *this;
        }
        /// Goes to the next, returns the former.
        iterator operator++(int) noexcept {
            auto old = *this;
            ++at_;
            return old;
        }
        /// Compares positions.
        friend bool operator==(const iterator&, const iterator&) noexcept = default;

    private:
        friend class request_head;
        iterator(const request_head* head, std::size_t at) noexcept : head_(head), at_(at) {}
        const request_head* head_ = nullptr;
        std::size_t at_ = 0;
    };
    /// Is the range of all fields.
    struct field_range {
        iterator first, last;
        iterator begin() const noexcept { return first; }
        iterator end() const noexcept { return last; }
    };
    /// Returns all fields, in the order received.
    field_range fields() const noexcept { return {{this, 0}, {this, count_}}; }

    /// Tells whether there is such a field.
    bool has(field f) const noexcept { return (present_ >> static_cast<unsigned>(f) & 1) != 0; }
    /// Tells whether there are several lines of such a field.
    bool repeated(field f) const noexcept { return (repeated_ >> static_cast<unsigned>(f) & 1) != 0; }
    /// Returns the value of the first line of a known field, empty when there is none. Constant time.
    std::string_view get(field f) const noexcept {
        if (!has(f)) return {};
        const auto& r = records_[first_[static_cast<std::size_t>(f)]];
        return of_fields(r.value_at, r.value_size);
    }
    /// Tells whether there is a field of this name, the case of letters ignored.
    bool has(std::string_view name) const noexcept { return find(name, 0) != npos; }
    /// Returns the value of the first line with this name, the case of letters ignored; empty when there is none.
    /// Constant time for known names, else linear in the number of fields.
    std::string_view get(std::string_view name) const noexcept {
        const auto i = find(name, 0);
        return i == npos ? std::string_view{} : field_at(i).value;
    }
    /// Stands for no index.
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    /// Returns the index of the next line with this name from `from` on, `npos` when there is none.
    inline std::size_t find(std::string_view name, std::size_t from) const noexcept;
    /// @copydoc find
    std::size_t find(field f, std::size_t from) const noexcept {
        if (!has(f)) return npos;
        if (const std::size_t i = first_[static_cast<std::size_t>(f)]; i >= from) return i;
        for (auto i = from; i < count_; ++i)
            if (records_[i].id == f) return i;
        return npos;
    }

    /// Tells whether the connection may serve another request after this one, as the client sees it.
    bool keep_alive() const noexcept { return keep_alive_; }
    /// Tells whether a body follows: a length above 0, or chunks.
    bool has_body() const noexcept { return chunked_ || content_length_ > 0; }
    /// Tells whether the body comes in chunks.
    bool chunked() const noexcept { return chunked_; }
    /// Returns the length of the body when the request says one.
    std::optional<std::uint64_t> content_length() const noexcept {
        return has(field::content_length) ? std::optional(content_length_) : std::nullopt;
    }
    /// Tells whether the client waits for `100 Continue` before it sends the body.
    bool expect_continue() const noexcept { return expect_continue_; }
    /// Tells whether the client wants another protocol: Connection names Upgrade, and there is an Upgrade field.
    bool upgrade() const noexcept { return upgrade_; }

    /// Tells that the octets, and all views with them, are now at `begin`.
    void rebase(const char* begin) noexcept { base_ = begin; }
    /// Returns where the octets begin.
    const char* base() const noexcept { return base_; }
    /// Returns the size of the head in octets, from `base()` on, with the empty line at its end.
    std::size_t size() const noexcept { return size_; }
    /// Forgets the request; keeps the room.
    void clear() noexcept {
        present_ = repeated_ = content_length_ = 0;
        count_ = method_size_ = target_size_ = path_size_ = query_size_ = authority_size_ = size_ = 0;
        method_ = http::method::unknown;
        form_ = target_form::origin;
        minor_ = 1;
        has_query_ = https_ = keep_alive_ = chunked_ = expect_continue_ = upgrade_ = false;
    }

private:
    friend class request_parser;
    struct record { // places count from the first field on
        std::uint32_t name_at, value_at, value_size;
        std::uint16_t name_size;
        field id;
    };

    // What is said of the fields and what follows from them.
    struct section {
        std::uint64_t present = 0, repeated = 0, content_length = 0;
        std::uint32_t count = 0;
        bool keep_alive = false, chunked = false, expect_continue = false, upgrade = false;
    };

    std::string_view view(std::uint32_t at, std::uint32_t size) const noexcept { return {base_ + at, size}; }
    std::string_view of_fields(std::uint32_t at, std::uint32_t size) const noexcept {
        return {base_ + fields_at_ + at, size};
    }
    // The fields begin at `at`; those read before are forgotten.
    void begin_fields(std::uint32_t at) noexcept {
        fields_at_ = at;
        seen_size_ = 0;
    }
    // Takes over what is known when the same octets were read last.
    bool recall(std::uint32_t at, std::size_t size, std::size_t most_octets, std::size_t most_fields) noexcept {
        if (seen_size_ == 0 || seen_size_ > size || std::memcmp(base_ + at, seen_.get(), seen_size_) != 0 ||
            seen_size_ > most_octets || known_.count > most_fields)
            return false;
        fields_at_ = at;
        size_ = at + seen_size_;
        present_ = known_.present;
        repeated_ = known_.repeated;
        content_length_ = known_.content_length;
        count_ = known_.count;
        keep_alive_ = known_.keep_alive;
        chunked_ = known_.chunked;
        expect_continue_ = known_.expect_continue;
        upgrade_ = known_.upgrade;
        return true;
    }
    inline void remember() noexcept;
    void add(std::uint32_t name_at, std::uint32_t name_size, std::uint32_t value_at, std::uint32_t value_size,
             field id) {
        if (count_ == capacity_) [[unlikely]] grow();
        records_[count_] = {name_at, value_at, value_size, static_cast<std::uint16_t>(name_size), id};
        const auto bit = std::uint64_t{1} << static_cast<unsigned>(id);
        if ((present_ & bit) != 0) repeated_ |= bit;
        else first_[static_cast<std::size_t>(id)] = static_cast<std::uint16_t>(count_);
        present_ |= bit;
        ++count_;
    }
    inline void grow();

    const char* base_ = "";
    std::unique_ptr<record[]> records_;
    std::uint32_t count_ = 0, capacity_ = 0;
    std::uint64_t present_ = 0, repeated_ = 0; // bit n: the field with the integer n
    std::uint64_t content_length_ = 0;
    std::uint32_t method_at_ = 0, method_size_ = 0, target_at_ = 0, target_size_ = 0, path_at_ = 0, path_size_ = 0,
                  query_at_ = 0, query_size_ = 0, authority_at_ = 0, authority_size_ = 0, size_ = 0;
    http::method method_ = http::method::unknown;
    target_form form_ = target_form::origin;
    std::uint8_t minor_ = 1;
    bool has_query_ = false, https_ = false, keep_alive_ = false, chunked_ = false, expect_continue_ = false,
         upgrade_ = false;
    std::uint32_t fields_at_ = 0; // where the fields begin
    // The octets of the fields that were read last, and what they say: clients say the same with each request.
    std::uint32_t seen_size_ = 0, seen_room_ = 0;
    std::unique_ptr<char[]> seen_;
    section known_;
    std::uint16_t first_[http::field_count]; // meaningful where `present_` has the bit
};

inline void request_head::remember() noexcept {
    constexpr std::uint32_t most = 2048;
    const auto size = size_ - fields_at_;
    if (size > most) return;
    if (size > seen_room_) {
        const auto wanted = size <= most / 4 ? most / 4 : most;
        seen_.reset(new (std::nothrow) char[wanted]);
        seen_room_ = seen_ ? wanted : 0;
        if (!seen_) return;
    }
    std::memcpy(seen_.get(), base_ + fields_at_, size);
    seen_size_ = size;
    known_ = {present_, repeated_, content_length_, count_, keep_alive_, chunked_, expect_continue_, upgrade_};
}

inline std::size_t request_head::find(std::string_view name, std::size_t from) const noexcept {
    const auto id = to_field(name);
    if (id != field::unknown) return find(id, from);
    for (auto i = from; i < count_; ++i)
        if (records_[i].id == field::unknown && records_[i].name_size == name.size() &&
            iequals(of_fields(records_[i].name_at, records_[i].name_size), name))
            return i;
    return npos;
}

inline void request_head::grow() {
    const auto wanted = capacity_ == 0 ? 24u : capacity_ * 2;
    auto more = std::make_unique_for_overwrite<record[]>(wanted);
    for (std::uint32_t i = 0; i < count_; ++i) more[i] = records_[i];
    records_ = std::move(more);
    capacity_ = wanted;
}

} // namespace crema::http
