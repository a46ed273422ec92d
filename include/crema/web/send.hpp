// send: answers conditions and ranges of a file that was found, and streams it; shared by response::send_file and static_files.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/http/byteranges.hpp>
#include <crema/web/file_search.hpp>
#include <crema/web/response.hpp>
#include <crema/web/send_file.hpp>
#include <crema/web/transaction.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace crema {

namespace detail {

struct file_sender {
    enum class outcome : unsigned char { sent, directory };

    // Sends. Throws http_error when it cannot; `found`, if any, becomes true once the file is there.
    CREMA_COROUTINE static task<outcome> send(response& res, const file_plan& plan, bool* found);
    // Sends; a directory is an error.
    CREMA_COROUTINE static task<> send_or_throw(response& res, std::unique_ptr<file_plan> plan);
    // Sends, awaited or not.
    CREMA_COROUTINE static file_sending sending(response& res, std::unique_ptr<file_plan> plan);
    // Sends without anybody waiting for it.
    CREMA_COROUTINE static void detach(response& res, std::unique_ptr<file_plan> plan, sent_callback done) noexcept;

    static std::unique_ptr<file_plan> plan_of(response& res, const std::filesystem::path& path,
                                              send_file_options options);
    static std::unique_ptr<file_plan> plan_of_download(response& res, const std::filesystem::path& path,
                                                       std::string_view filename, send_file_options options);

private:
    CREMA_COROUTINE static task<> beside(response& res, std::unique_ptr<file_plan> plan, sent_callback done,
                                         activation& at);
    static void set_fields(response& res, const file_plan& plan, std::string_view path, const fs::file_status& status,
                           std::string_view coding);
    static bool failed_precondition(const request& req, const response& res, bool strong);
    static void no_file_follows(response& res, bool coded);
    static bool is_fresh(const request& req, const response& res);
    static bool range_is_fresh(const request& req, const response& res);
    static std::unique_ptr<http::byteranges> parts_of(response& res, std::vector<http::byte_range> ranges, std::uint64_t size);
};

} // namespace detail
} // namespace crema

#if CREMA_BODIES
#include <crema/async/spawn.hpp>
#include <crema/core/secret.hpp>
#include <crema/core/text.hpp>
#include <crema/fs/at_hand.hpp>
#include <crema/http/content_disposition.hpp>
#include <crema/http/date.hpp>
#include <crema/http/etag.hpp>
#include <crema/http/fresh.hpp>
#include <crema/http/mime.hpp>
#include <crema/http/range.hpp>
#include <crema/loop/microtask.hpp>
#include <crema/loop/offload.hpp>
#include <crema/web/error.hpp>
#include <crema/web/final_handler.hpp>
#include <crema/web/request.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace crema {
namespace detail {

// Sent at once without being read: much at a time costs least; among many connections it would keep the others waiting.
constexpr std::size_t mapped_piece(std::size_t connections) noexcept { return connections > 64 ? 128 * 1024 : 2 * 1024 * 1024; }

CREMA_DECL std::unique_ptr<file_plan> file_sender::plan_of(response& res, const std::filesystem::path& path,
                                                           send_file_options options) {
    static const std::string index[] = {"index.html"};
    if (path.empty()) throw std::invalid_argument("path argument is required to res.send_file");
    if (options.root.empty() && !path.is_absolute())
        throw std::invalid_argument("path must be absolute or specify root to res.send_file");
    auto plan = std::make_unique<file_plan>();
    plan->path = path.native();
    plan->rooted = !options.root.empty();
    plan->etag = res.options().etag != settings::etag_kind::off;
    plan->index = index;
    plan->how = std::move(options);
    return plan;
}

CREMA_DECL std::unique_ptr<file_plan> file_sender::plan_of_download(response& res, const std::filesystem::path& path,
                                                                    std::string_view filename,
                                                                    send_file_options options) {
    std::erase_if(options.headers, [](const auto& h) { return iequals(h.first, "content-disposition"); });
    const auto name = base_name(filename.empty() ? std::string_view(path.native()) : filename);
    options.headers.insert(options.headers.begin(),
                           {"Content-Disposition", http::write_content_disposition(name).value()});
    if (path.empty()) throw std::invalid_argument("path argument is required to res.download");
    auto full = options.root.empty() ? std::filesystem::absolute(path).lexically_normal() : path;
    if (options.root.empty() && !full.has_filename() && full.has_relative_path())
        full = full.parent_path(); // as path.resolve: no slash at its end
    return plan_of(res, full, std::move(options));
}

CREMA_DECL void file_sender::set_fields(response& res, const file_plan& plan, std::string_view path,
                                        const fs::file_status& status, std::string_view coding) {
    auto& fields = res.headers_;
    if (plan.set_headers && *plan.set_headers) (*plan.set_headers)(res, path, status);
    res.require_open("send_file()");
    for (const auto& [name, text] : plan.how.headers)
        if (!fields.set(name, text)) bad_field(name);
    const auto missing = [&](std::string_view name) { return fields.get(name).empty(); };
    // as Node: whole milliseconds, rounded
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(status.modified + std::chrono::microseconds(500));
    if (plan.how.accept_ranges && missing("Accept-Ranges")) fields.set_trusted("Accept-Ranges", "bytes");
    if (plan.how.cache_control && missing("Cache-Control")) {
        const bool named = plan.immutable_names && *plan.immutable_names && (*plan.immutable_names)(path);
        constexpr std::chrono::seconds none(0), year(std::chrono::hours(24 * 365));
        const auto told = std::chrono::floor<std::chrono::seconds>(plan.how.max_age);
        const auto age = named ? year : std::clamp(told, none, year);
        fields.set_trusted("Cache-Control", "public, max-age=" + std::to_string(age.count()) +
                                                (plan.how.immutable || named ? ", immutable" : ""));
    }
    if (plan.how.last_modified && missing("Last-Modified"))
        fields.set_trusted("Last-Modified",
                           http::format_date(std::chrono::floor<std::chrono::seconds>(ms).time_since_epoch().count()));
    if (plan.etag && missing("ETag")) {
        auto tag = http::file_etag(status.size, ms.time_since_epoch().count(),
                                   plan.strong_etag ? http::etag_strength::strong : http::etag_strength::weak);
        if (!coding.empty()) tag.insert(tag.size() - 1, "-" + std::string(coding)); // other octets, perhaps as many, of the same age
        fields.set_trusted("ETag", tag);
    }
    if (missing("Content-Type")) {
        const auto extension = extension_of(path);
        const auto type = extension.empty() ? std::string() : http::content_type_of(extension);
        fields.set_trusted("Content-Type", type.empty() ? "application/octet-stream" : type);
    }
}

// An error is answered instead of the file, whose fields are set already: those that are wrong for the error go.
CREMA_DECL void file_sender::no_file_follows(response& res, bool coded) {
    auto& fields = res.headers_;
    if (coded) {
        fields.remove("Content-Encoding");
        fields.remove("Content-Type");
    }
    if (const auto keep = fields.get("Cache-Control"); keep.starts_with("public, max-age=") && keep != "public, max-age=0")
        fields.remove("Cache-Control");
}

CREMA_DECL bool file_sender::failed_precondition(const request& req, const response& res, bool strong) {
    if (const auto match = req.get("If-Match"); match && !match->empty()) {
        const auto tag = res.get("ETag");
        if (!tag) return true;
        if (*match == "*") return false;
        for (const auto one : comma_list(*match))
            if (strong ? one == *tag && one.starts_with('"') : http::weakly_equal(one, *tag)) return false;
        return true;
    }
    const auto since = http::parse_date(req.get("If-Unmodified-Since").value_or(""));
    if (!since) return false;
    const auto modified = http::parse_date(res.get("Last-Modified").value_or(""));
    return !modified || *modified > *since;
}

CREMA_DECL bool file_sender::is_fresh(const request& req, const response& res) {
    if ((res.status_ < 200 || res.status_ > 299) && res.status_ != 304) return false;
    http::freshness f;
    f.if_none_match = req.get("If-None-Match").value_or("");
    f.if_modified_since = req.get("If-Modified-Since").value_or("");
    f.cache_control = req.get("Cache-Control").value_or("");
    f.etag = res.get("ETag").value_or("");
    f.last_modified = res.get("Last-Modified").value_or("");
    return http::is_fresh(f);
}

CREMA_DECL bool file_sender::range_is_fresh(const request& req, const response& res) {
    const auto condition = req.get("If-Range").value_or("");
    if (condition.empty()) return true;
    if (condition.find('"') != condition.npos) {
        const auto tag = res.get("ETag");
        if (tag && tag->starts_with('"') && condition.starts_with("W/")) return false; // equal meaning is not enough
        return tag && condition.find(*tag) != condition.npos;
    }
    const auto modified = http::parse_date(res.get("Last-Modified").value_or("")), since = http::parse_date(condition);
    return modified && since && *modified <= *since;
}

// The answer has several parts of `size` octets.
CREMA_DECL std::unique_ptr<http::byteranges> file_sender::parts_of(response& res, std::vector<http::byte_range> ranges,
                                                                   std::uint64_t size) {
    auto parts = std::make_unique<http::byteranges>(std::move(ranges), size, std::string(res.get("Content-Type").value_or("")),
                                                    random_token(18));
    res.status_ = 206;
    res.headers_.set_trusted("Content-Type", parts->content_type());
    return parts;
}

CREMA_COROUTINE task<file_sender::outcome> file_sender::send(response& res, const file_plan& plan, bool* found) {
    res.require_open("send_file()");
    const auto& req = res.req();
    const bool head = req.head().method() == http::method::head;
    const auto asks = [&](std::string_view name) { return !req.get(name).value_or("").empty(); };
    const bool conditional =
        asks("If-Match") || asks("If-Unmodified-Since") || asks("If-None-Match") || asks("If-Modified-Since");
    auto search = search_for(plan, !head && !conditional && !asks("Range") && plan.how.start == 0);
    search.wanted = codings_for(req, plan);
    if (!search.run_at_hand()) co_await offload([&search] { search.run(); });
    if (search.error != 0) throw file_error(search.error, search.path);
    if (search.directory) co_return outcome::directory;
    if (found) *found = true;

    if (search.coded && !res.headers_.set("Content-Encoding", search.coded->coding)) bad_field("Content-Encoding");
    set_fields(res, plan, search.path, search.status, search.coded ? search.coded->coding : std::string_view{});
    if (!plan.coded.empty()) res.vary("Accept-Encoding");
    if (conditional) {
        if (failed_precondition(req, res, plan.strong_etag)) {
            no_file_follows(res, search.coded != nullptr);
            throw http_error(412, "Precondition Failed");
        }
        if (is_fresh(req, res)) {
            for (const auto name :
                 {"Content-Encoding", "Content-Language", "Content-Length", "Content-Range", "Content-Type"})
                res.headers_.remove(name);
            res.status_ = 304;
            res.end();
            co_return outcome::sent;
        }
    }
    std::unique_ptr<http::byteranges> parts;
    auto offset = plan.how.start;
    auto left = search.status.size > offset ? search.status.size - offset : 0;
    if (plan.how.end) left = std::min(left, *plan.how.end >= offset ? *plan.how.end - offset + 1 : 0);
    const auto range = req.get("Range").value_or("");
    if (plan.how.accept_ranges && range.starts_with("bytes=") && range_is_fresh(req, res)) {
        auto asked = http::parse_range(left, range, http::range_combining::on);
        if (asked.state == http::range_set::kind::unsatisfiable) {
            const auto all = http::content_range_unsatisfied(left);
            res.headers_.set_trusted("Content-Range", all);
            no_file_follows(res, search.coded != nullptr);
            throw http_error(416, "Range Not Satisfiable").header("Content-Range", all);
        }
        if (asked.state == http::range_set::kind::satisfiable && asked.ranges.size() == 1) {
            res.status_ = 206;
            res.headers_.set_trusted("Content-Range", http::content_range(asked.ranges[0], left));
            offset += asked.ranges[0].first;
            left = asked.ranges[0].size();
        } else if (asked.ranges.size() <= plan.how.max_ranges && !head && !search.coded && asked.ranges.size() > 1) {
            // else the whole, as to HEAD, which knows no ranges, and of what is coded, since a coding would be one of the multipart
            parts = parts_of(res, std::move(asked.ranges), left);
            left = 0;
        }
    }
    if (head) {
        res.headers_.set_trusted("Content-Length", std::to_string(left));
        res.end();
        co_return outcome::sent;
    }
    auto front = std::string_view(search.front)
                     .substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, search.front.size())));
    if (front.size() == left && !parts) { // small: in one go
        res.end(front);
        co_return outcome::sent;
    }
    res.headers_.set_trusted("Content-Length", std::to_string(parts ? parts->content_length() : left));
    const auto base = offset;
    std::size_t part = 0; // the next one
    if (front.empty()) {
        res.flush_headers();
    } else {
        co_await res.write(front);
        offset += front.size();
        left -= front.size();
    }
    bool whole = !res.coder_; // as it is in the file: it can be sent from there
    for (int pieces = 1; left != 0 || (parts && part != parts->ranges().size()); ++pieces) {
        if (left == 0) {
            offset = base + parts->ranges()[part].first;
            left = parts->ranges()[part].size();
            const auto between = parts->front(part++);
            co_await res.write(between);
        }
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, mapped_piece(res.exchange_->connections())));
        if (whole && fs::is_at_hand(search.file, search.status, offset, size)) {
            const auto n = res.exchange_->write_file(search.file.descriptor(), offset, size);
            if (n) {
                offset += *n;
                left -= *n;
                if (*n != size) co_await res.exchange_->room();
                else if (left != 0) co_await resume_immediate(); // a client that takes everything at once is not the only one
                continue;
            }
            whole = false; // coded, encrypted
        }
        search.front.resize(file_piece);
        auto* const room = search.front.data();
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, file_piece));
        auto got = fs::read_at_hand(search.file, offset, room, want);
        if (!got)
            got = co_await offload([&search, room, offset, want] { return search.file.read(offset, room, want); });
        else if (pieces % 8 == 0) co_await resume_immediate(); // a client that takes everything at once is not the only one
        const auto n = *got;
        if (n == 0) throw system_error(make_error_code(error::end_of_stream), search.path); // it has become shorter
        offset += n;
        left -= n;
        co_await res.write(std::string_view(room, n));
    }
    if (parts) res.end(parts->end());
    else res.end();
    co_return outcome::sent;
}

CREMA_COROUTINE task<> file_sender::send_or_throw(response& res, std::unique_ptr<file_plan> plan) {
    const auto how = co_await send(res, *plan, nullptr);
    if (how == outcome::directory) throw file_error(EISDIR, plan->path);
}

// What the error handlers and the callback of a file that nobody awaits are told.
CREMA_COROUTINE task<> file_sender::beside(response& res, std::unique_ptr<file_plan> plan, sent_callback done,
                                           activation& at) {
    auto& owner = *res.owner_;
    auto how = outcome::sent;
    std::exception_ptr error;
    try {
        co_await resume_microtask(); // the handler goes on first, as in Express, and may still set fields
        how = co_await send(res, *plan, nullptr);
        if (done && how == outcome::directory) throw file_error(EISDIR, plan->path);
    } catch (...) {
        error = std::current_exception();
    }
    plan.reset();
    if (done) {
        how = outcome::sent;
        try {
            done(std::exchange(error, nullptr));
        } catch (...) {
            error = std::current_exception();
        }
    }
    const bool gone = owner.raw().scope().is_cancelled();
    if (!gone && (error || how == outcome::directory)) {
        if (at.from) owner.pass(at, error ? baton{baton::kind::error, error} : baton{});
        else final_handler(res.req(), res, res.options(), error);
    }
    owner.drop(at); // may end the exchange
}

CREMA_COROUTINE file_sending file_sender::sending(response& res, std::unique_ptr<file_plan> plan) {
    static constexpr file_sending::operations how{
        [](response& r, std::unique_ptr<file_plan> p) { return send_or_throw(r, std::move(p)); },
        [](response& r, std::unique_ptr<file_plan> p) noexcept { detach(r, std::move(p), {}); }};
    return {how, res, std::move(plan)};
}

CREMA_COROUTINE void file_sender::detach(response& res, std::unique_ptr<file_plan> plan, sent_callback done) noexcept {
    auto& owner = *res.owner_;
    try {
        auto& at = owner.current();
        auto& scope = owner.raw().scope();
        auto root = spawn_root(beside(res, std::move(plan), std::move(done), at), &scope,
                               at.label ? *at.label : label_at("send_file", std::source_location::current()));
        root.promise->environment_.context = &owner.context();
        owner.hold(at);
        resume_in(root.promise->environment_, root.promise->frame);
    } catch (...) {
        owner.raw().abort();
    }
}

} // namespace detail

CREMA_DECL file_sending::file_sending(const operations& how, response& res,
                                      std::unique_ptr<detail::file_plan> plan) noexcept
    : how_(&how),
      res_(&res),
      plan_(std::move(plan)) {}
CREMA_DECL file_sending::file_sending(file_sending&& other) noexcept
    : how_(other.how_),
      res_(std::exchange(other.res_, nullptr)),
      plan_(std::move(other.plan_)) {}
CREMA_DECL file_sending::~file_sending() {
    if (plan_) how_->detach(*res_, std::move(plan_));
}
CREMA_DECL detail::owning_task_awaiter<void> file_sending::operator co_await() && {
    return detail::owning_task_awaiter<void>(how_->send(*res_, std::move(plan_)));
}

CREMA_COROUTINE file_sending response::send_file(const std::filesystem::path& path, const send_file_options& options) {
    return detail::file_sender::sending(*this, detail::file_sender::plan_of(*this, path, options));
}
CREMA_COROUTINE file_sending response::send_file(const std::filesystem::path& path) {
    return send_file(path, send_file_options());
}
CREMA_COROUTINE void response::send_file(const std::filesystem::path& path, const send_file_options& options,
                                         sent_callback done) {
    detail::file_sender::detach(*this, detail::file_sender::plan_of(*this, path, options), std::move(done));
}
CREMA_COROUTINE void response::send_file(const std::filesystem::path& path, sent_callback done) {
    send_file(path, {}, std::move(done));
}
CREMA_COROUTINE file_sending response::download(const std::filesystem::path& path, std::string_view filename,
                                                const send_file_options& options) {
    return detail::file_sender::sending(*this, detail::file_sender::plan_of_download(*this, path, filename, options));
}
CREMA_COROUTINE file_sending response::download(const std::filesystem::path& path, std::string_view filename) {
    return download(path, filename, send_file_options());
}
CREMA_COROUTINE file_sending response::download(const std::filesystem::path& path, const send_file_options& options) {
    return download(path, {}, options);
}
CREMA_COROUTINE void response::download(const std::filesystem::path& path, std::string_view filename,
                                        const send_file_options& options, sent_callback done) {
    detail::file_sender::detach(*this, detail::file_sender::plan_of_download(*this, path, filename, options),
                                std::move(done));
}
CREMA_COROUTINE void response::download(const std::filesystem::path& path, sent_callback done) {
    download(path, std::string_view{}, send_file_options(), std::move(done));
}
CREMA_COROUTINE void response::download(const std::filesystem::path& path, std::string_view filename, sent_callback done) {
    download(path, filename, send_file_options(), std::move(done));
}
CREMA_COROUTINE void response::download(const std::filesystem::path& path, const send_file_options& options, sent_callback done) {
    download(path, std::string_view{}, options, std::move(done));
}

} // namespace crema
#endif
