// static_files: serves the files of a directory, as Express' express.static.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/web/next.hpp>
#include <crema/web/send.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema {

/// Says what `static_files` does with what it cannot serve.
enum class fallthrough : unsigned char {
    on,  ///< goes on with the next layer, until a file is found
    off, ///< an error: 404, 403, 400; other methods than GET and HEAD are answered 405
};

/** Configures `static_files`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct static_files_options {
    crema::fallthrough fallthrough = crema::fallthrough::on; ///< what becomes of what cannot be served
    std::vector<std::string> index{
        "index.html"}; ///< what is sent for a directory, the first that is there; may be empty
    std::vector<std::string> extensions{};        ///< `{"html"}`: `/about` is about.html when there is no such file
    bool redirect = true; ///< a directory without a slash at its end is redirected to the one with it
    crema::dotfiles dotfiles = crema::dotfiles::ignore; ///< names that begin with a point
    std::chrono::milliseconds max_age{0}; ///< of Cache-Control, in whole seconds; at most a year
    bool immutable = false; ///< Cache-Control says that the files will never change
    bool etag = true; ///< send ETag, from size and time of last change
    bool strong_etag = false; ///< a strong one: for directories whose files are replaced, never written to
    /// Codings of files that lie beside others, the preferred first: `{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}`.
    std::vector<precompressed> coded{};
    /// Tells which names stand for their content, and may be kept for a year: `hashed_name`.
    std::function<bool(std::string_view path)> immutable_names{};
    bool last_modified = true; ///< send Last-Modified
    bool accept_ranges = true; ///< answer requests for parts
    std::size_t max_ranges = 1; ///< parts in one answer (multipart/byteranges); who asks for more gets the whole
    bool cache_control = true; ///< send Cache-Control
    set_headers_function set_headers{}; ///< sets more fields, before those above
};

/** Tell whether a name has a hash in it, as bundlers write: `app.3f2a9c1e.js`, `app-BXf3k_9Q.css`.

    A part between points or hyphens, in front of the last point, of 8 to 64 letters, digits and underscores, with at least one
    digit and one letter.
*/
CREMA_DECL bool hashed_name(std::string_view path) noexcept;

namespace detail {

// Redirects a directory without a slash at its end to the one with it. False when it has one.
CREMA_DECL bool redirect_to_directory(request& req, response& res);

// The handler that static_files makes.
class static_files_handler {
public:
    // Its coroutine is reached by a pointer: who serves no files does not compile it.
    using runner = task<> (*)(const static_files_handler& self, request& req, response& res, next& n);
    CREMA_DECL static_files_handler(runner how, const std::filesystem::path& root, static_files_options options);
    task<> operator()(request& req, response& res, next& n) const { return run_(*this, req, res, n); }
    CREMA_COROUTINE task<> run(request& req, response& res, next& n) const;

private:
    CREMA_COROUTINE task<> serve(request& req, response& res, bool& found) const;
    std::shared_ptr<const static_files_options> options_; // shared by the copies of the handler
    std::filesystem::path root_;
    runner run_;
};

} // namespace detail

/** Serve the files of a directory: `app.use("/assets", static_files("public"))`.

    Answers GET and HEAD with the file that the path names, conditions and ranges included. Nothing outside of the
    directory
    can be reached, by `..`, by links, or by escapes. Disk work is done on the pool.

    @param root The directory, relative to the working directory of now; or one single file.
    @throws std::invalid_argument when it is empty.

    @par Cancellation
    A client that leaves ends the transfer.
*/
CREMA_COROUTINE detail::static_files_handler static_files(const std::filesystem::path& root,
                                                          static_files_options options = {});

} // namespace crema

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/html.hpp>
#include <crema/core/text.hpp>
#include <crema/web/error.hpp>
#include <crema/web/request.hpp>
#include <algorithm>
#include <stdexcept>

namespace crema {

CREMA_DECL bool hashed_name(std::string_view path) noexcept {
    auto name = path.substr(path.rfind('/') + 1);
    const auto last = name.rfind('.');
    if (last == name.npos) return false;
    name = name.substr(0, last);
    const auto dot = name.rfind('.');
    const auto is_hash = [](std::string_view part) {
        bool digit = false, letter = false;
        for (const char c : part) {
            digit = digit || is_digit(c);
            letter = letter || is_alpha(c);
            if (!is_digit(c) && !is_alpha(c) && c != '_') return false;
        }
        return part.size() >= 8 && part.size() <= 64 && digit && letter;
    };
    if (dot != name.npos && dot != 0 && is_hash(name.substr(dot + 1))) return true;
    const auto hyphen = name.rfind('-');
    return hyphen != name.npos && hyphen != 0 && is_hash(name.substr(hyphen + 1));
}

} // namespace crema

namespace crema::detail {

CREMA_DECL static_files_handler::static_files_handler(runner how, const std::filesystem::path& root,
                                                      static_files_options options)
    : options_(std::make_shared<const static_files_options>(std::move(options))),
      run_(how) {
    if (root.empty()) throw std::invalid_argument("root path required");
    root_ = std::filesystem::absolute(root).lexically_normal();
    if (!root_.has_filename() && root_.has_relative_path()) root_ = root_.parent_path(); // without a slash at its end
}

// A target in front of its path, its path, and what is behind.
struct target_parts {
    std::string_view host, path, rest;
};
inline target_parts parts_of(std::string_view target) noexcept {
    const auto end = std::min(target.find_first_of("?#"), target.size());
    auto at = std::size_t{0};
    if (!target.starts_with('/'))
        if (const auto scheme = target.substr(0, end).find("://"); scheme != target.npos)
            at = std::min(target.find('/', scheme + 3), end);
    return {target.substr(0, at), target.substr(at, end - at), target.substr(end)};
}

// The mount itself, asked for without a slash at its end.
inline bool is_bare_mount(const request& req) noexcept {
    return req.path() == "/" && !parts_of(req.original_url()).path.ends_with('/');
}

CREMA_DECL bool redirect_to_directory(request& req, response& res) {
    if (req.path().ends_with('/') && !is_bare_mount(req)) return false;
    const auto original = parts_of(req.original_url());
    // several slashes in front would make it another host; browsers take a backslash for one
    const auto path = original.path.substr(std::min(original.path.find_first_not_of("/\\"), original.path.size()));
    const auto where = encode_url(
        std::string(original.host).append("/").append(path).append(path.empty() ? "" : "/").append(original.rest));
    res.status(301);
    res.set("Content-Type", "text/html; charset=UTF-8");
    res.set("Content-Security-Policy", "default-src 'none'");
    res.set("X-Content-Type-Options", "nosniff");
    res.set("Location", where);
    res.end("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
            "charset=\"utf-8\">\n<title>Redirecting</title>\n</head>\n<body>\n"
            "<pre>Redirecting to " +
            escape_html(where) + "</pre>\n</body>\n</html>\n");
    return true;
}

// Sends the file, or throws what keeps it from that.
CREMA_COROUTINE task<> static_files_handler::serve(request& req, response& res, bool& found) const {
    const auto& o = *options_;
    auto path = req.path();
    if (is_bare_mount(req)) path = {};
    auto decoded = percent_decode(path);
    if (!decoded) throw http_error(400, "Bad Request");
    file_plan plan;
    plan.path = std::move(*decoded);
    plan.rooted = true;
    plan.etag = o.etag;
    plan.strong_etag = o.strong_etag;
    plan.coded = o.coded;
    plan.immutable_names = &o.immutable_names;
    plan.extensions = o.extensions;
    plan.index = o.index;
    plan.set_headers = &o.set_headers;
    plan.how.root = root_;
    plan.how.dotfiles = o.dotfiles;
    plan.how.max_age = o.max_age;
    plan.how.immutable = o.immutable;
    plan.how.last_modified = o.last_modified;
    plan.how.accept_ranges = o.accept_ranges;
    plan.how.max_ranges = o.max_ranges;
    plan.how.cache_control = o.cache_control;
    const auto how = co_await file_sender::send(res, plan, &found);
    if (how == file_sender::outcome::sent) co_return;
    if (o.redirect && redirect_to_directory(req, res)) co_return;
    throw http_error(404, "Not Found");
}

CREMA_COROUTINE task<> static_files_handler::run(request& req, response& res, next& n) const {
    const bool falls = options_->fallthrough == fallthrough::on;
    const auto method = req.head().method();
    if (method != http::method::get && method != http::method::head) {
        if (falls) {
            co_await n();
        } else {
            res.status(405).set("Allow", "GET, HEAD");
            res.end();
        }
        co_return;
    }
    bool found = false;
    try {
        co_await serve(req, res, found);
        co_return;
    } catch (const http_error& e) {
        if (found || !falls || e.status() >= 500) throw;
    }
    co_await n();
}

} // namespace crema::detail

namespace crema {

CREMA_COROUTINE detail::static_files_handler static_files(const std::filesystem::path& root,
                                                          static_files_options options) {
    return {[](const detail::static_files_handler& self, request& req, response& res, next& n) {
                return self.run(req, res, n);
            },
            root, std::move(options)};
}

} // namespace crema
#endif
