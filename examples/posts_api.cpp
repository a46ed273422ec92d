// posts_api: posts in an embedded database, accounts with passwords, reports; one thread that never blocks.
//
//   posts_api [port] [--db posts.db] [--config file]        or PORT, DATABASE, CONFIG in the environment
//   open http://localhost:3000/
//
// Each route has its curl line. Stop it with Ctrl-C, or kill it: what was answered is in the database.
#include <crema.hpp>
#include <crema/ext/crypt.hpp>
#include <crema/ext/sqlite.hpp>

#include "posts_api/page.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
using namespace crema;

// ---- what is stored, sent and received: plain structs

struct post {
    std::int64_t id;
    std::string title, body;
    std::int64_t author_id;
    std::string author, created_at;
};
struct user {
    std::int64_t id;
    std::string email, name;
};
struct account { // with what never leaves the server
    std::int64_t id;
    std::string email, name, password;
};
struct new_post {
    std::string title, body;
    std::int64_t author_id;
};
struct edited_post {
    std::string title, body;
};
struct registration {
    std::string email, name, password;
};
struct credentials {
    std::string email, password;
};
struct configuration {
    std::string title;
    int posts_per_page;
    std::vector<std::string> links;
};
struct dashboard {
    std::vector<post> posts;
    std::vector<user> users;
};
struct report {
    int below, primes;
};
struct loop_delay {
    double now_ms, p99_ms, max_ms;
};
struct problem {
    std::string error;
};

constexpr auto schema = R"sql(
CREATE TABLE IF NOT EXISTS users(
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    password TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS posts(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    author_id INTEGER NOT NULL REFERENCES users(id),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
)sql";

const std::string select_post = "SELECT p.id AS id, title, body, author_id, u.name AS author, created_at "
                                "FROM posts p JOIN users u ON u.id = p.author_id ";

// Gives an empty database something to show. The password of both is "correct horse".
void seed(sqlite::connection& db) {
    if (db.query_one<int>("SELECT count(*) FROM users") != 0) return;
    const auto stored = password::hash("correct horse");
    for (const auto& [name, email] : {std::pair("Ada", "ada@example.com"), std::pair("Grace", "grace@example.com")})
        db.execute("INSERT INTO users(email, name, password) VALUES (?, ?, ?)", email, name, stored);
    constexpr auto insert = "INSERT INTO posts(title, body, author_id) VALUES (?, ?, ?)";
    db.execute(insert, "Notes on the engine", "It weaves algebraic patterns as the loom weaves flowers and leaves.", 1);
    db.execute(insert, "The first bug", "Found in relay 70 of panel F: a moth.", 2);
    db.execute(insert, "One thread", "It answers everybody, as long as nobody makes it wait.", 1);
}

// ---- bad input is answered with 400 and a sentence

void require(bool good, std::string_view otherwise) {
    if (!good) throw http_error(400, otherwise);
}
void check_text(const std::string& title, const std::string& body) {
    require(!title.empty(), "title: must not be empty");
    require(title.size() <= 200, "title: at most 200 octets");
    require(!body.empty(), "body: must not be empty");
    require(body.size() <= 20'000, "body: at most 20000 octets");
}
void check_registration(const registration& form) {
    const auto at = form.email.find('@');
    const bool two_parts = at != 0 && at != std::string::npos && at + 1 < form.email.size();
    require(two_parts && form.email.find('@', at + 1) == std::string::npos && form.email.size() <= 254 &&
                form.email.find_first_of(" \t\r\n<>") == std::string::npos,
            "email: is no e-mail address");
    require(!form.name.empty() && form.name.size() <= 100, "name: 1 to 100 octets");
    require(form.password.size() >= 8, "password: at least 8 octets");
    require(form.password.size() <= password::max_size, "password: at most 72 octets");
    require(form.password.find('\0') == std::string::npos, "password: must not hold a NUL");
}

// Works for about half a second.
report make_report() {
    report r{2'000'000, 0};
    for (int n = 2; n < r.below; ++n) {
        bool prime = true;
        for (int d = 2; d * d <= n && prime; ++d) prime = n % d != 0;
        r.primes += prime;
    }
    return r;
}

void add_routes(app& app, sqlite::database& db, const lag_histogram& lag, std::string config_file) {
    // curl http://localhost:3000/                        -> the web page
    app.get("/", [](request&, response& res) { res.type("html").send(page); });

    // curl http://localhost:3000/api/health              -> {"status":"ok"}
    app.get("/api/health", [](request&, response& res) { res.json({{"status", "ok"}}); });

    // curl http://localhost:3000/api/loop                -> {"now_ms":…
    app.get("/api/loop", [&lag](request&, response& res) {
        const auto ms = [](std::chrono::nanoseconds d) { return std::chrono::duration<double, std::milli>(d).count(); };
        res.json(loop_delay{ms(lag.recent()), ms(lag.percentile(99)), ms(lag.max())});
    });

    // curl http://localhost:3000/api/config              -> {"title":"crema: posts","posts_per_page":20,"links":[…]}
    app.get("/api/config", [config_file](request&, response& res) -> task<> {
        const auto text = co_await fs::read_file(config_file); // the loop serves others meanwhile
        auto config = json::parse<configuration>(text);
        if (!config) throw std::runtime_error(config_file + ": " + config.error().message());
        res.json(*config);
    });

    // curl http://localhost:3000/api/posts               -> [{"id":3,"title":"One thread",…},…]
    // curl 'http://localhost:3000/api/posts?limit=1&author_id=2'
    //                                                    -> [{"id":2,"title":"The first bug",…}]
    app.get("/api/posts", [&db](request& req, response& res) -> task<> {
        const auto number = [&](std::string_view name) -> std::optional<std::int64_t> {
            const auto text = req.query(name);
            if (!text) return std::nullopt;
            std::int64_t n = 0;
            const auto* const end = text->data() + text->size();
            const auto [at, wrong] = std::from_chars(text->data(), end, n);
            require(wrong == std::errc{} && at == end && n > 0, std::string(name) + ": must be a positive integer");
            return n;
        };
        const auto limit = number("limit").value_or(20), author = number("author_id").value_or(0);
        require(limit <= 100, "limit: at most 100");
        const auto posts = co_await db.query<post>(
            select_post + "WHERE ?1 = 0 OR author_id = ?1 ORDER BY p.id DESC LIMIT ?2", author, limit);
        res.json(posts);
    });

    // curl http://localhost:3000/api/posts/1             -> {"id":1,"title":"Notes on the engine",…}
    // curl http://localhost:3000/api/posts/99            -> 404 {"error":"no such post"}
    app.get<"/api/posts/:id">([&db](param<"id", std::int64_t> id, response& res) -> task<> {
        const std::int64_t wanted = id;
        const auto found = co_await db.query_one<post>(select_post + "WHERE p.id = ?", wanted);
        if (!found) throw http_error(404, "no such post");
        res.json(*found);
    });

    // curl --json '{"title":"Hello","body":"Text","author_id":1}' http://localhost:3000/api/posts
    //                                                    -> 201 {"id":4,"title":"Hello",…}, Location: /api/posts/4
    app.post("/api/posts", [&db](body<new_post> given, response& res) -> task<> {
        const new_post form = *given;
        check_text(form.title, form.body);
        // Both statements on the writer's thread, in one transaction.
        const auto made = co_await db.transaction([&form](sqlite::connection& c) {
            const bool known = c.query_one<int>("SELECT 1 FROM users WHERE id = ?", form.author_id).has_value();
            require(known, "author_id: no such user");
            const auto done = c.execute("INSERT INTO posts(title, body, author_id) VALUES (?, ?, ?)", //
                                        form.title, form.body, form.author_id);
            return c.query_one<post>(select_post + "WHERE p.id = ?", done.last_insert_id).value();
        });
        res.status(201).set("Location", "/api/posts/" + std::to_string(made.id)).json(made);
    });

    // curl -X PUT --json '{"title":"New","body":"Text"}' http://localhost:3000/api/posts/1
    //                                                    -> {"id":1,"title":"New",…}
    app.put<"/api/posts/:id">([&db](param<"id", std::int64_t> id, body<edited_post> given, response& res) -> task<> {
        const edited_post form = *given;
        const std::int64_t wanted = id;
        check_text(form.title, form.body);
        const auto changed = co_await db.transaction([&](sqlite::connection& c) {
            c.execute("UPDATE posts SET title = ?, body = ? WHERE id = ?", form.title, form.body, wanted);
            return c.query_one<post>(select_post + "WHERE p.id = ?", wanted);
        });
        if (!changed) throw http_error(404, "no such post");
        res.json(*changed);
    });

    // curl -X DELETE http://localhost:3000/api/posts/1   -> 204
    app.del<"/api/posts/:id">([&db](param<"id", std::int64_t> id, response& res) -> task<> {
        const std::int64_t wanted = id;
        const auto done = co_await db.execute("DELETE FROM posts WHERE id = ?", wanted);
        if (done.changes == 0) throw http_error(404, "no such post");
        res.status(204).end();
    });

    // curl http://localhost:3000/api/dashboard           -> {"posts":[…],"users":[…]}, both read at the same time
    app.get("/api/dashboard", [&db](request&, response& res) -> task<> {
        auto [posts, users] = co_await when_all( //
            db.query<post>(select_post + "ORDER BY p.id DESC LIMIT 10"),
            db.query<user>("SELECT id, email, name FROM users ORDER BY id LIMIT 100"));
        res.json(dashboard{std::move(posts), std::move(users)});
    });

    // curl --json '{"email":"alan@a.org","name":"Al","password":"computable"}' http://localhost:3000/api/auth/register
    //                                                    -> 201 {"id":3,"email":"alan@…; again: 409
    app.post("/api/auth/register", [&db](body<registration> given, response& res) -> task<> {
        const registration form = *given;
        check_registration(form);
        const auto stored = co_await offload([&form] { return password::hash(form.password); }); // bcrypt, cost 12
        std::optional<user> made;
        try {
            made = co_await db.query_one<user>(
                "INSERT INTO users(email, name, password) VALUES (?, ?, ?) RETURNING id, email, name", //
                form.email, form.name, stored);
        } catch (const sqlite::error& e) {
            if (e.is_unique_violation()) throw http_error(409, "email: is registered already");
            throw;
        }
        res.status(201).json(made.value());
    });

    // curl --json '{"email":"ada@example.com","password":"correct horse"}' http://localhost:3000/api/auth/login
    //                                                    -> {"id":1,"email":"ada@example.com","name":"Ada"}; wrong: 401
    app.post("/api/auth/login", [&db](body<credentials> given, response& res) -> task<> {
        const credentials form = *given;
        const auto found =
            co_await db.query_one<account>("SELECT id, email, name, password FROM users WHERE email = ?", form.email);
        // An unknown address takes as long as a wrong password: nobody shall find out which addresses are registered.
        constexpr auto nobodys = "$2b$12$LLPpevEqiJWqdiRWpg0U8eTXdHv6nF5TSdoGiNjM5SL2hKpvCqWaS";
        const std::string stored = found ? found->password : nobodys;
        const bool right = co_await offload([&] { return password::verify(form.password, stored); });
        if (!found || !right) throw http_error(401, "wrong e-mail address or password");
        res.json(user{found->id, found->email, found->name});
    });

    // curl http://localhost:3000/api/report              -> {"below":2000000,"primes":148933}, while others are served
    app.get("/api/report", [](request&, response& res) -> task<> {
        const auto made = co_await offload(make_report);
        res.json(made);
    });

    // curl http://localhost:3000/api/report-wrong        -> the same, but everybody waits; the log says who blocks
    app.get("/api/report-wrong", [](request&, response& res) { res.json(make_report()); });
}

struct start_options {
    std::uint16_t port = 3000;
    std::string database = "posts.db";
    std::string config = (std::filesystem::path(__FILE__).parent_path() / "posts_api" / "config.json").string();
};

// From the environment and the command line, which wins. Nothing when they cannot be understood.
std::optional<start_options> read_options(int argc, char** argv) {
    start_options s;
    const auto take_port = [&s](std::string_view text) {
        const auto [at, wrong] = std::from_chars(text.data(), text.data() + text.size(), s.port);
        if (wrong == std::errc{} && at == text.data() + text.size()) return true;
        std::fprintf(stderr, "posts_api: '%.*s' is no port\n", static_cast<int>(text.size()), text.data());
        return false;
    };
    if (const char* port = std::getenv("PORT"); port && !take_port(port)) return std::nullopt;
    if (const char* file = std::getenv("DATABASE")) s.database = file;
    if (const char* file = std::getenv("CONFIG")) s.config = file;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument.substr(0, 1) != "-") {
            if (!take_port(argument)) return std::nullopt;
            continue;
        }
        const bool has_value = i + 1 < argc;
        if (argument == "--port" && has_value) {
            if (!take_port(argv[++i])) return std::nullopt;
        } else if (argument == "--db" && has_value) s.database = argv[++i];
        else if (argument == "--config" && has_value) s.config = argv[++i];
        else {
            std::fprintf(stderr, "usage: posts_api [port] [--port 3000] [--db posts.db] [--config file]\n");
            return std::nullopt;
        }
    }
    return s;
}

int main(int argc, char** argv) {
    const auto chosen = read_options(argc, argv);
    if (!chosen) return 2;
    try {
        sqlite::database db(chosen->database, {.schema = schema});
        db.setup(seed);

        auto lag = monitor_event_loop_delay();
        lag.enable();

        app app;
        app.use(logger());
        add_routes(app, db, lag, chosen->config);

        app.use("/api", [](request& req, response&) {
            throw http_error(404, "Cannot " + std::string(req.method()) + " " + std::string(req.original_url()));
        });
        // Errors come here from everywhere. What is not meant for the client goes to the log.
        app.use([](const http_error& e, request&, response& res, next&) {
            res.status(e.status()).json(problem{e.what()});
        });
        app.use([](const system_error& e, request&, response& res, next& next) {
            if (e.code() != error::queue_full) {
                next(std::current_exception()); // for the next one
                return;
            }
            res.status(503).set("Retry-After", "1").json(problem{"too much to do at the moment"});
        });
        app.use([](const std::exception& e, request& req, response& res, next&) {
            std::fprintf(stderr, "posts_api: %s: %s\n", std::string(req.path()).c_str(), e.what());
            res.status(500).json(problem{"something went wrong here"});
        });

        return app.listen(chosen->port, [&](auto& server) {
            std::printf("http://localhost:%d\n", server.port());
            std::fflush(stdout);
        });
    } catch (const std::exception& e) {
        std::fprintf(stderr, "posts_api: %s\n", e.what());
        return 1;
    }
}
