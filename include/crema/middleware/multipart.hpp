// multipart: reads forms with files, as a stream: into memory, into a directory, or piece by piece (RFC 7578).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/byte_size.hpp>
#include <crema/core/config.hpp>
#include <crema/http/multipart.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

namespace detail {
struct upload_access;
}

/** Bounds what is read of a form. What is beyond is refused at once.

    @par Thread Safety
    Distinct objects: safe.
*/
struct multipart_limits {
    byte_size total = 10 * 1024 * 1024; ///< the whole body; 413 `entity.too.large`
    byte_size file = 10 * 1024 * 1024;  ///< one file; 413 `file.too.large`
    byte_size field = 100 * 1024;       ///< the value of one field; 413 `field.too.large`
    std::size_t name = 100;             ///< octets of the name of a field; 400 `field.name.too.long`
    std::size_t files = 10;             ///< how many; 413 `files.too.many`
    std::size_t fields = 100;           ///< how many; 413 `fields.too.many`
    std::size_t parts = 200;            ///< files, fields and others; 413 `parts.too.many`
    std::size_t head = 8 * 1024;        ///< octets in front of the content of one part; 431 `part.head.too.large`
};

/** Reads a form part by part, in memory that does not grow with it.

    @code
    multipart_reader form(req, {.total = "2gb", .file = "2gb"});
    while (const auto* part = co_await form.next())
        for (auto piece = co_await form.read(); !piece.empty(); piece = co_await form.read()) use(*part, piece);
    @endcode

    Every function throws the `http_error`s that `multipart` documents.

    @par Thread Safety
    Only on the loop of the request.

    @see RFC 7578
*/
class multipart_reader {
public:
    /** Construct for a request whose body nobody has read.

        @throws http_error 415 `media.type.unsupported` or `encoding.unsupported`, 400 `multipart.boundary.missing` or
        `multipart.malformed`, 413 `entity.too.large`.
    */
    CREMA_DECL explicit multipart_reader(request& req, const multipart_limits& limits = {});

    /** Go on to the next part; what was not read of the current one is passed over.

        @return Its head, until the next call; null at the end.

        @par Cancellation
        Ends the wait. Calls must not overlap.
    */
    CREMA_COROUTINE task<const http::part_head*> next();
    /** Read the next piece of the part; empty at its end. The view is valid until the next call.

        @par Cancellation
        Ends the wait. Calls must not overlap.
    */
    CREMA_COROUTINE task<std::string_view> read();
    /** Read the rest of the part.

        A part that is no file is turned into UTF-8 from the character set that its type names; what is none becomes U+FFFD.

        @par Cancellation
        Ends the wait. Calls must not overlap.
    */
    CREMA_COROUTINE task<std::string> text();

    /// Returns the head of the current part.
    const http::part_head& head() const noexcept { return parser_.head(); }
    /// Tells whether the current part is a file.
    bool is_file() const noexcept { return is_file_; }
    /// Returns how many octets of the current part were given so far.
    std::uint64_t size() const noexcept { return size_; }

private:
    CREMA_COROUTINE task<http::multipart_parser::state> parse();
    CREMA_DECL void begin_part();
    CREMA_DECL void take();
    [[noreturn]] CREMA_DECL void refuse(int status, const char* type, std::string message) const;

    request* req_;
    multipart_limits limits_;
    http::multipart_parser parser_;
    std::string_view rest_;
    std::uint64_t total_ = 0, size_ = 0;
    std::size_t files_ = 0, fields_ = 0;
    bool is_file_ = false, inside_ = false;
};

/** Is a file that a client has sent. A file on disk is removed with this object unless it was moved away or kept.

    @par Thread Safety
    Only on the loop of its request.
*/
class upload {
public:
    /// @cond
    upload(const http::part_head& head, std::filesystem::path at)
        : field_(head.name.value_or("")), filename_(head.filename.value_or("")), type_(head.type), path_(std::move(at)),
          ours_(!path_.empty()) {}
    upload(upload&& other) noexcept { swap(other); }
    upload& operator=(upload&& other) noexcept {
        swap(other);
        return *this;
    }
    CREMA_DECL ~upload();
    /// @endcond

    /// Returns the name of the field of the form.
    const std::string& field() const noexcept { return field_; }
    /// Returns what the client calls the file, without directories: to be shown, not to be used as a path.
    const std::string& filename() const noexcept { return filename_; }
    /// Returns the media type that the client says.
    const std::string& type() const noexcept { return type_; }
    /// Returns its size in octets.
    std::uint64_t size() const noexcept { return size_; }
    /// Returns the octets of a file that was read into memory.
    const std::string& content() const noexcept { return content_; }
    /// Returns where the file is; empty when it is in memory. A name at random, in the directory of the options.
    const std::filesystem::path& path() const noexcept { return path_; }
    /// Leaves the file where it is.
    void keep() noexcept { ours_ = false; }
    /** Move it to a place of its own, on the pool; replaces what is there.

        @throws system_error With the path.

        @par Cancellation
        As `offload`.
    */
    CREMA_COROUTINE task<> move_to(std::filesystem::path target);

private:
    friend struct detail::upload_access;
    void swap(upload& other) noexcept {
        field_.swap(other.field_);
        filename_.swap(other.filename_);
        type_.swap(other.type_);
        content_.swap(other.content_);
        path_.swap(other.path_);
        std::swap(size_, other.size_);
        std::swap(ours_, other.ours_);
    }

    std::string field_, filename_, type_, content_;
    std::filesystem::path path_;
    std::uint64_t size_ = 0;
    bool ours_ = false; // to be removed
};

/// Names a field of files, and how many it may have.
struct upload_field {
    std::string name;       ///< as in the form
    std::size_t count = 1;  ///< files
};

/** Options of `multipart`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct multipart_options {
    multipart_limits limits{};                        ///< what is too much
    std::filesystem::path directory{};                ///< where files are written; into memory when empty
    std::optional<std::vector<upload_field>> files{}; ///< those that are expected; without it any, when empty none
    /// Tells whether a file is wanted; passed over when not. May throw.
    std::function<bool(request& req, const http::part_head& head)> filter{};
    /// Takes files as they come, instead of memory or a directory; what it does not read is passed over.
    std::function<task<>(request& req, multipart_reader& part)> receive{};
    bool extended = false;                            ///< `a[b]=c` becomes an object, as in `body_urlencoded`
};

/** Is the middleware that `multipart` makes. Copies share their options.

    @par Thread Safety
    Safe, when the functions among its options are.
*/
class multipart_handler {
public:
    /// @cond
    using runner = task<> (*)(const multipart_handler& self, request& req, next& next);
    CREMA_DECL multipart_handler(runner how, multipart_options options);
    task<> operator()(request& req, response&, next& next) const { return run_(*this, req, next); }
    CREMA_COROUTINE task<> run(request& req, next& next) const;
    /// @endcond

private:
    CREMA_COROUTINE task<> read(request& req, std::vector<upload>& files) const;
    std::shared_ptr<const multipart_options> options_;
    runner run_; // who uses no forms does not compile the coroutine
};

/** Make a middleware that reads forms of the type `multipart/form-data`; other requests are handed on unread.

    `app.post("/avatar", multipart({.files = {{{"avatar"}}}}), [](request& req, response& res) { … });`

    Behind it `req.body()` is an object of the fields, repeated ones as arrays; `uploads_of(req)` are the files, in order.
    Files are removed when the handlers behind have ended. A field of files where none was chosen is passed over.

    @par Errors
    Through the error handlers, with what was written removed: 400 `multipart.boundary.missing`, `multipart.malformed`,
    `field.name.missing`, `field.name.too.long`, `file.unexpected`, `request.aborted`; 413 and 431 as in
    `multipart_limits`; 415 `encoding.unsupported`; what the disk says (500).

    @see RFC 7578
*/
CREMA_COROUTINE multipart_handler multipart(multipart_options options = {});

/// Returns the files that `multipart` has read; none without it. They may be moved from. Valid until the exchange ends.
CREMA_DECL std::vector<upload>& uploads_of(request& req);
/// Returns the first file of a field, or null. Valid until the exchange ends.
CREMA_DECL upload* upload_of(request& req, std::string_view field);

} // namespace crema

#if CREMA_BODIES
#include <crema/async/context.hpp>
#include <crema/core/charset.hpp>
#include <crema/core/encode.hpp>
#include <crema/core/secret.hpp>
#include <crema/core/text.hpp>
#include <crema/fs/write_file.hpp>
#include <crema/fs/write_stream.hpp>
#include <crema/http/media_type.hpp>
#include <crema/http/nested_query.hpp>
#include <crema/loop/offload.hpp>
#include <unistd.h>

namespace crema {
namespace detail {

inline const context_key<std::vector<upload>> uploads_key;

inline bool is_form_with_files(const request& req) {
    return iequals(http::essence(req.head().get(http::field::content_type)), "multipart/form-data");
}

inline std::string boundary_of(const request& req) {
    if (!is_form_with_files(req))
        throw http_error(415, "the body is no multipart/form-data").type("media.type.unsupported");
    auto boundary = http::multipart_boundary(req.head().get(http::field::content_type));
    if (boundary) return std::move(*boundary);
    throw http_error(400, boundary.error().message())
        .type(boundary.error().code == error::not_found ? "multipart.boundary.missing" : "multipart.malformed");
}

struct upload_access {
    static void fill(upload& u, std::string content) noexcept { u.content_ = std::move(content); }
    static void size(upload& u, std::uint64_t n) noexcept { u.size_ = n; }
    static bool removes(const upload& u) noexcept { return u.ours_; }
};

// Adds a value beside those of the same name.
inline void add_field(value& fields, std::string name, std::string text) {
    auto& all = fields.as_object();
    for (auto& [key, old] : all) {
        if (key != name) continue;
        if (!old.is_array()) {
            auto several = value::array();
            several.as_array().push_back(std::move(old));
            old = std::move(several);
        }
        old.as_array().emplace_back(std::move(text));
        return;
    }
    all.emplace_back(std::move(name), value(std::move(text)));
}

} // namespace detail

CREMA_DECL multipart_reader::multipart_reader(request& req, const multipart_limits& limits)
    : req_(&req), limits_(limits),
      parser_(detail::boundary_of(req), {.parts = limits.parts, .head = limits.head}) {
    const auto coding = trim_ows(req.get("content-encoding").value_or(std::string_view{}));
    if (!coding.empty() && !iequals(coding, "identity"))
        refuse(415, "encoding.unsupported", "content encoding unsupported");
    if (req.raw().content_length().value_or(0) > limits_.total.octets())
        refuse(413, "entity.too.large", "request entity too large");
}

CREMA_DECL void multipart_reader::refuse(int status, const char* type, std::string message) const {
    throw http_error(status, message).type(type);
}

// Parses on, until something can be told but `more`.
CREMA_COROUTINE task<http::multipart_parser::state> multipart_reader::parse() {
    using state = http::multipart_parser::state;
    for (;;) {
        const auto s = parser_.parse(rest_);
        if (s == state::bad) {
            const auto& why = parser_.error();
            if (why.code == error::would_exceed_limit) refuse(431, "part.head.too.large", why.message());
            if (why.code == error::too_large) refuse(413, "parts.too.many", why.message());
            refuse(400, "multipart.malformed", why.message());
        }
        if (s != state::more) co_return s;
        if (parser_.done()) co_return state::end;
        std::error_code failed;
        try {
            rest_ = {};
            rest_ = co_await req_->read();
        } catch (const cancelled&) {
            throw;
        } catch (const std::system_error& e) {
            failed = e.code();
        }
        if (failed == error::would_exceed_limit) refuse(413, "entity.too.large", "request entity too large");
        if (failed == error::bad_syntax) refuse(400, "entity.malformed", "the body is malformed");
        if (failed) refuse(400, "request.aborted", "request aborted");
        if (rest_.empty()) refuse(400, "multipart.malformed", "Unexpected end of form");
        total_ += rest_.size();
        if (total_ > limits_.total.octets()) refuse(413, "entity.too.large", "request entity too large");
    }
}

CREMA_COROUTINE task<const http::part_head*> multipart_reader::next() {
    using state = http::multipart_parser::state;
    if (parser_.done()) co_return nullptr;
    for (;;) {
        const state s = co_await parse();
        if (s == state::data) take();
        if (s == state::part) inside_ = false;
        if (s == state::end) co_return nullptr;
        if (s == state::head) {
            begin_part();
            co_return &parser_.head();
        }
    }
}

CREMA_DECL void multipart_reader::begin_part() {
    const auto& head = parser_.head();
    inside_ = true;
    size_ = 0;
    is_file_ = head.filename.has_value();
    if (!head.name || head.name->empty()) refuse(400, "field.name.missing", "Field name missing");
    if (head.name->size() > limits_.name) refuse(400, "field.name.too.long", "Field name too long");
    if (is_file_ && !head.filename->empty() && ++files_ > limits_.files)
        refuse(413, "files.too.many", "Too many files");
    if (!is_file_ && ++fields_ > limits_.fields) refuse(413, "fields.too.many", "Too many fields");
}

CREMA_DECL void multipart_reader::take() {
    size_ += parser_.data().size();
    if (is_file_ && size_ > limits_.file.octets())
        refuse(413, "file.too.large", "File too large: " + parser_.head().name.value_or(""));
    if (!is_file_ && size_ > limits_.field.octets())
        refuse(413, "field.too.large", "Field value too long: " + parser_.head().name.value_or(""));
}

CREMA_COROUTINE task<std::string_view> multipart_reader::read() {
    using state = http::multipart_parser::state;
    if (!inside_) co_return std::string_view();
    const state s = co_await parse();
    if (s == state::data) {
        take();
        co_return parser_.data();
    }
    inside_ = false;
    co_return std::string_view();
}

CREMA_COROUTINE task<std::string> multipart_reader::text() {
    std::string all;
    for (;;) {
        const std::string_view piece = co_await read();
        if (piece.empty()) break;
        all += piece;
    }
    if (!is_file_ && head().type.find(';') != std::string::npos) {
        const auto charset = to_lower(http::parse_media_type(head().type).parameter("charset"));
        if (!charset.empty() && charset != "utf-8") all = to_utf8(all, charset);
    }
    if (!is_file_ && !is_utf8(all)) all = repair_utf8(all);
    co_return all;
}

CREMA_DECL upload::~upload() {
    if (ours_) ::unlink(path_.c_str());
}

CREMA_COROUTINE task<> upload::move_to(std::filesystem::path target) {
    if (path_.empty()) {
        co_await offload([&] { fs::write_file_now(target, content_, {.mode = fs::write_mode::replace}); });
    } else {
        co_await offload([&] {
            std::error_code ec;
            std::filesystem::rename(path_, target, ec);
            if (ec == std::errc::cross_device_link) {
                std::filesystem::copy_file(path_, target, std::filesystem::copy_options::overwrite_existing, ec);
                if (!ec) ::unlink(path_.c_str());
            }
            if (ec) throw system_error(ec, target.string());
        });
    }
    ours_ = false;
    path_ = std::move(target);
}

CREMA_DECL multipart_handler::multipart_handler(runner how, multipart_options options)
    : options_(std::make_shared<const multipart_options>(std::move(options))), run_(how) {}

CREMA_COROUTINE task<> multipart_handler::run(request& req, next& next) const {
    if (req.body_parsed() || !req.has_body() || !detail::is_form_with_files(req)) {
        next();
        co_return;
    }
    auto& files = req.context().set(detail::uploads_key, {});
    try {
        co_await read(req, files);
    } catch (...) {
        files.clear();
        throw;
    }
    if (options_->directory.empty() || files.empty()) {
        next();
        co_return;
    }
    co_await next();
    // Large files take their time to be removed.
    std::vector<upload> left;
    for (auto& f : files)
        if (detail::upload_access::removes(f)) left.push_back(std::move(f));
    if (!left.empty()) co_await offload([&] { left.clear(); });
}

CREMA_COROUTINE task<> multipart_handler::read(request& req, std::vector<upload>& files) const {
    const auto& o = *options_;
    multipart_reader form(req, o.limits);
    auto fields = value::object();
    std::string pairs; // of an extended form, as in a query
    std::vector<std::size_t> counts(o.files ? o.files->size() : 0);
    for (;;) {
        const http::part_head* const part = co_await form.next();
        if (!part) break;
        const auto name = repair_utf8(*part->name);
        if (!form.is_file()) {
            std::string text = co_await form.text();
            if (o.extended) pairs += encode_uri_component(name) + "=" + encode_uri_component(text) + "&";
            else detail::add_field(fields, name, std::move(text));
            continue;
        }
        if (part->filename->empty()) continue; // nothing was chosen
        if (o.files) {
            std::size_t i = 0;
            while (i < o.files->size() && (*o.files)[i].name != name) ++i;
            if (i == o.files->size() || ++counts[i] > (*o.files)[i].count)
                throw http_error(400, "Unexpected file field: " + name).type("file.unexpected");
        }
        if (o.filter && !o.filter(req, *part)) continue;
        if (o.receive) {
            co_await o.receive(req, form);
            continue;
        }
        files.emplace_back(*part, o.directory.empty() ? std::filesystem::path() : o.directory / random_token(16));
        if (o.directory.empty()) {
            detail::upload_access::fill(files.back(), co_await form.text());
        } else {
            fs::write_stream_options how;
            how.mode = fs::write_mode::create_new;
            how.permissions = 0600;
            how.buffer = 256 * 1024;
            fs::write_stream out(files.back().path(), how);
            for (;;) {
                const std::string_view piece = co_await form.read();
                if (piece.empty()) break;
                co_await out.write(piece);
            }
            co_await out.finish();
        }
        detail::upload_access::size(files.back(), form.size());
    }
    if (o.extended) {
        auto made = http::parse_nested_query(pairs, {.max_pairs = 0, .depth = 32});
        if (!made) throw http_error(400, made.error().message()).type("multipart.malformed");
        fields = std::move(*made);
    }
    req.body(std::move(fields));
}

CREMA_COROUTINE multipart_handler multipart(multipart_options options) {
    return {[](const multipart_handler& self, request& req, next& n) { return self.run(req, n); }, std::move(options)};
}

CREMA_DECL std::vector<upload>& uploads_of(request& req) {
    if (auto* all = req.context().find(detail::uploads_key)) return *all;
    return req.context().set(detail::uploads_key, {});
}

CREMA_DECL upload* upload_of(request& req, std::string_view field) {
    for (auto& u : uploads_of(req))
        if (u.field() == field) return &u;
    return nullptr;
}

} // namespace crema
#endif
