// What the gzip of a 10 KiB JSON answer costs, beside what zlib itself takes for the same octets.
//
//   compression [rounds]
#include <crema.hpp>
#include <crema/ext/zlib.hpp>
#include <crema/middleware/compression.hpp>
#include <crema/testing/client.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>
#include <zlib.h>
using namespace crema;

namespace {

struct post {
    int id;
    std::string title, author;
    double score;
    std::vector<std::string> tags;
};

double cpu() { // of the process, in µs: nothing but this runs
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

double median(std::vector<double> all) {
    std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
    return all[all.size() / 2];
}

// Made for each text, as plain code does, or kept.
void zlib_alone(const std::string& text, bool kept) {
    static char room[64 * 1024];
    static z_stream z{};
    static bool made = false;
    if (made) deflateReset(&z);
    else deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = reinterpret_cast<Bytef*>(room);
    z.avail_out = sizeof room;
    deflate(&z, Z_FINISH);
    made = kept;
    if (!kept) deflateEnd(&z);
}

} // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 40, each = 200;
    std::vector<post> posts;
    unsigned x = 1;
    const auto random = [&] { return x = x * 1664525 + 1013904223, x >> 8; };
    std::string text;
    while (text.size() < 10 * 1024) {
        std::string title;
        for (int i = 0; i < 6; ++i) title += (i ? " " : "") + std::string(3 + random() % 7, static_cast<char>('a' + random() % 26));
        posts.push_back({static_cast<int>(random() % 100000), title, "author " + std::to_string(random() % 50),
                         static_cast<double>(random() % 10000) / 100, {"c++", "web", std::to_string(random() % 1000)}});
        text = json::stringify(posts);
    }
    app a;
    a.get("/plain", [&](request&, response& res) { res.json(posts); });
    a.use(compression({.codecs = {codecs::gzip}}));
    a.get("/gzip", [&](request&, response& res) { res.json(posts); });
    testing::client c(a);
    const auto ask = [&](const char* path) { return c.get(path).set("Accept-Encoding", "gzip").result().body.size(); };
    const auto small = ask("/gzip");
    std::vector<double> alone, kept, plain, gzip;
    for (int r = 0; r < rounds; ++r) {
        const auto time = [&](std::vector<double>& to, auto&& f) {
            const auto begin = cpu();
            for (int i = 0; i < each; ++i) f();
            to.push_back((cpu() - begin) / each);
        };
        time(alone, [&] { zlib_alone(text, false); });
        time(kept, [&] { zlib_alone(text, true); });
        zlib_alone(text, false);
        time(plain, [&] { ask("/plain"); });
        time(gzip, [&] { ask("/gzip"); });
    }
    std::vector<double> to_alone, to_kept;
    for (std::size_t i = 0; i < alone.size(); ++i) {
        to_alone.push_back((gzip[i] - plain[i]) / alone[i]);
        to_kept.push_back((gzip[i] - plain[i]) / kept[i]);
    }
    std::printf("%zu octets to %zu: answer %.1f us, with gzip %.1f us\n", text.size(), small, median(plain), median(gzip));
    std::printf("zlib alone, made for each %.1f us, kept %.1f us; gzip takes %.2f and %.2f of it\n", median(alone), median(kept),
                median(to_alone), median(to_kept));
}
