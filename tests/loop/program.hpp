// Programs of statements (a list of lists, as JSON) that run on crema as they would on Node: what the order tests share.
#pragma once
#include <crema/async/spawn.hpp>
#include <crema/fs/stat.hpp>
#include <crema/loop/clock.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/microtask.hpp>
#include <crema/loop/schedule.hpp>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace program {

// A JSON value: a number, a text, a list, or an object as a list of pairs.
struct value {
    enum class kind { none, number, text, list, object } what = kind::none;
    double number = 0;
    std::string text;
    std::vector<value> items;
    std::vector<std::string> names;

    const value& operator[](std::size_t i) const {
        static const value nothing;
        return i < items.size() ? items[i] : nothing;
    }
    const value& operator[](std::string_view name) const {
        for (std::size_t i = 0; i < names.size(); ++i)
            if (names[i] == name) return items[i];
        throw std::runtime_error("no member " + std::string(name));
    }
    std::size_t size() const { return items.size(); }
};

class reader {
public:
    static value read(std::string_view text) {
        reader r{text};
        auto v = r.any();
        r.skip();
        if (!r.rest_.empty()) throw std::runtime_error("text behind the JSON");
        return v;
    }

private:
    explicit reader(std::string_view t) : rest_(t) {}
    void skip() {
        while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_[0]) != rest_.npos) rest_.remove_prefix(1);
    }
    bool accept(char c) {
        skip();
        if (rest_.empty() || rest_[0] != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c) {
        if (!accept(c)) throw std::runtime_error(std::string("expected ") + c);
    }
    std::string string() {
        expect('"');
        std::string s;
        for (;;) {
            const char c = rest_.at(0);
            rest_.remove_prefix(1);
            if (c == '"') return s;
            if (c != '\\') {
                s += c;
                continue;
            }
            const char e = rest_.at(0);
            rest_.remove_prefix(1);
            if (e == 'u') {
                s += static_cast<char>(std::stoi(std::string(rest_.substr(0, 4)), nullptr, 16));
                rest_.remove_prefix(4);
            } else {
                s += e == 'n' ? '\n' : e == 't' ? '\t' : e;
            }
        }
    }
    value any() {
        value v;
        skip();
        const char c = rest_.at(0);
        if (c == '"') {
            v.what = value::kind::text;
            v.text = string();
        } else if (accept('[')) {
            v.what = value::kind::list;
            if (accept(']')) return v;
            do v.items.push_back(any());
            while (accept(','));
            expect(']');
        } else if (accept('{')) {
            v.what = value::kind::object;
            if (accept('}')) return v;
            do {
                v.names.push_back(string());
                expect(':');
                v.items.push_back(any());
            } while (accept(','));
            expect('}');
        } else {
            v.what = value::kind::number;
            std::size_t used = 0;
            v.number = std::stod(std::string(rest_.substr(0, 40)), &used);
            rest_.remove_prefix(used);
        }
        return v;
    }
    std::string_view rest_;
};

// What a program throws.
struct thrown : std::runtime_error {
    using std::runtime_error::runtime_error;
};
// What its promises are rejected with.
struct rejected : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Stands still but for what waits and what is busy: order then does not depend on the machine.
class virtual_clock final : public crema::loop_clock {
public:
    time_point now() noexcept override { return now_; }
    when_idle idle() const noexcept override { return when_idle::jump; }
    void jump_to(time_point then) noexcept override {
        if (then > now_) now_ = then;
    }
    void busy(duration time) noexcept { now_ += time; }

private:
    time_point now_{std::chrono::seconds(1000)};
};

// Runs one program as the main program of a loop of its own, with nothing but the public API.
class interpreter {
public:
    // On the real time.
    interpreter() = default;
    explicit interpreter(virtual_clock& clock) : clock_(&clock) { loop_.clock(clock_); }

    std::vector<std::string> run(const value& main) {
        loop_.on_error([this](std::exception_ptr e) {
            try {
                std::rethrow_exception(e);
            } catch (const thrown& x) {
                log_.push_back(std::string("uncaught:") + x.what());
            } catch (const rejected& x) {
                log_.push_back(std::string("unhandledRejection:") + x.what());
            } catch (const std::exception& x) {
                log_.push_back(std::string("unexpected:") + x.what());
            }
        });
        loop_.callback([&] { all(main); });
        loop_.run();
        return log_;
    }

private:
    struct handle {
        crema::timer timer;
        crema::immediate immediate;
    };
    struct listener {
        const value* body;
        bool once;
    };

    void all(const value& statements) {
        for (const auto& s : statements.items)
            if (!exited_) one(s);
    }
    static crema::task<> awaits(interpreter& self, const value& first, const value& second) {
        self.rejecting(first);
        co_await crema::resume_microtask();
        self.rejecting(second);
    }
    // What leaves an asynchronous function is a rejection.
    void rejecting(const value& statements) {
        try {
            all(statements);
        } catch (const thrown& e) {
            throw rejected(e.what());
        }
    }
    static crema::task<> stat_then(interpreter& self, const value& body) {
        co_await crema::fs::stat("/");
        self.all(body);
    }
    static crema::task<> rejects(std::string what) {
        throw rejected(what);
        co_return;
    }
    template <class Queue>
    void repeat(std::size_t left, const value& body, Queue queue) {
        queue([this, left, &body, queue] {
            all(body);
            if (left > 1) repeat(left - 1, body, queue);
        });
    }
    void emit(const std::string& name) {
        const auto now = listeners_[name]; // those of now
        for (const auto& l : now) {
            if (l->once) std::erase(listeners_[name], l);
            all(*l->body);
        }
    }
    void one(const value& s) {
        const auto& op = s[0].text;
        const auto& a = s[1];
        const auto& b = s[2];
        const auto& c = s[3];
        if (op == "log") {
            log_.push_back(a.text);
        } else if (op == "tick") {
            crema::next_tick([this, &a] { all(a); });
        } else if (op == "micro" || op == "promise") {
            crema::queue_microtask([this, &a] { all(a); });
        } else if (op == "await") {
            crema::spawn(awaits(*this, a, b));
        } else if (op == "timeout") {
            auto t = crema::set_timeout([this, &b] { all(b); }, a.number);
            if (!c.text.empty()) handles_[c.text].timer = t;
        } else if (op == "interval") {
            auto& count = counts_[c.text];
            const auto times = static_cast<int>(s[4].number);
            const auto own = std::make_shared<crema::timer>();
            *own = crema::set_interval(
                [this, &count, times, st = &s, timer = std::weak_ptr(own)] {
                    ++count;
                    all((*st)[2]);
                    if (count >= times) crema::clear_interval(*timer.lock());
                },
                a.number);
            handles_[c.text].timer = *own;
            intervals_.push_back(own);
        } else if (op == "immediate") {
            auto i = crema::set_immediate([this, &a] { all(a); });
            if (!b.text.empty()) handles_[b.text].immediate = i;
        } else if (op == "io") {
            crema::spawn(stat_then(*this, a));
        } else if (op == "close") {
            loop_.defer_close([this, &a] { all(a); });
        } else if (op == "clear") {
            crema::clear_timeout(handles_[a.text].timer);
            crema::clear_immediate(handles_[a.text].immediate);
        } else if (op == "unref") {
            handles_[a.text].timer.unref();
            handles_[a.text].immediate.unref();
        } else if (op == "ref") {
            handles_[a.text].timer.ref();
            handles_[a.text].immediate.ref();
        } else if (op == "refresh") {
            if (++refreshes_ <= 4) handles_[a.text].timer.refresh(); // two that refresh each other would never end
        } else if (op == "busy" && clock_) {
            clock_->busy(std::chrono::milliseconds(static_cast<long>(a.number)));
        } else if (op == "busy") {
            const auto until = std::chrono::steady_clock::now() +
                               std::chrono::microseconds(static_cast<long>(a.number * 1000));
            while (std::chrono::steady_clock::now() < until) {
            }
        } else if (op == "throw") {
            throw thrown(a.text);
        } else if (op == "try") {
            try {
                all(a);
            } catch (const thrown& e) {
                log_.push_back(std::string("caught:") + e.what());
            }
        } else if (op == "reject") {
            crema::spawn(rejects(a.text));
        } else if (op == "beforeExit") {
            const int times = b.number > 0 ? static_cast<int>(b.number) : 1;
            loop_.on_before_exit([this, &a, times, n = 0]() mutable {
                if (n++ < times) all(a);
            });
        } else if (op == "onExit") {
            loop_.on_exit([this, &a] { all(a); });
        } else if (op == "exit") {
            loop_.exit(0);
            exited_ = true;
        } else if (op == "on" || op == "once") {
            listeners_[a.text].push_back(std::make_shared<listener>(listener{&b, op == "once"}));
        } else if (op == "emit") {
            emit(a.text);
        } else if (op == "repeatTick") {
            repeat(static_cast<std::size_t>(a.number), b, [](auto f) { crema::next_tick(std::move(f)); });
        } else if (op == "repeatMicro") {
            repeat(static_cast<std::size_t>(a.number), b, [](auto f) { crema::queue_microtask(std::move(f)); });
        } else if (op == "repeatImmediate") {
            repeat(static_cast<std::size_t>(a.number), b, [](auto f) { crema::set_immediate(std::move(f)); });
        } else {
            throw std::runtime_error("unknown statement " + op);
        }
    }

    std::vector<std::string> log_;
    std::map<std::string, handle> handles_;
    std::map<std::string, int> counts_;
    std::vector<std::shared_ptr<crema::timer>> intervals_;
    std::map<std::string, std::vector<std::shared_ptr<listener>>> listeners_;
    virtual_clock* clock_ = nullptr;
    int refreshes_ = 0;
    bool exited_ = false;
    crema::loop loop_; // first to go
};

inline std::vector<std::string> run(const value& main) {
    return interpreter().run(main);
}
inline std::vector<std::string> run(std::string_view json) {
    const auto main = reader::read(json);
    return run(main);
}

} // namespace program
