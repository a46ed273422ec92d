// Load: sends requests on keep-alive connections and tells how long the answers took.
//
//   bench_load PORT FILE [--connections 64] [--pipeline 1] [--seconds 1 | --requests N] [--rate N] [--times] [--show] [--hold]
//
// FILE holds the octets of one request. Two ways to load:
//   closed   each connection sends its next batch when the last one is answered (as fast as it goes)
//   --rate   requests are due at fixed times, whatever the server does; a request's time counts from when it was due, so
//            that a server which stalls cannot hide the requests that had to wait for it
// --hold sends one request on each connection, prints how many were answered and keeps the connections until its input ends.
//
// Prints one line of JSON, times in microseconds; with --times, each time instead, a line each. Every answer is checked: status 200 and the length that the first one had.
// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <algorithm>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <ctime>
#include <unistd.h>
#include <vector>

namespace {

using nanoseconds = std::int64_t;

nanoseconds now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * nanoseconds{1'000'000'000} + t.tv_nsec;
}

[[noreturn]] void fail(const std::string& why) {
    std::fprintf(stderr, "bench_load: %s\n", why.c_str());
    std::exit(1);
}

// Counts times in steps of at most 1/64.
class histogram {
public:
    void add(nanoseconds t) {
        ++count_;
        max_ = std::max(max_, t);
        ++buckets_[index(static_cast<std::uint64_t>(std::max<nanoseconds>(t, 0)))];
    }
    // The time that the given part of all did not exceed.
    double microseconds(double part) const {
        if (part >= 1) return static_cast<double>(max_) / 1e3;
        const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(part * static_cast<double>(count_) + 0.999999));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < std::size(buckets_); ++i)
            if ((seen += buckets_[i]) >= wanted) return std::min(static_cast<double>(upper(i)), static_cast<double>(max_)) / 1e3;
        return static_cast<double>(max_) / 1e3;
    }
    std::uint64_t count() const { return count_; }

private:
    static std::size_t index(std::uint64_t v) {
        if (v < 64) return v;
        const int s = 57 - std::countl_zero(v); // so that v >> s lies in 64 … 127
        return static_cast<std::size_t>(s + 1) * 64 + ((v >> s) & 63);
    }
    static std::uint64_t upper(std::size_t i) {
        if (i < 64) return i;
        const auto s = i / 64 - 1;
        return ((64 + i % 64 + 1) << s) - 1;
    }
    std::uint64_t buckets_[64 * 60] = {};
    std::uint64_t count_ = 0;
    nanoseconds max_ = 0;
};

struct connection {
    int fd = -1;
    int open = 0;             // requests without an answer
    nanoseconds since = 0;    // when these were sent, or were due
    std::string rest;         // the beginning of an answer
};

// Splits what arrives into answers. All answers are expected to be like the first one, but for their Date.
class reader {
public:
    // Returns the length of the answer at the front of `in`, 0 when it is not whole yet.
    std::size_t whole(std::string_view in, bool& good) {
        if (in.size() < 12) return 0;
        good = in.substr(0, 12) == "HTTP/1.1 200";
        if (good && length_ && in.size() >= head_ && in.substr(head_ - 4, 4) == "\r\n\r\n" &&
            in.substr(field_, value_.size()) == value_)
            return in.size() >= length_ ? length_ : 0;
        const auto blank = in.find("\r\n\r\n");
        if (blank == in.npos) return 0;
        std::string head(in.substr(0, blank + 2));
        for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        const auto field = head.find("\r\ncontent-length:");
        if (field == head.npos) fail("an answer has no Content-Length:\n" + std::string(in.substr(0, 400)));
        const auto length = blank + 4 + std::strtoul(head.c_str() + field + 17, nullptr, 10);
        if (!length_) {
            length_ = length;
            head_ = blank + 4;
            field_ = field;
            value_ = in.substr(field, head.find('\r', field + 2) + 2 - field);
        } else if (length != length_) good = false;
        return in.size() >= length ? length : 0;
    }
    std::size_t length() const { return length_; }

private:
    std::size_t length_ = 0, head_ = 0, field_ = 0;
    std::string value_;
};

struct plan {
    int port = 0;
    std::string request;
    int connections = 64, pipeline = 1;
    double seconds = 1, rate = 0;
    std::uint64_t requests = 0;
    bool times = false, show = false, hold = false;
};

class load {
public:
    explicit load(const plan& p) : plan_(p), epoll_(epoll_create1(0)) {
        for (int i = 0; i < p.pipeline; ++i) batch_ += p.request;
        connections_.resize(static_cast<std::size_t>(p.connections));
        for (auto& c : connections_) join(c);
    }

    int run() {
        first();
        if (plan_.hold) return hold();
        if (plan_.rate > 0) at_rate();
        else closed();
        if (plan_.times) {
            for (const auto t : each_) std::printf("%.1f\n", static_cast<double>(t) / 1e3);
            return 0;
        }
        const double seconds = static_cast<double>(last_ - begin_) / 1e9;
        const auto done = times_.count();
        std::printf("{\"requests\": %llu, \"seconds\": %.4f, \"per_second\": %.0f, \"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, "
                    "\"p999\": %.1f, \"max\": %.1f, \"bad\": %llu, \"octets\": %zu}\n",
                    static_cast<unsigned long long>(done), seconds, static_cast<double>(done) / seconds, times_.microseconds(0.5),
                    times_.microseconds(0.9), times_.microseconds(0.99), times_.microseconds(0.999), times_.microseconds(1),
                    static_cast<unsigned long long>(bad_), reader_.length());
        return 0;
    }

private:
    void join(connection& c) {
        c.fd = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(plan_.port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (c.fd < 0 || connect(c.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            fail(std::string("cannot connect: ") + std::strerror(errno));
        const int one = 1;
        setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        epoll_event e{};
        e.events = EPOLLIN;
        e.data.ptr = &c;
        epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &e);
    }

    void send_all(const connection& c, std::string_view octets) {
        while (!octets.empty()) {
            const ssize_t n = send(c.fd, octets.data(), octets.size(), MSG_NOSIGNAL);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) {
                ++bad_;
                return;
            }
            octets.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    // Sends as many requests as one batch has, if they are not too many.
    void fire(connection& c, nanoseconds since) {
        auto n = static_cast<std::uint64_t>(plan_.pipeline);
        if (plan_.requests) n = std::min(n, plan_.requests - sent_);
        if (n == 0) return;
        c.since = since;
        c.open = static_cast<int>(n);
        sent_ += n;
        send_all(c, std::string_view(batch_).substr(0, n * plan_.request.size()));
    }

    // Takes what arrived; tells whether the batch has been answered.
    bool take(connection& c, nanoseconds at) {
        const ssize_t n = recv(c.fd, buffer_, sizeof buffer_, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
        if (n <= 0) fail("the server has closed a connection");
        std::string_view in(buffer_, static_cast<std::size_t>(n));
        if (!c.rest.empty()) in = c.rest.append(in);
        while (!in.empty()) {
            bool good = true;
            const auto length = reader_.whole(in, good);
            if (length == 0) break;
            if (!good || c.open == 0) ++bad_;
            else {
                --c.open;
                times_.add(at - c.since);
                if (plan_.times) each_.push_back(at - c.since);
            }
            in.remove_prefix(length);
        }
        c.rest = std::string(in);
        return c.open == 0;
    }

    // Learns from one answer what all look like.
    void first() {
        auto& c = connections_.front();
        send_all(c, plan_.request);
        std::string in;
        for (bool good = true;;) {
            const ssize_t n = recv(c.fd, buffer_, sizeof buffer_, 0);
            if (n <= 0) fail("the first request was not answered");
            in.append(buffer_, static_cast<std::size_t>(n));
            if (!reader_.whole(in, good)) continue;
            if (!good) fail("the first answer is not 200:\n" + in.substr(0, 400));
            break;
        }
        if (plan_.show) std::fprintf(stderr, "%s\n", in.c_str());
    }

    int wait(int timeout_ms) { return epoll_wait(epoll_, events_, 1024, timeout_ms); }

    void closed() {
        begin_ = last_ = now();
        const auto end = begin_ + static_cast<nanoseconds>(plan_.seconds * 1e9);
        for (auto& c : connections_) fire(c, now());
        for (;;) {
            const int n = wait(5000);
            if (n == 0) fail("no answer for five seconds");
            const auto at = last_ = now();
            if (plan_.requests ? times_.count() >= plan_.requests : at > end) return;
            for (int i = 0; i < n; ++i) {
                auto& c = *static_cast<connection*>(events_[i].data.ptr);
                const auto t = n > 1 ? now() : at;
                if (take(c, t)) fire(c, t);
            }
            if (plan_.requests && times_.count() >= plan_.requests) return;
        }
    }

    void at_rate() {
        prctl(PR_SET_TIMERSLACK, 1UL);
        const double gap = 1e9 / plan_.rate;
        const bool spin = plan_.rate > 1000; // otherwise the timer is exact enough, and the core is others' meanwhile
        const auto total = static_cast<std::uint64_t>(plan_.seconds * plan_.rate);
        std::vector<connection*> idle;
        for (auto& c : connections_) idle.push_back(&c);
        std::deque<nanoseconds> due;
        begin_ = last_ = now() + 20'000'000;
        const auto due_at = [&](std::uint64_t k) { return begin_ + static_cast<nanoseconds>(static_cast<double>(k) * gap); };
        std::uint64_t next = 0;
        while (times_.count() + bad_ < total) {
            auto t = now();
            if (t > due_at(total) + 10'000'000'000) fail("answers are ten seconds late");
            for (; next < total && due_at(next) <= t; ++next) due.push_back(due_at(next));
            for (; !due.empty() && !idle.empty(); due.pop_front()) {
                auto& c = *idle.back();
                idle.pop_back();
                fire(c, due.front());
            }
            int n;
            if (spin) n = wait(0);
            else {
                const auto pause = next < total ? std::max<nanoseconds>(0, due_at(next) - now()) : 10'000'000;
                const timespec for_that{pause / 1'000'000'000, pause % 1'000'000'000};
                n = epoll_pwait2(epoll_, events_, 1024, &for_that, nullptr);
            }
            for (int i = 0; i < n; ++i) {
                auto& c = *static_cast<connection*>(events_[i].data.ptr);
                if (take(c, now())) idle.push_back(&c);
            }
        }
        last_ = now();
    }

    int hold() {
        std::size_t answered = 1;
        for (auto& c : connections_) {
            if (&c == &connections_.front()) continue;
            c.open = 1;
            c.since = now();
            send_all(c, plan_.request);
            while (!take(c, now())) {
                if (now() - c.since > 10'000'000'000) fail("no answer for ten seconds");
                epoll_event ignored{};
                epoll_wait(epoll_, &ignored, 1, 100);
            }
            ++answered;
        }
        std::printf("{\"answered\": %zu, \"bad\": %llu}\n", answered, static_cast<unsigned long long>(bad_));
        std::fflush(stdout);
        for (char c; read(0, &c, 1) > 0;) {}
        return 0;
    }

    const plan& plan_;
    int epoll_;
    std::string batch_;
    std::vector<connection> connections_;
    reader reader_;
    histogram times_;
    std::vector<nanoseconds> each_;
    std::uint64_t sent_ = 0, bad_ = 0;
    nanoseconds begin_ = 0, last_ = 0;
    epoll_event events_[1024];
    char buffer_[256 * 1024];
};

plan read_plan(int argc, char** argv) {
    if (argc < 3) fail("usage: bench_load PORT FILE [--connections N] [--pipeline N] [--seconds N | --requests N] [--rate N]");
    plan p;
    p.port = std::atoi(argv[1]);
    std::ifstream file(argv[2], std::ios::binary);
    p.request.assign(std::istreambuf_iterator<char>(file), {});
    if (p.request.empty()) fail(std::string("cannot read ") + argv[2]);
    for (int i = 3; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--times") p.times = true;
        else if (name == "--show") p.show = true;
        else if (name == "--hold") p.hold = true;
        else if (i + 1 == argc) fail("no value for " + std::string(name));
        else if (const char* value = argv[++i]; name == "--connections") p.connections = std::max(1, std::atoi(value));
        else if (name == "--pipeline") p.pipeline = std::max(1, std::atoi(value));
        else if (name == "--seconds") p.seconds = std::atof(value);
        else if (name == "--requests") p.requests = std::strtoull(value, nullptr, 10);
        else if (name == "--rate") p.rate = std::atof(value);
        else fail("what is " + std::string(name) + "?");
    }
    if (p.rate > 0 && p.pipeline > 1) fail("--rate sends single requests");
    return p;
}

} // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    const auto p = read_plan(argc, argv);
    static load l(p);
    return l.run();
}
