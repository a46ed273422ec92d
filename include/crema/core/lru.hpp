// lru: a bounded number of values by their names; those that were not used for longest go first.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/hash128.hpp>
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <list>
#include <unordered_map>
#include <utility>

namespace crema {

/// Spreads hashes over buckets: they are spread already.
struct spread_already {
    /// Returns a part of it.
    std::size_t operator()(const hash128_value& k) const noexcept { return static_cast<std::size_t>(k.low); }
};

/** Keeps values by their names; of names that strangers choose by the `private_hash` of these: a long name takes no more memory than a
    short one then, and nobody can choose names that make it slow.

    @tparam Key What is kept of a name.
    @tparam View What it is looked up by: `Key`, or a view of one.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @par Complexity
    O(1)
*/
template <class T, class Key = hash128_value, class View = Key, class Hash = spread_already>
class lru {
public:
    /// Construct. @param most How many are kept, at least one.
    explicit lru(std::size_t most) : most_(std::max<std::size_t>(most, 1)) {}
    lru(const lru&) = delete;

    /// Returns a value, which is the last used then; null when there is none.
    T* find(const View& key) {
        const auto found = by_key_.find(key);
        if (found == by_key_.end()) return nullptr;
        all_.splice(all_.begin(), all_, found->second);
        return &found->second->value;
    }
    /// Returns a value without using it; null when there is none.
    T* peek(const View& key) {
        const auto found = by_key_.find(key);
        return found == by_key_.end() ? nullptr : &found->second->value;
    }
    /// Adds a value of which there is none yet, as the last used. Call `drop_oldest` first when it is full.
    T& add(const View& key, T value) {
        all_.push_front({Key(key), std::move(value)});
        try {
            by_key_.emplace(View(all_.front().key), all_.begin());
        } catch (...) {
            all_.pop_front();
            throw;
        }
        return all_.front().value;
    }
    /// Drops a value, if there is one.
    void erase(const View& key) {
        const auto found = by_key_.find(key);
        if (found == by_key_.end()) return;
        const auto at = found->second;
        by_key_.erase(found);
        all_.erase(at);
    }
    /// Returns the value that was not used for longest; null when there is none.
    T* oldest() { return all_.empty() ? nullptr : &all_.back().value; }
    /// Drops the value that was not used for longest; there must be one.
    void drop_oldest() {
        by_key_.erase(View(all_.back().key));
        all_.pop_back();
    }
    /// Returns how many there are.
    std::size_t size() const noexcept { return all_.size(); }
    /// Tells whether there are as many as may be.
    bool full() const noexcept { return all_.size() >= most_; }

private:
    struct entry {
        Key key;
        T value;
    };
    const std::size_t most_;
    std::list<entry> all_; // the last used in front
    std::unordered_map<View, typename std::list<entry>::iterator, Hash> by_key_;
};

} // namespace crema
