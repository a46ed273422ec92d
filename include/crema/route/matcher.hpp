// Matcher: an index over the layers of a router, which finds those that may match a path, in order of registration.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/route/pattern.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::route {

/// Is a set of methods, one bit for each; who uses the matcher says which.
using method_mask = std::uint64_t;
/// Is the set of all methods.
inline constexpr method_mask all_methods = ~method_mask{0};

namespace detail {

// A list of trivial things with room for some inside.
template <class T, std::uint32_t Room>
class short_list {
public:
    short_list() noexcept = default;
    short_list(const short_list&) = delete;
    short_list& operator=(const short_list&) = delete;

    void push(T value) {
        if (size_ == room_) [[unlikely]] grow();
        data_[size_++] = value;
    }
    void clear() noexcept { size_ = 0; }
    std::uint32_t size() const noexcept { return size_; }
    const T& operator[](std::uint32_t i) const noexcept { return data_[i]; }

private:
    CREMA_NOINLINE void grow() {
        auto bigger = std::make_unique<T[]>(std::size_t{room_} * 2);
        std::memcpy(bigger.get(), data_, size_ * sizeof(T));
        many_ = std::move(bigger);
        data_ = many_.get();
        room_ *= 2;
    }
    std::uint32_t size_ = 0, room_ = Room;
    T* data_ = few_;
    std::unique_ptr<T[]> many_;
    T few_[Room];
};

} // namespace detail

/** Finds the layers of a router that match a path, without walking over all of them.

    Layers are numbered in the order in which they were added. A `search` over a path yields in that order every layer
    whose pattern matches. What the index goes by: the text before the first capture and, for parameters, the text
   behind their segment, and so on, ignoring the case of letters. What it finds that way is asked itself, unless that
   says all.

    @code
    matcher::search s(index, path, method);
    path_match match;
    for (auto i = s.next(match); i != matcher::npos; i = s.next(match)) …
    @endcode

    @par Complexity
    A step of a search takes time in the length of the path and the number of places at which patterns fork along it,
    not in the number of layers. Adding is linear in the length of the pattern.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for searching; `add` must be alone.
*/
class matcher {
public:
    using index = std::uint32_t;             ///< the number of a layer
    static constexpr index npos = ~index{0}; ///< no layer

    matcher() { nodes_.emplace_back(); }

    /** Add a layer.

        @param p Its pattern, of which a copy is kept.
        @param methods The methods it answers; all for a mount.
        @return Its number: the number of layers before.
    */
    CREMA_DECL index add(const pattern& p, method_mask methods = all_methods);

    /** Add a layer that comes up for every path, because no pattern decides (a regular expression, a predicate).

        Its match is empty.

        @return Its number.
    */
    CREMA_DECL index add_any(method_mask methods = all_methods);

    /** Change the methods of a layer; searches see it at once.

        @param i A layer that was added.
    */
    void set_methods(index i, method_mask methods) noexcept { methods_[i] = methods; }

    /// Returns the methods of a layer that was added.
    method_mask methods(index i) const noexcept { return methods_[i]; }
    /// Returns the number of layers.
    std::size_t size() const noexcept { return size_; }

    class search;

private:
    // Where along a path a layer may match: when nothing or one slash is left, when nothing or a slash and more is
    // left, whatever is left. A list holds the layers of those behind it as well, so that a search takes one of a node.
    enum list : unsigned { exact, mount, rest, lists };

    // A layer in a list: its number, and whether to be in the list means to match.
    using entry = std::uint32_t;
    static constexpr entry make_entry(index layer, bool certain) noexcept { return layer << 1 | entry{certain}; }

    struct node {
        std::string text;              // the way to it, small letters
        node* parameter = nullptr;     // what follows one segment, or the rest of one
        index latest = 0;              // behind the last layer here; 0: there is none
        std::array<char, 4> firsts{};  // the first octets of up to four children
        std::array<node*, 4> children{};
        std::unique_ptr<std::array<node*, 256>> table; // of more children
        std::array<std::vector<entry>, lists> layers;

        // The child whose text begins with this small letter, or null.
        node* child(char octet) const noexcept {
            if (table) return (*table)[static_cast<unsigned char>(octet)];
            for (unsigned i = 0; i < 4; ++i)
                if (firsts[i] == octet) return children[i];
            return nullptr;
        }
        CREMA_DECL void adopt(char first, node& child);
        CREMA_DECL void put(list where, entry e);
    };

    CREMA_DECL void insert(const detail::program& p, const detail::sequence& q, index layer);
    CREMA_DECL node& descend(node& at, std::string_view text);
    CREMA_DECL node& descend_parameter(node& at);
    CREMA_DECL index number(std::shared_ptr<const detail::program> program, method_mask methods);

    // Where a search begins: most paths begin with a slash, and most patterns, so that the root has nothing to say.
    const node* start(std::string_view path, index from) const noexcept {
        const node& root = nodes_.front();
        return slash_ && root.latest <= from && path.starts_with('/') ? slash_ : &root;
    }

    std::deque<node> nodes_; // which stay where they are; the first is the root
    const node* slash_ = nullptr; // below the root, of what begins with a slash
    std::vector<method_mask> methods_;
    std::vector<std::shared_ptr<const detail::program>> programs_; // null: any
    index size_ = 0;
};

/** Walks over the layers that match one path.

    Holds a view of the path, which must outlive it, and refers to the matcher. Layers added meanwhile are found, too.

    @par Thread Safety
    Distinct objects: safe.
*/
class matcher::search {
public:
    /** Begin a search.

        @param m The index; must outlive this.
        @param path The path, not decoded, without the query.
        @param methods Layers that have none of these are passed over.
        @param from The first layer to look at.
    */
    search(const matcher& m, std::string_view path, method_mask methods = all_methods, index from = 0) noexcept
        : matcher_(&m), path_(path), methods_(methods), from_(from) {}
    search(const search&) = delete;
    search& operator=(const search&) = delete;

    /** Return the next layer that matches, or `npos`.

        @param match Receives how much of the path matched, and the captures.
    */
    index next(path_match& match) {
        const index layer = next_candidate();
        if (layer == npos) return npos;
        if (!(best_ & 1) || parameter_ != none) return next_verified(match);
        match.begin(matcher_->programs_[layer].get(), path_);
        match.length_ = length_;
        return layer;
    }

    /// Returns the next layer that the index offers, which may match or not, or `npos`. For those who count.
    index next_candidate() {
        best_ = npos;
        segments_.clear();
        walk(matcher_->start(path_, from_), path_.data(), path_.data() + path_.size(), none);
        if (best_ == npos) return npos;
        from_ = (best_ >> 1) + 1;
        return best_ >> 1;
    }

    /// Returns the path that is searched.
    std::string_view path() const noexcept { return path_; }

private:
    // A segment which the way to a node took for a parameter, and the one before it.
    struct segment {
        std::uint32_t begin, end, before;
    };
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    CREMA_DECL void walk(const node* at, const char* path, const char* end, std::uint32_t parameter);
    void offer(const std::vector<entry>& entries, std::size_t length, std::uint32_t parameter);
    CREMA_DECL index next_verified(path_match& match);
    CREMA_DECL void recall(path_match& match) const;

    const matcher* matcher_;
    std::string_view path_;
    method_mask methods_;
    index from_;
    // The first layer found so far, how much of the path it takes if it is certain, the last parameter on the way to
    // it.
    entry best_ = npos;
    std::uint32_t length_ = 0, parameter_ = none;
    detail::short_list<segment, 8> segments_;
};

} // namespace crema::route

#if CREMA_BODIES
#include <algorithm>
namespace crema::route {

CREMA_DECL matcher::index matcher::number(std::shared_ptr<const detail::program> program, method_mask methods) {
    methods_.push_back(methods);
    programs_.push_back(std::move(program));
    return size_++;
}

CREMA_DECL matcher::index matcher::add(const pattern& p, method_mask methods) {
    const index layer = number(p.program_, methods);
    const detail::program& program = *p.program_;
    if (program.everything) nodes_.front().put(rest, make_entry(layer, true));
    for (const auto& q : program.sequences) insert(program, q, layer);
    slash_ = nodes_.front().child('/');
    return layer;
}

CREMA_DECL matcher::index matcher::add_any(method_mask methods) {
    const index layer = number(nullptr, methods);
    nodes_.front().put(rest, make_entry(layer, true));
    return layer;
}

// Goes along one sequence of the pattern as far as the index can follow.
CREMA_DECL void matcher::insert(const detail::program& p, const detail::sequence& q, index layer) {
    const bool slashes = p.delimiter == "/";
    // Whether to arrive here is to match: all that is asked of the path is asked on the way.
    bool certain = slashes && !p.sensitive && p.trailing && q.straight && p.sequences.size() == 1;
    node* at = &nodes_.front();
    for (std::uint32_t i = q.first; i < q.last; ++i) {
        const detail::step& s = p.steps[i];
        if (s.kind == detail::step_kind::text) {
            at = &descend(*at, p.text_of(s.text));
            continue;
        }
        if (!slashes || s.wildcard) return at->put(rest, make_entry(layer, false));
        at = &descend_parameter(*at);
        if (i + 1 == q.last) break;
        std::string_view behind; // the text from the end of this segment on
        while (behind.empty() && ++i < q.last) {
            if (p.steps[i].wildcard) return at->put(rest, make_entry(layer, false));
            if (p.steps[i].kind != detail::step_kind::text) continue;
            const std::string_view text = p.text_of(p.steps[i].text);
            behind = text.substr(std::min(text.find('/'), text.size()));
            certain = certain && behind.size() == text.size();
        }
        at = &descend(*at, behind);
    }
    certain = certain && at != &nodes_.front(); // (what is in the root's lists takes nothing of the path)
    at->put(!slashes ? rest : p.end ? exact : mount, make_entry(layer, certain));
}

// Returns the node that lies this text below another, made if need be.
CREMA_DECL matcher::node& matcher::descend(node& from, std::string_view given) {
    const std::string folded = to_lower(given);
    node* at = &from;
    for (std::string_view text = folded; !text.empty();) {
        node* const child = at->child(text[0]);
        if (!child) {
            node& fresh = nodes_.emplace_back();
            fresh.text = text;
            at->adopt(text[0], fresh);
            return fresh;
        }
        const std::string label = child->text;
        std::size_t common = 0;
        while (common < label.size() && common < text.size() && label[common] == text[common]) ++common;
        text.remove_prefix(common);
        at = child;
        if (common == label.size()) continue;
        // The child stays where it is and becomes the fork; what it was moves below.
        node& below = nodes_.emplace_back();
        std::swap(*child, below);
        child->text = label.substr(0, common);
        below.text = label.substr(common);
        child->adopt(label[common], below);
    }
    return *at;
}

CREMA_DECL matcher::node& matcher::descend_parameter(node& at) {
    if (!at.parameter) at.parameter = &nodes_.emplace_back();
    return *at.parameter;
}

CREMA_DECL void matcher::node::adopt(char first, node& child) {
    const auto count =
        static_cast<std::size_t>(std::find(children.begin(), children.end(), nullptr) - children.begin());
    if (count < children.size()) {
        firsts[count] = first;
        children[count] = &child;
        return;
    }
    if (!table) {
        table = std::make_unique<std::array<node*, 256>>();
        for (std::size_t i = 0; i < count; ++i) (*table)[static_cast<unsigned char>(firsts[i])] = children[i];
    }
    (*table)[static_cast<unsigned char>(first)] = &child;
}

CREMA_DECL void matcher::node::put(list where, entry e) {
    latest = std::max(latest, (e >> 1) + 1);
    for (unsigned l = exact; l <= where; ++l)
        if (layers[l].empty() || layers[l].back() >> 1 != e >> 1) layers[l].push_back(e);
}

CREMA_DECL matcher::index matcher::search::next_verified(path_match& match) {
    do {
        const index layer = best_ >> 1;
        const detail::program* const p = matcher_->programs_[layer].get();
        if (best_ & 1) {
            match.begin(p, path_);
            match.length_ = length_;
            if (parameter_ != none && p) recall(match);
            return layer;
        }
        if (detail::match_path(*p, path_, match)) return layer;
    } while (next_candidate() != npos);
    return npos;
}

// Looks whether a list has an earlier layer than the one found so far.
CREMA_FORCEINLINE void matcher::search::offer(const std::vector<entry>& entries, std::size_t length,
                                              std::uint32_t parameter) {
    const entry* e = entries.data();
    const entry* const end = e + entries.size();
    if (from_ != 0 && entries.size() > 8) e = std::lower_bound(e, end, make_entry(from_, false));
    for (; e != end && *e < best_; ++e) {
        const index layer = *e >> 1;
        if (layer < from_ || !(matcher_->methods_[layer] & methods_)) continue;
        best_ = *e;
        length_ = static_cast<std::uint32_t>(length);
        parameter_ = parameter;
        return;
    }
}

// Looks at the lists of all nodes that lie on the path, from node `at` on, whose text begins at `path`.
CREMA_DECL void matcher::search::walk(const node* at, const char* path, const char* end, std::uint32_t parameter) {
    for (;;) {
        const std::size_t size = at->text.size();
        if (static_cast<std::size_t>(end - path) < size || !detail::same_text<true>(path, at->text.data(), size))
            return;
        path += size;
        const auto left = static_cast<std::size_t>(end - path);
        if (at->latest > from_) {
            const bool whole = left == 0 || (left == 1 && *path == '/');
            const auto& entries = at->layers[whole ? exact : *path == '/' ? mount : rest];
            if (!entries.empty())
                offer(entries, path == path_.data() ? 0 : path_.size() - (whole ? 0 : left), parameter);
            if (best_ >> 1 == from_) return; // none can be earlier
        }
        if (left == 0) return;
        const node* const child = at->child(to_lower(*path));
        if (at->parameter && *path != '/') {
            const char* const behind = detail::find_octet(path, end, '/');
            const auto offset = [&](const char* p) { return static_cast<std::uint32_t>(p - path_.data()); };
            const std::uint32_t taken = segments_.size();
            segments_.push({offset(path), offset(behind), parameter});
            if (child) walk(child, path, end, parameter);
            at = at->parameter;
            path = behind;
            parameter = taken;
            continue;
        }
        if (!child) return;
        at = child;
    }
}

// Fills in the captures of a layer that is certain, from the last to the first.
CREMA_DECL void matcher::search::recall(path_match& match) const {
    const detail::program& p = *match.program_;
    const detail::sequence& q = p.sequences.front();
    if (p.slots > match.room_) match.make_room(p.slots);
    match.count_ = q.slots;
    detail::captured* const slots = match.slots();
    std::uint32_t parameter = parameter_;
    for (std::uint32_t i = q.last; i-- > q.first;) {
        const detail::step& s = p.steps[i];
        if (s.kind == detail::step_kind::text) continue;
        const segment& taken = segments_[parameter];
        if (s.slot != detail::shadowed) slots[s.slot] = {i, taken.begin, taken.end};
        parameter = taken.before;
    }
}

} // namespace crema::route
#endif
