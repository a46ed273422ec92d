// Program: the compiled form of route patterns, and the matcher of one path which runs it without backtracking twice.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/route/tokens.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema::route {

/** Says how a pattern meets a path.

    @par Thread Safety
    Distinct objects: safe.
*/
struct pattern_options {
    bool end = true;                  ///< the whole path must match; else a prefix that ends before a delimiter will do
    bool sensitive = false;           ///< the case of ASCII letters matters
    bool trailing = true;             ///< one delimiter at the end of the path may be ignored
    bool decode = true;               ///< captured values are decoded on demand; else they are handed out as they stand
    std::string_view delimiter = "/"; ///< what parameters do not cross
};

namespace detail {

/* path-to-regexp makes a regular expression of a pattern: an alternation of sequences, one for each way to take or
   leave the optional groups. A sequence is text and captures, and a capture is "one or more octets at which neither of
   two texts begins", longest first, sometimes with a second form when the first fails. A `step` is one of these. */
enum class step_kind : unsigned char {
    text,    // `text`
    segment, // a capture up to the delimiter, which is one octet
    rest,    // a capture of everything
    run,     // a capture up to where `stop[0]` or `stop[1]` begins
};
enum class second_form : unsigned char {
    none,
    text, // or else `other[0]`
    run,  // or else up to where `other[0]` or `other[1]` begins
};
struct piece {
    std::uint32_t at = 0, size = 0; // in program::chars; of no size: begins nowhere
};
struct step {
    step_kind kind = step_kind::text;
    second_form second = second_form::none;
    bool only_longest = false; // what follows begins with a stop: no shorter capture can do
    bool wildcard = false;
    piece text;
    piece stop[2];
    piece other[2];
    std::uint32_t key = 0;     // of a capture: index of its name
    std::uint32_t slot = 0;    // its place in the match; `shadowed` when a later capture has the same name
    std::uint32_t ordinal = 0; // counts the captures of its sequence
};
inline constexpr std::uint32_t shadowed = ~std::uint32_t{0};

struct sequence {
    std::uint32_t first = 0, last = 0; // steps
    std::uint32_t slots = 0;           // distinct names
    std::uint32_t captures = 0;
    bool straight = false; // each capture has one possible end: there are no ways back
};

struct captured {
    std::uint32_t step, begin, end;
};

struct program {
    std::vector<step> steps;
    std::vector<sequence> sequences;
    std::vector<std::string> names;
    std::string chars;     // all texts; small letters when not `sensitive`
    std::string delimiter; // as in chars
    std::string separator; // the same as it was given
    std::string source;
    std::uint32_t slots = 0; // the most of any sequence
    bool end = true, sensitive = false, trailing = true, decode = true;
    bool everything = false; // matches every path, with nothing of it

    std::string_view text_of(piece p) const noexcept { return std::string_view(chars).substr(p.at, p.size); }
};

inline std::uint64_t load64(const char* p) noexcept {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    return v;
}
inline std::uint32_t load32(const char* p) noexcept {
    std::uint32_t v;
    std::memcpy(&v, p, 4);
    return v;
}

// Makes the ASCII capitals among eight octets small.
constexpr std::uint64_t fold64(std::uint64_t v) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    const std::uint64_t low = v & (0x7f * ones);
    const std::uint64_t from_a = low + (0x80 - 'A') * ones, past_z = low + (0x7f - 'Z') * ones;
    return v | ((from_a & ~past_z & ~v & (0x80 * ones)) >> 2);
}

// Compares `n` octets of a path with text; `Fold` makes the path's small, the text's are small already.
template <bool Fold>
CREMA_FORCEINLINE bool same_text(const char* path, const char* text, std::size_t n) noexcept {
    const auto differ = [](std::uint64_t p, std::uint64_t t) { return p != t && (!Fold || fold64(p) != t); };
    if (n >= 8) {
        for (std::size_t i = 0; i + 8 < n; i += 8)
            if (differ(load64(path + i), load64(text + i))) return false;
        return !differ(load64(path + n - 8), load64(text + n - 8));
    }
    if (n >= 4) {
        const auto both = [n](const char* p) { return std::uint64_t{load32(p)} << 32 | load32(p + n - 4); };
        return !differ(both(path), both(text));
    }
    if (n == 0) return true;
    const auto all = [n](const char* p) {
        const auto octet = [p](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(p[i])}; };
        return octet(0) | octet(n / 2) << 8 | octet(n - 1) << 16;
    };
    return !differ(all(path), all(text));
}

// Returns the first of a one-octet delimiter, or `end`.
CREMA_FORCEINLINE const char* find_octet(const char* at, const char* end, char octet) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    const std::uint64_t wanted = static_cast<unsigned char>(octet) * ones;
    for (; end - at >= 8; at += 8) {
        const std::uint64_t v = load64(at) ^ wanted;
        if (((v - ones) & ~v & (0x80 * ones)) != 0) break;
    }
    while (at != end && *at != octet) ++at;
    return at;
}

/* Runs a program over one path. First greedily, with the ways back bounded in number; a pattern and a path that need
   more are done again with a memory of what failed, which takes time linear in the path and some memory. */
class runner {
public:
    runner(const program& p, std::string_view path, captured* slots) noexcept
        : program_(p), chars_(p.chars.data()), path_(path.data()), size_(static_cast<std::uint32_t>(path.size())),
          delimiter_(p.delimiter.size() == 1 ? p.delimiter[0] : '\0'), fold_(!p.sensitive), slots_(slots) {}

    // Returns the sequence that matches, or null.
    CREMA_DECL const sequence* match();

    std::uint32_t length() const noexcept { return length_; } // octets matched
    std::uint32_t work() const noexcept { return work_; }     // a measure of the time taken

private:
    bool same(std::uint32_t at, piece p) const noexcept {
        return fold_ ? same_text<true>(path_ + at, chars_ + p.at, p.size)
                     : same_text<false>(path_ + at, chars_ + p.at, p.size);
    }
    bool begins(std::uint32_t at, piece p) const noexcept { return size_ - at >= p.size && same(at, p); }
    bool stops(std::uint32_t at, const piece (&stop)[2]) const noexcept {
        return (stop[0].size != 0 && begins(at, stop[0])) || (stop[1].size != 0 && begins(at, stop[1]));
    }
    template <bool Fold>
    bool straight(const sequence& q) noexcept;
    CREMA_DECL bool finish(std::uint32_t at) noexcept;
    CREMA_DECL std::uint32_t extent(const step& s, std::uint32_t at) noexcept;
    template <bool Careful>
    bool run(const step* s, const step* last, std::uint32_t at);
    template <bool Careful>
    bool capture(const step* s, const step* last, std::uint32_t at);
    CREMA_DECL bool exits(const step* s, const step* last, std::uint32_t at, unsigned form);
    CREMA_DECL void prepare(const sequence& q);

    bool take(const step* s, std::uint32_t begin, std::uint32_t end) noexcept {
        if (s->slot != shadowed) slots_[s->slot] = {static_cast<std::uint32_t>(s - program_.steps.data()), begin, end};
        return true;
    }

    const program& program_;
    const char* chars_;
    const char* path_;
    std::uint32_t size_;
    char delimiter_;
    bool fold_;
    bool gave_up_ = false;
    captured* slots_;
    std::uint32_t length_ = 0;
    std::uint32_t work_ = 0;
    std::uint32_t budget_ = 0;
    std::unique_ptr<std::uint32_t[]> memory_; // of `exits`, see there
};

/** Compiles tokens into a program, which it extends.

    @param combinations Counts the sequences of this program.
*/
CREMA_DECL std::optional<pattern_error> extend_program(program& p, const token_list& list, std::uint32_t& combinations);

} // namespace detail
} // namespace crema::route

#if CREMA_BODIES
#include <algorithm>
namespace crema::route::detail {

// Tells whether the path may end here, and how long the match is then.
CREMA_DECL bool runner::finish(std::uint32_t at) noexcept {
    if (at == size_) {
        length_ = at;
        return true;
    }
    const piece d{0, static_cast<std::uint32_t>(program_.delimiter.size())}; // it stands first in `chars`
    const bool delimited = begins(at, d);
    if (delimited && program_.trailing && size_ - at == d.size) {
        length_ = size_;
        return true;
    }
    length_ = at;
    return delimited && !program_.end;
}

// Returns where the capture ends at the latest; `at` when it captures nothing.
CREMA_DECL std::uint32_t runner::extent(const step& s, std::uint32_t at) noexcept {
    switch (s.kind) {
    case step_kind::segment:
        return static_cast<std::uint32_t>(find_octet(path_ + at, path_ + size_, delimiter_) - path_);
    case step_kind::rest: return size_;
    default:
        while (at != size_ && !stops(at, s.stop)) ++at;
        return at;
    }
}

// Matches a sequence that has no ways back.
template <bool Fold>
bool runner::straight(const sequence& q) noexcept {
    const char* at = path_;
    const char* const end = path_ + size_;
    const step* const steps = program_.steps.data();
    for (std::uint32_t i = q.first; i != q.last; ++i) {
        const step& s = steps[i];
        if (s.kind == step_kind::text) {
            if (static_cast<std::size_t>(end - at) < s.text.size ||
                !same_text<Fold>(at, chars_ + s.text.at, s.text.size))
                return false;
            at += s.text.size;
            continue;
        }
        const char* const begin = at;
        at = s.kind == step_kind::segment ? find_octet(at, end, delimiter_) : end;
        if (at == begin) return false;
        if (s.slot != shadowed)
            slots_[s.slot] = {i, static_cast<std::uint32_t>(begin - path_), static_cast<std::uint32_t>(at - path_)};
    }
    return finish(static_cast<std::uint32_t>(at - path_));
}

template <bool Careful>
bool runner::run(const step* s, const step* last, std::uint32_t at) {
    for (; s != last; ++s) {
        if (s->kind != step_kind::text) return capture<Careful>(s, last, at);
        if (!begins(at, s->text)) return false;
        at += s->text.size;
    }
    return finish(at);
}

template <bool Careful>
bool runner::capture(const step* s, const step* last, std::uint32_t at) {
    if constexpr (Careful) {
        std::uint32_t& entered = memory_[(s->ordinal * 5 + 4) * (std::size_t{size_} + 1) + at];
        if (entered) return false;
        entered = 1;
        ++work_;
        if (exits(s, last, at, 0)) return true;
        if (s->second == second_form::run) return exits(s, last, at, 1);
    } else {
        const std::uint32_t end = extent(*s, at);
        work_ += end - at + 1;
        if (work_ > budget_) gave_up_ = true;
        if (gave_up_) return false;
        const std::uint32_t shortest = s->only_longest ? end - 1 : at;
        for (std::uint32_t e = end; e > at && e > shortest; --e) {
            if (run<false>(s + 1, last, e)) return take(s, at, e);
            if (gave_up_) return false;
        }
        if (s->second == second_form::none) return false;
        if (s->second == second_form::run) {
            std::uint32_t e = at;
            while (e != size_ && !stops(e, s->other)) ++e;
            work_ += e - at;
            for (; e > at; --e) {
                if (run<false>(s + 1, last, e)) return take(s, at, e);
                if (gave_up_) return false;
            }
        }
    }
    if (s->second == second_form::text && begins(at, s->other[0]) && run<Careful>(s + 1, last, at + s->other[0].size))
        return take(s, at, at + s->other[0].size);
    return false;
}

/* The memory holds for each capture five arrays of an entry for each octet and the end: for both forms, where a run
   ends that covers this octet, and of the run that ends here the first octet at which going on was tried, plus one; and
   whether the capture was tried here. What was tried has failed, else the match would be over. So each octet is tried
   once. */
CREMA_DECL bool runner::exits(const step* s, const step* last, std::uint32_t at, unsigned form) {
    std::uint32_t* const ends = memory_.get() + (s->ordinal * 5 + form * 2) * (std::size_t{size_} + 1);
    std::uint32_t* const tried = ends + size_ + 1;
    const std::uint32_t end = ends[at];
    for (std::uint32_t e = std::min(end, tried[end] ? tried[end] - 2 : end); e > at; --e) {
        tried[end] = e + 1;
        ++work_;
        if (run<true>(s + 1, last, e)) return take(s, at, e);
    }
    return false;
}

// Makes the memory of a sequence.
CREMA_DECL void runner::prepare(const sequence& q) {
    const std::size_t row = std::size_t{size_} + 1;
    memory_ = std::make_unique<std::uint32_t[]>(q.captures * 5 * row);
    for (std::uint32_t i = q.first; i < q.last; ++i) {
        const step& s = program_.steps[i];
        if (s.kind == step_kind::text) continue;
        for (unsigned form = 0; form < 2; ++form) {
            if (form == 1 && s.second != second_form::run) break;
            const auto& stop = form == 0 ? s.stop : s.other;
            std::uint32_t* const ends = memory_.get() + (s.ordinal * 5 + form * 2) * row;
            ends[size_] = size_;
            for (std::uint32_t at = size_; at-- > 0;) ends[at] = stops(at, stop) ? at : ends[at + 1];
        }
    }
    work_ += static_cast<std::uint32_t>(q.captures * row);
}

CREMA_DECL const sequence* runner::match() {
    const step* const steps = program_.steps.data();
    for (const sequence& q : program_.sequences) {
        if (q.straight) {
            work_ += size_ + 1;
            if (fold_ ? straight<true>(q) : straight<false>(q)) return &q;
            continue;
        }
        budget_ = work_ + 8 * size_ + 64;
        if (run<false>(steps + q.first, steps + q.last, 0)) return &q;
        if (!gave_up_) continue;
        gave_up_ = false;
        prepare(q);
        if (run<true>(steps + q.first, steps + q.last, 0)) return &q;
    }
    return nullptr;
}

// Compiles one sequence of tokens, following toRegExpSource of path-to-regexp in what it takes for a stop.
class sequence_compiler {
public:
    sequence_compiler(program& p, const token_list& list, const std::uint32_t* taken, std::uint32_t count)
        : program_(p), list_(list), taken_(taken), count_(count) {}

    void compile() {
        sequence q;
        q.first = static_cast<std::uint32_t>(program_.steps.size());
        for (std::uint32_t i = 0; i < count_; ++i) {
            const token& t = at(i);
            const std::string_view text = list_.text_of(t);
            if (t.kind == token_kind::text) {
                append_text(text, q.first);
                since_capture_ += text;
                if (previous_ == wildcard) since_wildcard_ += text;
                if (text.find(program_.delimiter) != std::string_view::npos) in_segment_ = 0;
                continue;
            }
            step s;
            if (t.kind == token_kind::param) compile_param(s, i + 1);
            else compile_wildcard(s);
            s.wildcard = t.kind == token_kind::wildcard;
            s.key = key_of(text);
            s.ordinal = q.captures++;
            settle(s);
            program_.steps.push_back(s);
            since_capture_.clear();
        }
        q.last = static_cast<std::uint32_t>(program_.steps.size());
        q.slots = assign_slots(q);
        program_.slots = std::max(program_.slots, q.slots);
        q.straight = true;
        for (std::uint32_t i = q.first; i < q.last; ++i) {
            step& each = program_.steps[i];
            each.only_longest = is_final(i, q.last);
            const bool one_end = each.only_longest || (each.kind == step_kind::rest && i + 1 == q.last);
            q.straight &= each.kind == step_kind::text ||
                          (one_end && each.kind != step_kind::run && each.second == second_form::none);
        }
        program_.sequences.push_back(q);
    }

private:
    static constexpr unsigned param = 1, wildcard = 2;

    const token& at(std::uint32_t i) const { return list_.tokens()[taken_[i]]; }

    piece add(std::string_view text) {
        const piece p{static_cast<std::uint32_t>(program_.chars.size()), static_cast<std::uint32_t>(text.size())};
        for (const char c : text) program_.chars += program_.sensitive ? c : to_lower(c);
        return p;
    }
    piece delimiter() const { return {0, static_cast<std::uint32_t>(program_.delimiter.size())}; }

    void append_text(std::string_view text, std::uint32_t first) {
        if (text.empty()) return;
        auto& steps = program_.steps;
        if (steps.size() > first && steps.back().kind == step_kind::text &&
            steps.back().text.at + steps.back().text.size == program_.chars.size()) {
            steps.back().text.size += add(text).size;
            return;
        }
        step s;
        s.text = add(text);
        steps.push_back(s);
    }
    std::string text_from(std::uint32_t i) const {
        std::string text;
        for (; i < count_ && at(i).kind == token_kind::text; ++i) text += list_.text_of(at(i));
        return text;
    }
    bool wildcard_in_segment(std::uint32_t i) const {
        for (; i < count_; ++i) {
            if (at(i).kind == token_kind::wildcard) return true;
            if (at(i).kind == token_kind::text &&
                list_.text_of(at(i)).find(program_.delimiter) != std::string_view::npos)
                break;
        }
        return false;
    }
    void compile_param(step& s, std::uint32_t next) {
        s.kind = step_kind::run;
        s.stop[0] = delimiter();
        if (in_segment_ & wildcard) {
            s.stop[1] = add(since_capture_);
        } else if (wildcard_in_segment(next)) {
            s.stop[1] = add(text_from(next));
        } else if (in_segment_ & param) {
            s.stop[1] = add(since_capture_);
            s.second = second_form::text;
            s.other[0] = s.stop[1];
        }
        previous_ = param;
        in_segment_ |= param;
    }
    void compile_wildcard(step& s) {
        s.kind = step_kind::run;
        if (in_segment_ & wildcard) {
            s.stop[0] = add(since_capture_);
        } else if (!since_wildcard_.empty()) {
            s.stop[0] = add(since_wildcard_);
            s.second = second_form::run;
            s.other[0] = delimiter();
        }
        since_wildcard_.clear();
        previous_ = wildcard;
        in_segment_ |= wildcard;
    }
    // Chooses the cheaper kinds where they do.
    void settle(step& s) const {
        if (s.stop[0].size == 0) std::swap(s.stop[0], s.stop[1]);
        if (s.stop[0].size == 0) s.kind = step_kind::rest;
        else if (s.stop[1].size == 0 && s.stop[0].at == 0 && s.stop[0].size == 1 &&
                 (program_.sensitive || !is_alpha(program_.chars[0])))
            s.kind = step_kind::segment;
    }
    // Tells whether what follows step `i` can only match where a stop begins.
    bool is_final(std::uint32_t i, std::uint32_t last) const {
        const step& s = program_.steps[i];
        if (s.kind == step_kind::text || s.kind == step_kind::rest) return false;
        const piece next = i + 1 == last ? delimiter() : program_.steps[i + 1].text;
        for (const piece stop : s.stop)
            if (stop.size != 0 && program_.text_of(next).starts_with(program_.text_of(stop))) return true;
        return false;
    }
    std::uint32_t key_of(std::string_view name) {
        auto& names = program_.names;
        const auto index = static_cast<std::uint32_t>(std::find(names.begin(), names.end(), name) - names.begin());
        if (index == names.size()) names.emplace_back(name);
        return index;
    }
    // The last capture of a name counts; it takes the place of the first.
    std::uint32_t assign_slots(const sequence& q) {
        std::uint32_t used = 0;
        std::vector<std::uint32_t> slot_of(program_.names.size(), shadowed), last_of(program_.names.size(), 0);
        for (std::uint32_t i = q.first; i < q.last; ++i) {
            const step& s = program_.steps[i];
            if (s.kind == step_kind::text) continue;
            if (slot_of[s.key] == shadowed) slot_of[s.key] = used++;
            last_of[s.key] = i;
        }
        for (std::uint32_t i = q.first; i < q.last; ++i) {
            step& s = program_.steps[i];
            if (s.kind != step_kind::text) s.slot = last_of[s.key] == i ? slot_of[s.key] : shadowed;
        }
        return used;
    }

    program& program_;
    const token_list& list_;
    const std::uint32_t* taken_;
    std::uint32_t count_;
    std::string since_capture_, since_wildcard_;
    unsigned previous_ = 0, in_segment_ = 0;
};

CREMA_DECL std::optional<pattern_error> extend_program(program& p, const token_list& list,
                                                       std::uint32_t& combinations) {
    const auto& tokens = list.tokens();
    const auto count = static_cast<std::uint32_t>(tokens.size());
    std::vector<std::uint32_t> room(tokens.size() + 1);
    if (const auto f = check_tokens(tokens.data(), count, room.data(), combinations)) {
        const token t = f.token < count ? tokens[f.token] : token{};
        return describe_fault(list.source(), f, list.text_of(t), t.kind);
    }
    auto emit = [&](const std::uint32_t* taken, std::uint32_t n) {
        sequence_compiler(p, list, taken, n).compile();
        return true;
    };
    expand_groups(tokens.data(), count, 0, room.data(), 0, emit);
    return std::nullopt;
}

} // namespace crema::route::detail
#endif
