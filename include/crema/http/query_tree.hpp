// query_tree: what a nested query grows while it is read: texts, arrays with holes, objects; and how two of them merge.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::http::detail {

// How trees merge.
struct query_tree_rules {
    std::ptrdiff_t max_elements = 20; // an array with more becomes an object
    bool refuse = false; // or is an error
    bool keep_conflicts = true; // a text where an object is makes an array of both, else a name in the object
    bool inherited_names = false; // such a name may be one that all objects of JavaScript have
};

// Is thrown, and caught by the parser, when a limit is exceeded and rules say so.
struct query_limit_exceeded {
    std::string what;
};

// A node of the tree. Arrays may have holes, which cost nothing. `marks` follow the library qs: an array that became
// too large stays an object that numbers what is added (overflow); so does what came of a text and an object in one
// place (conflict).
class query_node {
public:
    enum class kind : unsigned char { null, truth, text, array, object };
    using pointer = std::unique_ptr<query_node>;

    explicit query_node(kind k) noexcept : kind_(k) {}
    CREMA_DECL static pointer text(std::string s);
    static pointer make(kind k) { return std::make_unique<query_node>(k); }

    kind type() const noexcept { return kind_; }
    bool is_array() const noexcept { return kind_ == kind::array; }
    bool is_container() const noexcept { return kind_ >= kind::array; }
    // JavaScript's: null and the empty text.
    bool is_false() const noexcept { return kind_ == kind::null || (kind_ == kind::text && text_.empty()); }
    const std::string& text() const noexcept { return text_; }
    bool overflows() const noexcept { return overflow_.has_value(); }

    // Of arrays.
    std::size_t length() const noexcept { return length_; }
    std::size_t count() const noexcept { return elements_.size(); }
    CREMA_DECL void put(std::size_t index, pointer node);
    void push(pointer node) { put(length_, std::move(node)); }

    // Of objects.
    CREMA_DECL query_node* find(std::string_view name) noexcept;
    CREMA_DECL void put(std::string_view name, pointer node);
    void mark_overflow(std::uint64_t last) noexcept { overflow_ = last; }

    // [].concat(a, b): arrays are opened, everything else is one element.
    CREMA_DECL static pointer combine(pointer a, pointer b, const query_tree_rules& rules);
    // Both in one place; null stands for nothing.
    CREMA_DECL static pointer merge(pointer target, pointer source, const query_tree_rules& rules);

    enum class holes : bool { closed, kept };
    CREMA_DECL value to_value(holes h) &&;

private:
    CREMA_DECL static void refuse(const query_tree_rules& rules);
    CREMA_DECL static pointer limited_pair(pointer a, pointer b, const query_tree_rules& rules);
    CREMA_DECL static pointer merge_text(pointer target, pointer source, const query_tree_rules& rules);
    CREMA_DECL static pointer merge_under(pointer target, pointer source, const query_tree_rules& rules);
    CREMA_DECL static pointer merge_arrays(pointer target, pointer source, const query_tree_rules& rules);
    CREMA_DECL void become_object();
    CREMA_DECL void append(pointer node); // at the end of an array; an array's elements one by one
    CREMA_DECL std::vector<std::pair<std::string, pointer>> take_members();

    std::string text_;
    std::map<std::size_t, pointer> elements_;
    std::vector<std::pair<std::string, pointer>> members_;
    std::map<std::string, std::size_t, std::less<>> index_; // of the members, once there are many
    std::size_t length_ = 0;
    std::optional<std::uint64_t> overflow_, conflict_; // the highest number in use
    kind kind_;
};

// Reads what JavaScript takes for the number of an element: digits without a zero in front.
CREMA_DECL std::optional<std::uint64_t> query_index(std::string_view name) noexcept;

// Puts names that are numbers in front, in their order, as objects of JavaScript have them.
CREMA_DECL void order_query_members(value::object_type& members);

} // namespace crema::http::detail

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <algorithm>

namespace crema::http::detail {

CREMA_DECL std::optional<std::uint64_t> query_index(std::string_view name) noexcept {
    if (name.empty() || name.size() > 15 || (name.size() > 1 && name.front() == '0')) return std::nullopt;
    std::uint64_t v = 0;
    for (const char c : name) {
        if (!is_digit(c)) return std::nullopt;
        v = v * 10 + static_cast<unsigned>(c - '0');
    }
    return v;
}

CREMA_DECL void order_query_members(value::object_type& members) {
    constexpr std::uint64_t most = 0xfffffffe; // above, JavaScript takes numbers for names
    const auto number = [](const value::member& m) {
        const auto v = query_index(m.first);
        return v && *v <= most ? v : std::nullopt;
    };
    const auto numbered = [&](const value::member& m) { return number(m).has_value(); };
    if (std::none_of(members.begin(), members.end(), numbered)) return;
    const auto end = std::stable_partition(members.begin(), members.end(), numbered);
    std::sort(members.begin(), end, [&](const auto& a, const auto& b) { return *number(a) < *number(b); });
}

CREMA_DECL query_node::pointer query_node::text(std::string s) {
    auto n = make(kind::text);
    n->text_ = std::move(s);
    return n;
}

CREMA_DECL void query_node::put(std::size_t index, pointer node) {
    elements_[index] = std::move(node);
    length_ = std::max(length_, index + 1);
}

CREMA_DECL query_node* query_node::find(std::string_view name) noexcept {
    if (!index_.empty()) {
        const auto at = index_.find(name);
        return at == index_.end() ? nullptr : members_[at->second].second.get();
    }
    for (auto& [key, node] : members_)
        if (key == name) return node.get();
    return nullptr;
}

// The name must be new.
CREMA_DECL void query_node::put(std::string_view name, pointer node) {
    constexpr std::size_t many = 16;
    members_.emplace_back(name, std::move(node));
    if (!index_.empty()) index_.emplace(name, members_.size() - 1);
    else if (members_.size() > many)
        for (std::size_t i = 0; i < members_.size(); ++i) index_.emplace(members_[i].first, i);
}

CREMA_DECL void query_node::refuse(const query_tree_rules& rules) {
    if (!rules.refuse) return;
    throw query_limit_exceeded{"Array limit exceeded. Only " + std::to_string(rules.max_elements) + " element" +
                               (rules.max_elements == 1 ? "" : "s") + " allowed in an array."};
}

CREMA_DECL void query_node::become_object() {
    kind_ = kind::object;
    for (auto& [i, node] : elements_) put(std::to_string(i), std::move(node));
    elements_.clear();
    length_ = 0;
}

CREMA_DECL void query_node::append(pointer node) {
    if (!node->is_array()) return push(std::move(node));
    const auto from = length_;
    for (auto& [i, element] : node->elements_) put(from + i, std::move(element));
    length_ = from + node->length_;
}

CREMA_DECL std::vector<std::pair<std::string, query_node::pointer>> query_node::take_members() {
    if (is_array()) become_object();
    std::stable_sort(members_.begin(), members_.end(), [](const auto& a, const auto& b) {
        const auto x = query_index(a.first), y = query_index(b.first);
        return x && (!y || *x < *y);
    });
    return std::move(members_);
}

CREMA_DECL query_node::pointer query_node::combine(pointer a, pointer b, const query_tree_rules& rules) {
    if (a && a->overflows()) {
        refuse(rules);
        const auto add = [&](pointer node) { a->put(std::to_string(++*a->overflow_), std::move(node)); };
        if (b->is_array())
            for (auto& element : b->elements_) add(std::move(element.second));
        else add(std::move(b));
        return a;
    }
    auto all = a && a->is_array() ? std::move(a) : make(kind::array);
    if (a) all->push(std::move(a));
    all->append(std::move(b));
    if (std::cmp_greater(all->length(), rules.max_elements)) {
        refuse(rules);
        const auto last = all->length_ - 1;
        all->become_object();
        all->overflow_ = last;
    }
    return all;
}

CREMA_DECL query_node::pointer query_node::limited_pair(pointer a, pointer b, const query_tree_rules& rules) {
    auto pair = make(kind::array);
    pair->push(std::move(a));
    pair->push(std::move(b));
    if (rules.max_elements < 2) {
        refuse(rules);
        pair->become_object();
        pair->overflow_ = 1;
    }
    return pair;
}

// Names that every object of JavaScript has.
inline bool is_inherited_name(std::string_view name) noexcept {
    for (const std::string_view n : {"constructor", "__defineGetter__", "__defineSetter__", "hasOwnProperty",
                                     "__lookupGetter__", "__lookupSetter__", "isPrototypeOf", "propertyIsEnumerable",
                                     "toString", "valueOf", "__proto__", "toLocaleString"})
        if (n == name) return true;
    return false;
}

CREMA_DECL query_node::pointer query_node::merge_text(pointer target, pointer source, const query_tree_rules& rules) {
    if (!target->is_container()) return limited_pair(std::move(target), std::move(source), rules);
    if (target->is_array()) {
        const auto last = target->length_;
        const bool full = std::cmp_greater_equal(target->count(), rules.max_elements);
        if (full) refuse(rules);
        target->push(std::move(source));
        if (full) {
            target->become_object();
            target->conflict_.reset();
            target->overflow_ = last;
        }
    } else if (target->overflow_) {
        target->put(std::to_string(++*target->overflow_), std::move(source));
    } else if (rules.keep_conflicts && target->conflict_) {
        if (std::cmp_greater_equal(*target->conflict_ + 1, rules.max_elements)) refuse(rules);
        target->put(std::to_string(++*target->conflict_), std::move(source));
    } else if (rules.keep_conflicts) {
        auto pair = limited_pair(std::move(target), std::move(source), rules);
        if (pair->is_array()) pair->conflict_ = 1;
        return pair;
    } else if (source->text_ != "__proto__" && (rules.inherited_names || !is_inherited_name(source->text_))) {
        if (auto* there = target->find(source->text_)) *there = query_node(kind::truth);
        else target->put(source->text_, make(kind::truth));
    }
    return target;
}

// A container where a text was.
CREMA_DECL query_node::pointer query_node::merge_under(pointer target, pointer source, const query_tree_rules& rules) {
    if (source->overflow_) {
        auto made = make(kind::object);
        made->put("0", std::move(target));
        for (auto& [name, node] : source->take_members()) {
            const auto i = query_index(name);
            made->put(i ? std::to_string(*i + 1) : name, std::move(node));
        }
        made->overflow_ = *source->overflow_ + 1;
        return made;
    }
    auto all = make(kind::array);
    all->push(std::move(target));
    all->append(std::move(source));
    if (std::cmp_greater(all->length(), rules.max_elements)) {
        refuse(rules);
        const auto last = all->length_ - 1;
        all->become_object();
        all->overflow_ = last;
    }
    return all;
}

CREMA_DECL query_node::pointer query_node::merge_arrays(pointer target, pointer source, const query_tree_rules& rules) {
    for (auto& [i, item] : source->elements_) {
        const auto there = target->elements_.find(i);
        if (there == target->elements_.end()) target->put(i, std::move(item));
        else if (there->second->is_container() && item->is_container())
            there->second = merge(std::move(there->second), std::move(item), rules);
        else target->push(std::move(item));
    }
    if (std::cmp_greater(target->count(), rules.max_elements)) {
        refuse(rules);
        const auto last = target->length_ - 1;
        target->become_object();
        target->conflict_.reset();
        target->overflow_ = last;
    }
    return target;
}

CREMA_DECL query_node::pointer query_node::merge(pointer target, pointer source, const query_tree_rules& rules) {
    if (!source || source->is_false()) return target;
    if (!source->is_container()) return merge_text(std::move(target), std::move(source), rules);
    if (!target->is_container()) return merge_under(std::move(target), std::move(source), rules);
    if (target->is_array()) {
        if (source->is_array()) return merge_arrays(std::move(target), std::move(source), rules);
        const auto last = target->length_ - 1;
        target->become_object();
        if (target->conflict_) target->conflict_ = last;
    }
    const auto source_last = source->overflow_;
    for (auto& [name, node] : source->take_members()) {
        if (auto* there = target->find(name)) {
            auto before = std::make_unique<query_node>(std::move(*there));
            *there = std::move(*merge(std::move(before), std::move(node), rules));
        } else {
            target->put(name, std::move(node));
        }
        const auto number = query_index(name);
        if (source_last && !target->overflow_) {
            auto last = *source_last;
            for (const auto& m : target->members_) last = std::max(last, query_index(m.first).value_or(0));
            target->overflow_ = last;
        }
        if (target->overflow_ && number) target->overflow_ = std::max(*target->overflow_, *number);
        if (target->conflict_ && number) target->conflict_ = std::max(*target->conflict_, *number);
    }
    return target;
}

CREMA_DECL value query_node::to_value(holes h) && {
    switch (kind_) {
    case kind::null: return nullptr;
    case kind::truth: return true;
    case kind::text: return value(std::move(text_));
    case kind::array: {
        value::array_type all;
        all.reserve(elements_.size());
        for (auto& [i, node] : elements_) {
            if (h == holes::kept) all.resize(i);
            all.push_back(std::move(*node).to_value(h));
        }
        return value(std::move(all));
    }
    case kind::object: break;
    }
    auto made = value::object();
    auto& members = made.as_object();
    members.reserve(members_.size());
    for (auto& [name, node] : members_) members.emplace_back(std::move(name), std::move(*node).to_value(h));
    order_query_members(members);
    return made;
}

} // namespace crema::http::detail
#endif
