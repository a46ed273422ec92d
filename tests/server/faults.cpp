// What becomes of connections when system calls fail, do less than asked, or memory runs out: an answer is whole or the
// connection is closed, nothing leaks, and the server goes on. Every call of a run with several connections fails once.
// SPDX-License-Identifier: MIT
#include <crema/http/response_parser.hpp>
#include <crema/server/server.hpp>

#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <crema/loop/clock.hpp>
#include <crema/loop/sleep.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

// Which call fails, and how. Calls count only while the server is at work.
struct fault_plan {
    const char* call = ""; // "" for none
    int at = -1;           // the how-manieth; -1 for none
    int error = 0;         // 0: does one octet only
    bool armed = false;
    int seen = 0;          // calls of the kind
    int all = 0;           // system calls of all kinds, and allocations not
    int rooms = 0;         // allocations that could be of a room for requests
};
thread_local constinit fault_plan plan;

enum class verdict { pass, less, fail };

verdict judge(std::string_view call) {
    if (!plan.armed) return verdict::pass;
    ++plan.all;
    if (call != plan.call) return verdict::pass;
    if (plan.seen++ != plan.at) return verdict::pass;
    if (plan.error == 0) return verdict::less;
    errno = plan.error;
    return verdict::fail;
}

void* allocate(std::size_t n) {
    if (plan.armed && n >= 16 * 1024) ++plan.rooms;
    if (plan.armed && plan.call == std::string_view("new") && plan.seen++ == plan.at) return nullptr;
    return std::malloc(n ? n : 1);
}

} // namespace

// The names of the system calls in this program.
extern "C" {
ssize_t recv(int fd, void* to, size_t n, int flags) {
    const auto v = judge("recv");
    if (v == verdict::fail) return -1;
    return ::syscall(SYS_recvfrom, fd, to, v == verdict::less && n > 1 ? size_t{1} : n, flags, nullptr, nullptr);
}
ssize_t send(int fd, const void* from, size_t n, int flags) {
    const auto v = judge("send");
    if (v == verdict::fail) return -1;
    return ::syscall(SYS_sendto, fd, from, v == verdict::less && n > 1 ? size_t{1} : n, flags, nullptr, 0);
}
ssize_t sendmsg(int fd, const msghdr* m, int flags) {
    const auto v = judge("send");
    if (v == verdict::fail) return -1;
    if (v == verdict::less && m->msg_iovlen > 0 && m->msg_iov[0].iov_len > 0)
        return ::syscall(SYS_sendto, fd, m->msg_iov[0].iov_base, size_t{1}, flags, nullptr, 0);
    return ::syscall(SYS_sendmsg, fd, m, flags);
}
ssize_t sendfile(int to, int from, off_t* at, size_t n) noexcept {
    const auto v = judge("sendfile");
    if (v == verdict::fail) return -1;
    return ::syscall(SYS_sendfile, to, from, at, v == verdict::less && n > 1 ? size_t{1} : n);
}
int accept4(int fd, sockaddr* a, socklen_t* size, int flags) {
    if (judge("accept") == verdict::fail) return -1;
    return static_cast<int>(::syscall(SYS_accept4, fd, a, size, flags));
}
int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
    if (judge("setsockopt") == verdict::fail) return -1;
    return static_cast<int>(::syscall(SYS_setsockopt, fd, level, name, value, size));
}
int shutdown(int fd, int how) noexcept {
    if (judge("shutdown") == verdict::fail) return -1;
    return static_cast<int>(::syscall(SYS_shutdown, fd, how));
}
int epoll_ctl(int set, int what, int fd, epoll_event* e) noexcept {
    if (judge(what == EPOLL_CTL_ADD ? "epoll_ctl add" : "epoll_ctl other") == verdict::fail) return -1;
    return static_cast<int>(::syscall(SYS_epoll_ctl, set, what, fd, e));
}
int epoll_wait(int set, epoll_event* into, int most, int timeout) {
    if (judge("epoll_wait") == verdict::fail) return -1;
    return static_cast<int>(::syscall(SYS_epoll_wait, set, into, most, timeout));
}
int getsockopt(int fd, int level, int name, void* value, socklen_t* size) noexcept {
    if (judge("getsockopt") == verdict::fail) return -1;
    return static_cast<int>(::syscall(SYS_getsockopt, fd, level, name, value, size));
}
int ioctl(int fd, unsigned long what, ...) noexcept {
    va_list more;
    va_start(more, what);
    void* const value = va_arg(more, void*);
    va_end(more);
    if (judge("ioctl") == verdict::fail) return -1;
    return static_cast<int>(::syscall(SYS_ioctl, fd, what, value));
}
int close(int fd) {
    const bool fails = judge("close") == verdict::fail;
    const auto code = errno;
    const auto r = static_cast<int>(::syscall(SYS_close, fd)); // it is closed all the same, as Linux does
    if (!fails) return r;
    errno = code;
    return -1;
}
}

// Not inlined: g++ would take the pair of new and free for a mistake.
[[gnu::noinline]] void* operator new(std::size_t n) {
    if (auto* p = allocate(n)) return p;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new[](std::size_t n) {
    if (auto* p = allocate(n)) return p;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return allocate(n); }
[[gnu::noinline]] void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return allocate(n); }
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace {

using namespace crema;
using namespace std::chrono_literals;

// A client that waits for nothing; what it calls never fails on purpose.
class peer {
public:
    explicit peer(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(static_cast<std::uint16_t>(port));
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
        confirm();
    }
    peer(const peer&) = delete;
    ~peer() { ::close(fd_); }
    void send(std::string_view text) const { (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT); }
    void receive(std::size_t most = 1 << 20) {
        static char room[1 << 16];
        while (!over && most > 0) {
            const auto n = ::recv(fd_, room, std::min(sizeof room, most), MSG_DONTWAIT);
            confirm();
            if (n > 0) {
                got.append(room, static_cast<std::size_t>(n));
                most -= static_cast<std::size_t>(n);
            } else {
                over = n == 0 || (errno != EAGAIN && errno != EINTR);
                return;
            }
        }
    }
    std::string got;
    bool over = false;

private:
    // Octets are confirmed at once: a server whose TCP_NODELAY was refused waits for that, and not for a clock.
    void confirm() const {
        const int yes = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
    }
    int fd_;
};

std::string body_of(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
    return text;
}

// What a handler does not get is its own affair, unlike what the engine does not get.
struct handler_failed {};

task<> stream_answer(exchange& x) {
    struct release {
        exchange& x;
        ~release() { x.release(); }
    } const held{x}; // what on_request has retained
    std::string body;
    for (;;) {
        const auto piece = co_await x.read();
        if (piece.empty()) break;
        body += piece;
    }
    x.begin(200, {}, {}, std::nullopt);
    co_await x.write("got ");
    co_await sleep(1ms);
    co_await x.write(body);
    x.end();
}

const std::string large = body_of(700'000);

// A file with that text.
int large_file() {
    static const int descriptor = [] {
        const int fd = ::memfd_create("large", MFD_CLOEXEC);
        REQUIRE(::write(fd, large.data(), large.size()) == static_cast<ssize_t>(large.size()));
        return fd;
    }();
    return descriptor;
}

task<> file_answer(exchange& x) {
    struct release {
        exchange& x;
        ~release() { x.release(); }
    } const held{x};
    x.begin(200, {}, {}, large.size());
    for (std::size_t at = 0; at < large.size();) {
        const auto piece = std::min<std::size_t>(large.size() - at, 100'000);
        const auto taken = x.write_file(large_file(), at, piece);
        if (!taken) { // not this way
            co_await x.write(std::string_view(large).substr(at));
            break;
        }
        at += *taken;
        if (*taken < piece) co_await x.room();
    }
    x.end();
}

struct answering final : exchange_handler {
    void on_request(exchange& x) override {
        const bool file = x.head().target() == "/file";
        if (x.has_body() || file) {
            x.retain();
            try {
                spawn(whole(file ? file_answer(x) : stream_answer(x)), &x.scope());
            } catch (...) { // no memory for the coroutine
                x.release();
                throw handler_failed();
            }
            return;
        }
        try {
            if (x.head().target() == "/large") x.respond(200, {}, {}, large);
            else if (x.head().target() == "/on") go_on(x);
            else x.respond(200, {}, {}, "small");
        } catch (const std::bad_alloc&) {
            throw handler_failed();
        }
    }
    static task<> whole(task<> work) {
        try {
            co_await std::move(work);
        } catch (const std::bad_alloc&) {
            throw handler_failed();
        } catch (const std::system_error& e) {
            if (e.code() != std::errc::not_enough_memory) throw;
            throw handler_failed();
        }
    }
    // Works on behind its answer.
    void go_on(exchange& x) {
        x.retain();
        try {
            x.respond(200, {}, {}, "small");
            behind.push_back(&x);
        } catch (...) {
            x.release();
            throw;
        }
    }
    void let_go() {
        for (auto* x : std::exchange(behind, {})) x->release();
    }
    std::vector<exchange*> behind;
};

const std::string get = "GET /small HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string get_on = "GET /on HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string get_large = "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string get_file = "GET /file HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string post_head = "POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n";
const std::string post_chunks = "POST /post HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";

// One run: several connections and all kinds of answers. Returns how many calls of the kind there were.
struct outcome {
    int calls = 0;
    int whole = 0;   // connections with all their answers
    int closed = 0;  // others, which are closed
    int system_calls = 0;
    std::string wrong; // what should not be
};

class run {
public:
    outcome operator()(std::string_view call, int at, int error) {
        outcome o;
        {
            manual_clock clock;
            loop l;
            l.clock(&clock);
            l.on_error([&](std::exception_ptr e) {
                try {
                    std::rethrow_exception(e);
                } catch (const handler_failed&) {
                } catch (const std::exception& wrong) {
                    o.wrong += std::string("the engine throws ") + wrong.what() + "; ";
                }
            });
            answering h;
            server s(l, h);
            s.listen("127.0.0.1", 0);
            const auto turn = [&](int times) {
                for (int i = 0; i < times; ++i) {
                    plan.armed = true;
                    l.run_once();
                    plan.armed = false;
                }
            };
            plan = {};
            const std::string kind(call);
            plan.call = kind.c_str();
            plan.at = at;
            plan.error = error;
            std::vector<std::unique_ptr<peer>> peers;
            const auto add = [&] { return peers.emplace_back(std::make_unique<peer>(s.port())).get(); };
            const auto text = body_of(20'000);
            auto* const a = add();
            auto* const b = add();
            auto* const c = add();
            auto* const d = add();
            auto* const e = add();
            auto* const refused = add();
            auto leaves = std::make_unique<peer>(s.port());
            turn(6);
            leaves->send(get);
            a->send(get);
            b->send(post_head);
            c->send(get_large + get);
            d->send(get_file + get);
            e->send(post_chunks);
            refused->send("GARBAGE\r\n\r\n");
            turn(4);
            a->send(get_on + get + get.substr(0, 10));
            e->send("5\r\nhello\r\n0\r\nA-Trailer: that needs room of its own\r\n\r\n" + get_on + get_on);
            b->send(text.substr(0, 7000));
            c->receive(1000);
            d->receive(1000);
            turn(4);
            leaves.reset();
            clock.advance(5ms);
            a->send(get.substr(10));
            b->send(text.substr(7000));
            for (int i = 0; i < 40; ++i) { // long enough for a listener that waits
                clock.advance(10ms);
                turn(2);
                for (auto& p : peers) p->receive();
            }
            h.let_go();
            turn(2);
            o.calls = plan.seen;
            o.system_calls = plan.all;
            plan.call = "";
            const auto expect = [&](const char* who, peer& p, const std::vector<std::string>& bodies) {
                std::size_t answers = 0;
                auto rest = std::string_view(p.got);
                for (; !rest.empty(); ++answers) {
                    http::response_parser parser;
                    rest.remove_prefix(parser.feed(rest));
                    if (!parser.done()) break;
                    if (parser.status() == 100) { // is not an answer
                        --answers;
                        continue;
                    }
                    if (parser.status() == 500 && !rest.size()) break; // a handler without memory
                    if (answers >= bodies.size() || parser.body() != bodies[answers]) {
                        o.wrong += std::string(who) + ": answer " + std::to_string(answers) + " is wrong; ";
                        return;
                    }
                }
                if (answers == bodies.size() && rest.empty()) ++o.whole;
                else if (p.over) ++o.closed;
                else o.wrong += std::string(who) + ": " + std::to_string(answers) + " answers and " + std::to_string(rest.size()) + " octets, and not closed; ";
            };
            expect("a", *a, {"small", "small", "small", "small"});
            expect("b", *b, {"got " + text});
            expect("c", *c, {large, "small"});
            expect("d", *d, {large, "small"});
            expect("e", *e, {"got hello", "small", "small"});
            for (int i = 0; i < 20 && !refused->over; ++i) { // when it cannot be told that nothing follows, it is closed after a while
                clock.advance(200ms);
                turn(1);
                refused->receive();
            }
            if (!refused->over) o.wrong += "who was refused is not closed; ";
            // the server goes on
            peer next(s.port());
            for (int i = 0; i < 10 && next.got.empty(); ++i) {
                if (i == 0) next.send(get);
                clock.advance(20ms);
                turn(4);
                next.receive();
            }
            if (!next.got.ends_with("small")) o.wrong += "the next client is not served; ";
            peers.clear();
            bool closed = false;
            s.close(0ms, [&](const drain_report&) { closed = true; });
            for (int i = 0; i < 20 && !closed; ++i) turn(1);
            if (!closed || s.connections() != 0) o.wrong += "the server does not close; ";
        }
        plan = {};
        return o;
    }
};

void each_call_once(std::string_view call, std::initializer_list<int> errors, int least) {
    const auto before = run{}(call, -1, 0);
    CAPTURE(call);
    CHECK(before.wrong.empty());
    CHECK(before.whole == 5);
    REQUIRE(before.calls >= least);
    for (const int error : errors)
        for (int at = 0; at < before.calls; ++at) {
            const auto o = run{}(call, at, error);
            if (o.wrong.empty() && o.system_calls <= before.system_calls + 60) continue; // else something is tried all the time
            CAPTURE(at, error, o.system_calls, before.system_calls, o.whole, o.closed);
            FAIL_CHECK(o.wrong);
        }
    SUCCEED();
}

} // namespace

TEST_CASE("reading fails or gives less", "[server][faults]") {
    each_call_once("recv", {0, EINTR, EAGAIN, ECONNRESET, ETIMEDOUT, ENOMEM}, 6);
}

TEST_CASE("sending fails or takes less", "[server][faults]") {
    each_call_once("send", {0, EINTR, EAGAIN, ECONNRESET, EPIPE, ENOBUFS}, 6);
}

TEST_CASE("sending of a file fails or takes less", "[server][faults]") {
    (void)large_file();
    each_call_once("sendfile", {0, EINTR, EAGAIN, ECONNRESET, EPIPE, EINVAL, EIO, ENOMEM}, 7);
}

TEST_CASE("accepting fails", "[server][faults]") {
    each_call_once("accept", {EINTR, EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOMEM, EPERM}, 4);
}

TEST_CASE("what is asked of a socket is refused", "[server][faults]") {
    each_call_once("setsockopt", {EINVAL}, 3);
    each_call_once("shutdown", {ENOTCONN, ENOTSOCK}, 1);
    each_call_once("epoll_ctl add", {ENOMEM, ENOSPC}, 3);
    each_call_once("close", {EINTR, EIO}, 1);
}

TEST_CASE("what is answered together is sent with one call", "[server]") {
    loop l;
    answering h;
    server s(l, h);
    s.listen("127.0.0.1", 0);
    peer p(s.port());
    for (int i = 0; i < 6; ++i) l.run_once();
    std::string all;
    for (int i = 0; i < 16; ++i) all += get;
    plan = {};
    plan.call = "send";
    for (int i = 0; i < 3; ++i) {
        p.send(all);
        plan.armed = true;
        for (int turns = 0; turns < 6; ++turns) l.run_once();
        plan.armed = false;
    }
    CHECK(plan.seen == 3);
    plan = {};
    p.receive();
    std::size_t answers = 0;
    for (auto at = p.got.find("HTTP/1.1 200"); at != p.got.npos; at = p.got.find("HTTP/1.1 200", at + 1)) ++answers;
    CHECK(answers == 48);
}

TEST_CASE("connections on which nothing goes on own no room for requests", "[server]") {
    loop l;
    answering h;
    server s(l, h);
    s.listen("127.0.0.1", 0);
    std::vector<std::unique_ptr<peer>> peers;
    plan = {};
    for (int i = 0; i < 100; ++i) {
        auto& p = *peers.emplace_back(std::make_unique<peer>(s.port()));
        p.send(get);
        plan.armed = true;
        for (int turns = 0; turns < 100 && p.got.empty(); ++turns) {
            l.run_once();
            plan.armed = false;
            p.receive();
            plan.armed = true;
        }
        plan.armed = false;
        REQUIRE(p.got.ends_with("small"));
    }
    CHECK(s.connections() == 100);
    CHECK(plan.rooms <= 2); // one room served them all
    plan = {};
}

TEST_CASE("waiting for sockets fails", "[server][faults]") { each_call_once("epoll_wait", {EINTR}, 20); }

TEST_CASE("memory runs out", "[server][faults]") { each_call_once("new", {ENOMEM}, 1); }
