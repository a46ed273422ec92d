// session: what the server remembers of a client from request to request, under a signed cookie; as express-session.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/byte_size.hpp>
#include <crema/core/config.hpp>
#include <crema/core/signer.hpp>
#include <crema/core/value.hpp>
#include <crema/http/cookie.hpp>
#include <crema/middleware/safe_cookie.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace crema {

/// Is what a store keeps of a session.
struct session_record {
    std::string data;                                   ///< an object, as JSON
    std::chrono::system_clock::time_point expires{};    ///< when it is to be forgotten
    std::optional<std::chrono::milliseconds> max_age{}; ///< of its cookie; of those that end with the browser none
};

/** Keeps sessions. Implement it to share them between processes. What it throws goes to the error handlers.

    @par Thread Safety
    Called on the loop of the request; on several when the server has several.
*/
class session_store {
public:
    virtual ~session_store() = default;
    /// Returns a session; nothing when there is none. One that has expired may be returned.
    virtual task<std::optional<session_record>> load(std::string id) = 0;
    /// Keeps a session, in place of the one of that id.
    virtual task<> save(std::string id, session_record record) = 0;
    /** Keep a session in place of the one of that id, if there still is one: what was forgotten meanwhile, as by another request
        that logs out, must not come back. By default `load`, then `save`; a store that can do both at once should.

        @return False when there is none. */
    CREMA_DECL virtual task<bool> update(std::string id, session_record record);
    /// Sets when a session expires, if there is one of that id.
    virtual task<> touch(std::string id, std::chrono::system_clock::time_point expires) = 0;
    /// Forgets a session, if there is one of that id.
    virtual task<> remove(std::string id) = 0;
};

/** Keeps a bounded number of sessions in memory, of bounded size together: those that were not used for longest are forgotten first.

    @par Thread Safety
    Safe.
*/
class memory_session_store final : public session_store {
public:
    /// Construct. @param sessions How many are kept. @param octets Of what they hold, together; one that is larger throws `too_large`.
    CREMA_DECL explicit memory_session_store(std::size_t sessions = 100'000, byte_size octets = 256 * 1024 * 1024);
    CREMA_DECL ~memory_session_store() override;
    /// @cond
    task<std::optional<session_record>> load(std::string id) override { co_return find(id); }
    task<> save(std::string id, session_record record) override {
        put(id, std::move(record));
        co_return;
    }
    task<bool> update(std::string id, session_record record) override { co_return replace(id, std::move(record)); }
    task<> touch(std::string id, std::chrono::system_clock::time_point expires) override {
        prolong(id, expires);
        co_return;
    }
    task<> remove(std::string id) override {
        erase(id);
        co_return;
    }
    /// @endcond
    /// Does what `load` does, at once.
    CREMA_DECL std::optional<session_record> find(std::string_view id);
    /// Does what `save` does, at once.
    CREMA_DECL void put(std::string_view id, session_record record);
    /// Does what `update` does, at once.
    CREMA_DECL bool replace(std::string_view id, session_record record);
    /// Does what `touch` does, at once.
    CREMA_DECL void prolong(std::string_view id, std::chrono::system_clock::time_point expires);
    /// Does what `remove` does, at once.
    CREMA_DECL void erase(std::string_view id);
    /// Returns the number of sessions.
    CREMA_DECL std::size_t size() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

/// Describes the cookie of a session.
struct session_cookie {
    std::string path{"/"};                              ///< paths below which there are sessions
    std::string domain{};                               ///< this host alone when empty
    /// How long it lives since it was set; without it until the browser ends.
    std::optional<std::chrono::milliseconds> max_age{};
    bool http_only = true;                              ///< hidden from scripts
    secure_cookie_choice secure = secure_cookie::automatic; ///< sent over TLS only
    http::same_site_policy same_site = http::same_site_policy::lax; ///< sent with requests of other sites?
    bool partitioned = false;                           ///< one for each top-level site
    http::cookie_priority priority = http::cookie_priority::unset;  ///< which to drop first
};

/** Options of `session`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct session_options {
    /// Signs ids; must be given: `openssl::hmac_signer({"new secret", "old secret"})`.
    std::shared_ptr<const crema::signer> signer{};
    std::shared_ptr<session_store> store{};           ///< memory when empty
    std::string name = "connect.sid";                 ///< of the cookie
    session_cookie cookie{};                          ///< the cookie
    std::function<session_cookie(request&)> cookie_for{}; ///< the cookie of one request, instead
    bool rolling = false;                             ///< the cookie is set with every answer
    bool resave = false;                              ///< sessions are saved although nothing was changed
    bool save_uninitialized = false;                  ///< new sessions are saved although nothing was put into them
    /// How long those live in the store whose cookie has no `max_age`, since they were used.
    std::chrono::milliseconds lifetime = std::chrono::hours(24);
    std::chrono::milliseconds store_timeout = std::chrono::seconds(10); ///< of each call of the store; then it is an error, 503
    std::function<std::string(request&)> generate_id{};          ///< 192 random bits when empty
    std::function<std::chrono::system_clock::time_point()> now{}; ///< the time; that of the system when empty
};

/** Is the session of one request.

    @par Thread Safety
    Only on the loop of the request.
*/
class session_state {
public:
    /// @cond
    session_state(std::shared_ptr<const session_options> options, request& req)
        : options_(std::move(options)), req_(&req) {}
    session_state(const session_state&) = delete;
    /// @endcond

    /// Returns its id: a secret. Empty once it was destroyed.
    const std::string& id() const noexcept { return id_; }
    /// Tells whether it was made for this request, not loaded.
    bool is_new() const noexcept { return cookie_id_ != id_; }
    /** Return what it holds: an object, which may be changed. It is saved before the answer ends.
        @throws http_error 500 `session.malformed` when the store holds something else.
    */
    CREMA_DECL value& data();
    /// Accesses a member, which is made when it is missing.
    value& operator[](std::string_view name) { return data()[name]; }
    /// Returns a member, or null.
    const value* find(std::string_view name) { return data().find(name); }

    /// Returns how long the cookie lives since it is set; without it until the browser ends.
    std::optional<std::chrono::milliseconds> max_age() const noexcept { return max_age_; }
    /// Sets how long this session lives, as for "remember me".
    void max_age(std::optional<std::chrono::milliseconds> time) {
        max_age_ = time;
        touch();
    }
    /// Returns when it expires unless it is used.
    std::chrono::system_clock::time_point expires() const noexcept { return expires_; }
    /// Lets it live from now on; done for each request.
    CREMA_DECL void touch();

    /// Saves it now, instead of when the answer ends. One that was loaded and has been forgotten since stays forgotten.
    /// @throws What the store throws.
    CREMA_COROUTINE task<> save();
    /// Loads it again; changes are lost. @throws http_error 500 `session.missing` when it is not in the store.
    CREMA_COROUTINE task<> reload();
    /** Forget it and begin another one, empty, with another id. Do that whenever somebody logs in: an id that was known
        before is worth nothing then. @throws What the store throws. */
    CREMA_COROUTINE task<> regenerate();
    /// Forgets it, as when somebody logs out. @throws What the store throws.
    CREMA_COROUTINE task<> destroy();
    /// Tells whether it was destroyed.
    bool destroyed() const noexcept { return id_.empty(); }

private:
    friend class session_handler;
    CREMA_DECL std::string id_of_cookie() const;
    CREMA_DECL void begin();
    CREMA_DECL void open(std::string id, session_record record);
    CREMA_DECL void before_head(response& res);
    CREMA_COROUTINE void before_end(response::end_callback done);
    CREMA_COROUTINE static task<> end(std::shared_ptr<const session_options> options, std::string id, session_record kept, int how,
                                      response::end_callback done);
    CREMA_DECL std::chrono::system_clock::time_point now() const;
    std::string text() const;
    bool modified() const { return max_age_ != original_max_age_ || text() != original_; }
    bool saved() const { return saved_ && max_age_ == saved_max_age_ && text() == *saved_; }
    bool sets_cookie() const;
    bool to_be_saved() const;
    session_record record() const { return {text(), expires_, max_age_}; }

    std::shared_ptr<const session_options> options_;
    request* req_;
    session_cookie cookie_;
    std::string id_, cookie_id_;
    std::string raw_ = "{}", original_ = "{}"; // as it was loaded; what it was when nothing is changed
    std::optional<std::string> saved_;
    std::optional<value> data_;
    std::optional<std::chrono::milliseconds> max_age_, original_max_age_, saved_max_age_;
    std::chrono::system_clock::time_point expires_{};
    bool touched_ = false, loaded_ = false;
};

/** Is the middleware that `session` makes. Copies share their store.

    @par Thread Safety
    As its store.
*/
class session_handler {
public:
    /// @cond
    using runner = task<> (*)(const session_handler& self, request& req, response& res, next& next);
    CREMA_DECL session_handler(runner how, session_options options);
    task<> operator()(request& req, response& res, next& next) const { return run_(*this, req, res, next); }
    CREMA_COROUTINE task<> run(request& req, response& res, next& next) const;
    /// @endcond

private:
    std::shared_ptr<const session_options> options_;
    runner run_;
};

/** Make a middleware that gives each client a session.

    `app.use(session({.signer = openssl::hmac_signer(secret)}));`

    The cookie holds an id, signed; what `session_of(req)` holds stays on the server. It is saved before the answer
    ends, when something was changed; when the store fails then, an answer that has not begun is not sent: the error
    handlers answer instead, and so they do with 503 `session.timeout` when it does not answer in time. A client that leaves is not
    waited for, but what it has changed is saved. Of requests of one session at the same time the last one to save wins; a session that was
    destroyed or regenerated meanwhile does not come back.

    @throws system_error(error::bad_value) without a signer, when name, path or domain cannot be those of a cookie, or `store_timeout` is
    not positive.
*/
CREMA_COROUTINE session_handler session(session_options options);

/// Returns the session of a request, until the exchange ends. @throws std::logic_error without `session` in front.
CREMA_DECL session_state& session_of(request& req);
/// Tells whether a request has a session: `session` stands in front, and the path is below that of the cookie.
CREMA_DECL bool has_session(request& req);

} // namespace crema

#if CREMA_BODIES
#include <crema/async/context.hpp>
#include <crema/async/spawn.hpp>
#include <crema/core/lru.hpp>
#include <crema/core/secret.hpp>
#include <crema/core/text.hpp>
#include <crema/json/parse.hpp>
#include <crema/json/write.hpp>
#include <crema/loop/with_timeout.hpp>
#include <cstdint>
#include <mutex>
#include <stdexcept>

namespace crema {

namespace detail {

inline const context_key<std::unique_ptr<session_state>> session_key;

// What a store was asked for, while somebody waits for it.
template <class T>
task<T> in_time(task<T> asked, std::chrono::milliseconds time) {
    try {
        co_return co_await with_timeout(std::move(asked), time);
    } catch (const timed_out&) {
        throw http_error(503, "the store of the sessions does not answer").type("session.timeout");
    }
}

} // namespace detail

struct memory_session_store::state {
    state(std::size_t sessions, std::uint64_t octets) : all(sessions), most(octets) {}
    // With the lock: makes room for so many octets more.
    void make_room(std::size_t wanted) {
        while (used + wanted > most && all.oldest()) drop_oldest();
    }
    void drop_oldest() {
        used -= all.oldest()->data.size();
        all.drop_oldest();
    }
    // With the lock: takes the record over when there is one of that id.
    bool replace(std::string_view id, session_record& record) {
        auto* const kept = all.find(id);
        if (!kept) return false;
        used = used - kept->data.size() + record.data.size();
        *kept = std::move(record);
        while (used > most && all.size() > 1) drop_oldest();
        return true;
    }
    void require_room(const session_record& record) const {
        if (record.data.size() > most) throw system_error(make_error_code(error::too_large), "session");
    }
    std::mutex one_at_a_time; // loops of several threads may share it
    lru<session_record, std::string, std::string_view, std::hash<std::string_view>> all; // ids are signed: nobody chooses them
    const std::uint64_t most;
    std::uint64_t used = 0; // octets
};

CREMA_DECL memory_session_store::memory_session_store(std::size_t sessions, byte_size octets)
    : state_(std::make_unique<state>(sessions, octets.octets())) {}
CREMA_DECL memory_session_store::~memory_session_store() = default;
CREMA_DECL std::size_t memory_session_store::size() const noexcept {
    const std::lock_guard lock(state_->one_at_a_time);
    return state_->all.size();
}

CREMA_DECL std::optional<session_record> memory_session_store::find(std::string_view id) {
    const std::lock_guard lock(state_->one_at_a_time);
    const auto* const kept = state_->all.find(id);
    return kept ? std::optional(*kept) : std::nullopt;
}

CREMA_DECL task<bool> session_store::update(std::string id, session_record record) {
    const auto there = co_await load(id);
    if (!there) co_return false;
    co_await save(std::move(id), std::move(record));
    co_return true;
}

CREMA_DECL bool memory_session_store::replace(std::string_view id, session_record record) {
    state_->require_room(record);
    const std::lock_guard lock(state_->one_at_a_time);
    return state_->replace(id, record);
}

CREMA_DECL void memory_session_store::put(std::string_view id, session_record record) {
    auto& s = *state_;
    s.require_room(record);
    const std::lock_guard lock(s.one_at_a_time);
    if (s.replace(id, record)) return;
    const auto now = std::chrono::system_clock::now();
    for (int i = 0; i < 2 && s.all.oldest() && s.all.oldest()->expires <= now; ++i) s.drop_oldest();
    if (s.all.full()) s.drop_oldest();
    s.make_room(record.data.size());
    const auto octets = record.data.size();
    s.all.add(id, std::move(record));
    s.used += octets;
}

CREMA_DECL void memory_session_store::prolong(std::string_view id, std::chrono::system_clock::time_point expires) {
    const std::lock_guard lock(state_->one_at_a_time);
    if (auto* const kept = state_->all.peek(id)) kept->expires = expires;
}

CREMA_DECL void memory_session_store::erase(std::string_view id) {
    auto& s = *state_;
    const std::lock_guard lock(s.one_at_a_time);
    if (const auto* const kept = s.all.peek(id)) {
        s.used -= kept->data.size();
        s.all.erase(id);
    }
}

CREMA_DECL std::chrono::system_clock::time_point session_state::now() const {
    return options_->now ? options_->now() : std::chrono::system_clock::now();
}

inline std::string session_state::text() const { return data_ ? json::stringify(*data_) : raw_; }

CREMA_DECL value& session_state::data() {
    if (data_) return *data_;
    auto made = json::parse_value(raw_);
    if (!made || !made->is_object())
        throw http_error(500, "the session in the store is malformed").type("session.malformed");
    // Who wrote it may have written it otherwise.
    const auto same = json::stringify(*made);
    if (saved_ == raw_) saved_ = same;
    if (original_ == raw_) original_ = same;
    raw_ = same;
    return data_.emplace(std::move(*made));
}

CREMA_DECL void session_state::touch() { expires_ = now() + max_age_.value_or(options_->lifetime); }

// The id of the cookie when its signature is right; empty otherwise.
CREMA_DECL std::string session_state::id_of_cookie() const {
    for (const auto& [name, raw] : http::cookie_pairs(req_->head().get(http::field::cookie))) {
        if (name != options_->name) continue;
        if (raw.size() > 1024) return {};
        const auto text = http::decode_cookie(raw);
        if (!text.starts_with("s:")) return {};
        const auto id = options_->signer->unsign(std::string_view(text).substr(2));
        return id ? std::string(*id) : std::string();
    }
    return {};
}

// A new, empty one.
CREMA_DECL void session_state::begin() {
    id_ = options_->generate_id ? options_->generate_id(*req_) : random_token(24);
    if (id_.empty()) throw std::logic_error("crema: session: generate_id gave no id");
    raw_ = original_ = "{}";
    loaded_ = false;
    data_.reset();
    saved_.reset();
    max_age_ = original_max_age_ = cookie_.max_age;
    touch();
}

CREMA_DECL void session_state::open(std::string id, session_record record) {
    id_ = std::move(id);
    raw_ = original_ = std::move(record.data);
    loaded_ = true;
    data_.reset();
    saved_.reset();
    if (!options_->resave) saved_ = raw_;
    max_age_ = original_max_age_ = saved_max_age_ = record.max_age;
    expires_ = record.expires;
}

inline bool session_state::sets_cookie() const {
    if (is_new()) return options_->save_uninitialized || modified();
    return options_->rolling || (max_age_ && modified()) || max_age_ != original_max_age_;
}
inline bool session_state::to_be_saved() const {
    return !options_->save_uninitialized && is_new() ? modified() && !saved() : !saved();
}

CREMA_DECL void session_state::before_head(response& res) {
    if (destroyed() || !sets_cookie()) return;
    const bool secure = req_->secure();
    if (cookie_.secure == secure_cookie::always && !secure) return;
    if (!std::exchange(touched_, true)) touch();
    http::cookie_options c;
    c.path = cookie_.path;
    c.domain = cookie_.domain;
    c.http_only = cookie_.http_only;
    c.secure = cookie_.secure == secure_cookie::always || (cookie_.secure == secure_cookie::automatic && secure);
    c.same_site = cookie_.same_site;
    c.partitioned = cookie_.partitioned;
    c.priority = cookie_.priority;
    if (max_age_) c.expires = expires_;
    res.cookie(options_->name, "s:" + options_->signer->sign(id_), c);
}

CREMA_COROUTINE void session_state::before_end(response::end_callback done) {
    if (destroyed()) return done(nullptr);
    if (!std::exchange(touched_, true)) touch();
    const bool saves = to_be_saved();
    if (!saves && is_new()) return done(nullptr);
    spawn(end(options_, id_, saves ? record() : session_record{{}, expires_, {}}, !saves ? 0 : loaded_ ? 1 : 2, std::move(done)));
}

// Goes on when the client has left: what it has done is kept. The session may be gone then.
CREMA_COROUTINE task<> session_state::end(std::shared_ptr<const session_options> options, std::string id, session_record kept, int how,
                                          response::end_callback done) {
    std::exception_ptr failed;
    auto& store = *options->store;
    const auto time = options->store_timeout;
    try {
        if (how == 0) co_await detail::in_time(store.touch(std::move(id), kept.expires), time);
        else if (how == 1) co_await detail::in_time(store.update(std::move(id), std::move(kept)), time);
        else co_await detail::in_time(store.save(std::move(id), std::move(kept)), time);
    } catch (...) {
        failed = std::current_exception();
    }
    done(failed); // may end the exchange and with it the session
}

CREMA_COROUTINE task<> session_state::save() {
    auto kept = record();
    auto as = kept.data;
    if (!loaded_) co_await detail::in_time(options_->store->save(id_, std::move(kept)), options_->store_timeout);
    else co_await detail::in_time(options_->store->update(id_, std::move(kept)), options_->store_timeout);
    loaded_ = true;
    saved_ = std::move(as);
    saved_max_age_ = max_age_;
}

CREMA_COROUTINE task<> session_state::reload() {
    auto found = co_await detail::in_time(options_->store->load(id_), options_->store_timeout);
    if (!found) throw http_error(500, "failed to load session").type("session.missing");
    open(id_, std::move(*found));
}

CREMA_COROUTINE task<> session_state::regenerate() {
    if (!destroyed()) co_await detail::in_time(options_->store->remove(id_), options_->store_timeout);
    begin();
}

CREMA_COROUTINE task<> session_state::destroy() {
    const auto id = std::exchange(id_, {});
    data_ = value::object();
    if (!id.empty()) co_await detail::in_time(options_->store->remove(id), options_->store_timeout);
}

CREMA_DECL session_handler::session_handler(runner how, session_options options) : run_(how) {
    if (!options.signer) throw system_error(make_error_code(error::bad_value), "session: a signer is needed");
    if (!is_token(options.name))
        throw system_error(make_error_code(error::bad_value), "session: name \"" + options.name + "\"");
    http::cookie_options fits; // else each request would fail
    fits.path = options.cookie.path;
    fits.domain = options.cookie.domain;
    if (const auto line = http::serialize_cookie(options.name, "x", fits); !line)
        throw system_error(line.error().code, "session: " + line.error().message());
    if (options.store_timeout.count() <= 0) throw system_error(make_error_code(error::bad_value), "session: store_timeout must be positive");
    if (!options.store) options.store = std::make_shared<memory_session_store>();
    options_ = std::make_shared<const session_options>(std::move(options));
}

CREMA_COROUTINE task<> session_handler::run(request& req, response& res, next& next) const {
    const auto& o = *options_;
    auto cookie = o.cookie_for ? o.cookie_for(req) : o.cookie;
    if (has_session(req) || !req.raw().head().path().starts_with(cookie.path)) {
        next();
        co_return;
    }
    auto& s = *req.context().set(detail::session_key, std::make_unique<session_state>(options_, req));
    s.cookie_ = std::move(cookie);
    s.cookie_id_ = s.id_of_cookie();
    if (!s.cookie_id_.empty()) {
        auto found = co_await detail::in_time(o.store->load(s.cookie_id_), o.store_timeout);
        if (found && found->expires <= s.now()) {
            co_await detail::in_time(o.store->remove(s.cookie_id_), o.store_timeout);
            found.reset();
        }
        if (found) s.open(s.cookie_id_, std::move(*found));
    }
    if (s.id_.empty()) s.begin(); // an id that nobody has given out is never taken over
    res.on_headers([&s, &res] { s.before_head(res); });
    res.before_end([&s](response::end_callback done) { s.before_end(std::move(done)); });
    next();
}

CREMA_COROUTINE session_handler session(session_options options) {
    return {[](const session_handler& self, request& req, response& res, next& n) { return self.run(req, res, n); },
            std::move(options)};
}

CREMA_DECL bool has_session(request& req) { return req.context().find(detail::session_key) != nullptr; }

CREMA_DECL session_state& session_of(request& req) {
    auto* s = req.context().find(detail::session_key);
    if (!s) throw std::logic_error("crema: session_of(req) needs app.use(session({.signer = ...})) in front");
    return **s;
}

} // namespace crema
#endif
