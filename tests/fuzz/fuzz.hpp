// What all fuzz targets share: a target names its seeds and checks one input; this makes a fuzzer or a test of it.
// SPDX-License-Identifier: MIT
//
// With libFuzzer:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude tests/fuzz/cookie.cpp -o cookie
//   ./cookie -max_total_time=600
// Without it, as a test of a few seconds:
//   g++ -std=c++20 -g -O1 -fsanitize=address,undefined -DCREMA_FUZZ_SHORT -Iinclude tests/fuzz/cookie.cpp -o cookie
//   ./cookie [rounds] [first seed of the random numbers]
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace fuzz {

// Defined by each target.
std::span<const std::string_view> seeds();
void check(std::string_view input);
// May be defined by a target: pieces that are put into its inputs, at the edges of what is allowed.
std::span<const std::string_view> words() __attribute__((weak));

// Ends the program with a message when a property does not hold.
inline void require(bool holds, const char* property) {
    if (holds) return;
    std::fprintf(stderr, "violated: %s\n", property);
    std::abort();
}

// Holds a copy in memory of exactly its size, so that a read beyond is seen.
class exact {
public:
    explicit exact(std::string_view s) : size_(s.size()), octets_(new char[s.size()]) {
        if (size_ != 0) std::memcpy(octets_.get(), s.data(), size_);
    }
    char* data() { return octets_.get(); }
    std::size_t size() const { return size_; }
    std::string_view view() const { return {octets_.get(), size_}; }

private:
    std::size_t size_;
    std::unique_ptr<char[]> octets_;
};

} // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::check({reinterpret_cast<const char*>(data), size});
    return 0;
}

#if !defined(CREMA_FUZZ_SHORT)

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);

// Begins again from a seed now and then, so that no files of seeds are needed.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t room,
                                               unsigned random) {
    const auto all = fuzz::seeds();
    if (size < 2 || random % 64 == 0) {
        const auto seed = all[random / 64 % all.size()];
        size = seed.size() < room ? seed.size() : room;
        std::memcpy(data, seed.data(), size);
        if (random % 128 == 0) return size;
    }
    if (fuzz::words && random / 128 % 4 == 0) { // puts a word in, or over what is there
        const auto all_words = fuzz::words();
        random /= 512;
        const auto word = all_words[random % all_words.size()];
        random /= static_cast<unsigned>(all_words.size());
        const auto at = random % (size + 1), over = random / 64 % 2 != 0 ? word.size() : 0;
        const auto from = at + over < size ? at + over : size;
        if (at + word.size() + (size - from) <= room) {
            std::memmove(data + at + word.size(), data + from, size - from);
            std::memcpy(data + at, word.data(), word.size());
            return at + word.size() + (size - from);
        }
    }
    return LLVMFuzzerMutate(data, size, room);
}

#else

int main(int argc, char** argv) {
    const auto all = fuzz::seeds();
    const long rounds = argc > 1 ? std::atol(argv[1]) : 20000;
    std::uint64_t state = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    auto random = [&](std::size_t below) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::size_t>((state >> 33) % below);
    };
    for (auto seed : all) fuzz::check(fuzz::exact(seed).view());
    for (long round = 0; round < rounds; ++round) {
        std::string text(all[random(all.size())]);
        for (auto n = 1 + random(4); n != 0; --n) {
            const auto at = random(text.size() + 1);
            switch (random(fuzz::words ? 7 : 5)) {
            case 0: if (at < text.size()) text[at] = static_cast<char>(random(256)); break;
            case 1: if (at < text.size()) text[at] = static_cast<char>(text[at] ^ 1 << random(8)); break;
            case 2: text.erase(at, 1 + random(6)); break;
            case 3: text.insert(at, 1 + random(3), static_cast<char>(random(256))); break;
            case 5:
            case 6: {
                const auto words = fuzz::words();
                const auto word = words[random(words.size())];
                text.replace(at, random(2) * word.size(), word);
                break;
            }
            default: {
                const auto other = all[random(all.size())];
                const auto from = random(other.size() + 1);
                text.insert(at, other.substr(from, 1 + random(24)));
            }
            }
        }
        fuzz::check(fuzz::exact(text).view());
    }
    std::printf("%zu seeds, %ld rounds\n", all.size(), rounds);
}

#endif
