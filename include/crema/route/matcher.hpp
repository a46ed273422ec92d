// Matcher: an index over the layers of a router, which finds those that may match a path, in order of registration.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/route/pattern.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema::route {

/// Is a set of methods, one bit for each; who uses the matcher says which.
using method_mask = std::uint64_t;
/// Is the set of all methods.
inline constexpr method_mask all_methods = ~method_mask{0};

/** Finds the layers of a router that may match a path, without walking over all of them.

    Layers are numbered in the order in which they were added. A `search` over a path yields, in that order, every layer
    whose pattern matches and few others: the caller asks the pattern itself for the truth and the captures. What the index
    goes by: the text before the first capture, and, for parameters, the text behind their segment, and so on; it ignores the
    case of letters.

    @code
    matcher::search s(index, path, method);
    for (auto i = s.next(); i != matcher::npos; i = s.next())
        if (layers[i].pattern.match(path, match)) …
    @endcode

    @par Complexity
    A search takes time in the length of the path and the number of places at which patterns fork along it, not in the number
    of layers. Adding is linear in the length of the pattern.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for searching; `add` must be alone.
*/
class matcher {
public:
    using index = std::uint32_t;                   ///< the number of a layer
    static constexpr index npos = ~index{0};       ///< no layer

    matcher() { nodes_.emplace_back(); }

    /** Add a layer.

        @param p Its pattern, of which nothing is kept.
        @param methods The methods it answers; all for a mount.
        @return Its number: the number of layers before.
    */
    CREMA_DECL index add(const pattern& p, method_mask methods = all_methods);

    /** Add a layer that may match every path, because no pattern says otherwise (a regular expression, a predicate).

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
    std::size_t size() const noexcept { return methods_.size(); }

    class search;

private:
    // Where along a path a layer may match: when nothing or one slash is left, when nothing or a slash and more is left,
    // whatever is left. A list holds the layers of those behind it as well, so that a search takes one of a node.
    enum list : unsigned { exact, mount, rest, lists };

    struct node {
        std::string text;                               // the way to it, small letters
        std::uint32_t parameter = 0;                    // what follows one segment, or the rest of one; 0: none
        std::string firsts;                             // the first octets of the children, as they were added
        std::vector<std::uint32_t> children;            // their nodes
        std::unique_ptr<std::array<std::uint32_t, 256>> table; // the same for many children; 0: none
        std::array<std::vector<index>, lists> layers;

        std::uint32_t child(char octet) const noexcept {
            if (table) return (*table)[static_cast<unsigned char>(octet)];
            for (std::size_t i = 0; i < firsts.size(); ++i)
                if (firsts[i] == octet) return children[i];
            return 0;
        }
    };

    CREMA_DECL void insert(const detail::program& p, const detail::sequence& q, index layer);
    CREMA_DECL std::uint32_t descend(std::uint32_t at, std::string_view text);
    CREMA_DECL std::uint32_t descend_parameter(std::uint32_t at);
    CREMA_DECL void adopt(std::uint32_t parent, char first, std::uint32_t child);
    CREMA_DECL void put(std::uint32_t at, list where, index layer);

    std::vector<node> nodes_; // the first is the root, which is nobody's child
    std::vector<method_mask> methods_;
};

/** Walks over the layers that may match one path.

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
    search(const matcher& m, std::string_view path, method_mask methods = all_methods, index from = 0)
        : matcher_(&m), path_(path), methods_(methods), from_(from) {
        collect();
    }

    /// Returns the next layer that may match, or `npos`.
    index next() {
        if (matcher_->size() != size_) [[unlikely]] collect();
        index best = npos;
        for (std::uint32_t i = 0; i < count_; ++i) {
            head& h = i < inline_heads ? heads_[i] : more_[i - inline_heads];
            while (h.at != h.end && (*h.at < from_ || !(matcher_->methods_[*h.at] & methods_))) ++h.at;
            if (h.at != h.end && *h.at < best) best = *h.at;
        }
        from_ = best == npos ? npos : best + 1;
        return best;
    }

    /// Returns the path that is searched.
    std::string_view path() const noexcept { return path_; }

private:
    struct head {
        const index* at;
        const index* end;
    };
    static constexpr std::uint32_t inline_heads = 8;

    void collect() {
        size_ = matcher_->size();
        count_ = 0;
        more_.clear();
        walk(0, path_.data(), path_.data() + path_.size());
    }
    CREMA_DECL void walk(std::uint32_t at, const char* path, const char* end);
    CREMA_DECL void overflow(head h);

    const matcher* matcher_;
    std::string_view path_;
    method_mask methods_;
    std::size_t size_ = 0;
    index from_;
    std::uint32_t count_ = 0;
    std::array<head, inline_heads> heads_;
    std::vector<head> more_;
};

} // namespace crema::route

#if CREMA_BODIES
#include <algorithm>
#include <utility>
namespace crema::route {

CREMA_DECL matcher::index matcher::add(const pattern& p, method_mask methods) {
    const detail::program& program = p.compiled();
    if (program.everything) return add_any(methods);
    const auto layer = static_cast<index>(methods_.size());
    methods_.push_back(methods);
    for (const auto& q : program.sequences) insert(program, q, layer);
    return layer;
}

CREMA_DECL matcher::index matcher::add_any(method_mask methods) {
    const auto layer = static_cast<index>(methods_.size());
    methods_.push_back(methods);
    put(0, rest, layer);
    return layer;
}

// Goes along one sequence of the pattern as far as the index can follow.
CREMA_DECL void matcher::insert(const detail::program& p, const detail::sequence& q, index layer) {
    const bool slashes = p.delimiter == "/";
    std::uint32_t at = 0;
    for (std::uint32_t i = q.first; i < q.last; ++i) {
        const detail::step& s = p.steps[i];
        if (s.kind == detail::step_kind::text) {
            at = descend(at, p.text_of(s.text));
            continue;
        }
        if (!slashes || s.wildcard) return put(at, rest, layer);
        at = descend_parameter(at);
        std::string_view behind; // the text from the end of this segment on
        while (behind.empty() && ++i < q.last) {
            if (p.steps[i].wildcard) return put(at, rest, layer);
            if (p.steps[i].kind != detail::step_kind::text) continue;
            const std::string_view text = p.text_of(p.steps[i].text);
            behind = text.substr(std::min(text.find('/'), text.size()));
        }
        if (!behind.empty()) at = descend(at, behind);
    }
    put(at, !slashes ? rest : p.end ? exact : mount, layer);
}

// Returns the node that lies this text below another, made if need be.
CREMA_DECL std::uint32_t matcher::descend(std::uint32_t at, std::string_view given) {
    const std::string folded = to_lower(given);
    for (std::string_view text = folded; !text.empty();) {
        const std::uint32_t child = nodes_[at].child(text[0]);
        const auto fresh = static_cast<std::uint32_t>(nodes_.size());
        if (child == 0) {
            nodes_.emplace_back().text = text;
            adopt(at, text[0], fresh);
            return fresh;
        }
        const std::string label = nodes_[child].text;
        std::size_t common = 0;
        while (common < label.size() && common < text.size() && label[common] == text[common]) ++common;
        text.remove_prefix(common);
        at = child;
        if (common == label.size()) continue;
        // The child keeps its number and becomes the fork; what it was moves below.
        nodes_.emplace_back();
        node& fork = nodes_[child];
        std::swap(fork, nodes_[fresh]);
        fork.text = label.substr(0, common);
        nodes_[fresh].text = label.substr(common);
        adopt(child, label[common], fresh);
    }
    return at;
}

CREMA_DECL std::uint32_t matcher::descend_parameter(std::uint32_t at) {
    if (nodes_[at].parameter == 0) {
        const auto fresh = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
        nodes_[at].parameter = fresh;
    }
    return nodes_[at].parameter;
}

CREMA_DECL void matcher::adopt(std::uint32_t parent, char first, std::uint32_t child) {
    node& n = nodes_[parent];
    n.firsts += first;
    n.children.push_back(child);
    if (n.children.size() <= 4) return;
    if (!n.table) n.table = std::make_unique<std::array<std::uint32_t, 256>>();
    for (std::size_t i = 0; i < n.children.size(); ++i) (*n.table)[static_cast<unsigned char>(n.firsts[i])] = n.children[i];
}

CREMA_DECL void matcher::put(std::uint32_t at, list where, index layer) {
    for (unsigned l = exact; l <= where; ++l) {
        auto& layers = nodes_[at].layers[l];
        if (layers.empty() || layers.back() != layer) layers.push_back(layer);
    }
}

// Collects the lists of all nodes that lie on the path, from node `at` on, whose text begins at `path`.
CREMA_DECL void matcher::search::walk(std::uint32_t at, const char* path, const char* end) {
    for (;;) {
        const node& n = matcher_->nodes_[at];
        const std::size_t size = n.text.size();
        if (static_cast<std::size_t>(end - path) < size || !detail::same_text<true>(path, n.text.data(), size)) return;
        path += size;
        const std::ptrdiff_t left = end - path;
        const list which = left == 0 ? exact : *path != '/' ? rest : left == 1 ? exact : mount;
        if (const auto& layers = n.layers[which]; !layers.empty()) {
            const head h{layers.data(), layers.data() + layers.size()};
            if (count_ < inline_heads) heads_[count_++] = h;
            else overflow(h);
        }
        if (left == 0) return;
        const std::uint32_t child = n.child(to_lower(*path));
        if (n.parameter != 0 && *path != '/') {
            const char* const behind = detail::find_octet(path, end, '/');
            if (child == 0) {
                at = n.parameter;
                path = behind;
                continue;
            }
            walk(n.parameter, behind, end);
        }
        if (child == 0) return;
        at = child;
    }
}

CREMA_DECL void matcher::search::overflow(head h) {
    more_.push_back(h);
    ++count_;
}

} // namespace crema::route
#endif
