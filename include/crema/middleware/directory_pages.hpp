// directory_pages: shows what lies in a directory, as HTML or JSON.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/fs/list_beneath.hpp>
#include <crema/middleware/static_files.hpp>
#include <crema/web/next.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace crema {

/** Configures `directory_pages`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct directory_pages_options {
    crema::dotfiles dotfiles = crema::dotfiles::ignore; ///< names that begin with a point; with `deny` they are 403 and not listed
    std::size_t limit = 1000; ///< names that are read of a directory; of larger ones the page says that it is not all
    bool redirect = true;     ///< a directory without a slash at its end is redirected to the one with it
    /// Tells what is listed. Called on threads of the pool, several at once.
    std::function<bool(std::string_view name, const fs::file_status& status)> filter{};
};

namespace detail {

// The handler that directory_pages makes.
class directory_pages_handler {
public:
    // Its coroutine is reached by a pointer: who shows no directories does not compile it.
    using runner = task<> (*)(const directory_pages_handler& self, request& req, response& res, next& n);
    CREMA_DECL directory_pages_handler(runner how, const std::filesystem::path& root, directory_pages_options options);
    task<> operator()(request& req, response& res, next& n) const { return run_(*this, req, res, n); }
    CREMA_COROUTINE task<> run(request& req, response& res, next& n) const;

private:
    bool below(const request& req, std::string& path) const;
    fs::directory_list list(const std::string& below) const;
    void answer(request& req, response& res, const fs::directory_list& list, bool top) const;
    std::shared_ptr<const directory_pages_options> options_; // shared by the copies of the handler
    std::filesystem::path root_;
    runner run_;
};

} // namespace detail

/** Show what lies in the directories of a directory: `app.use(static_files("public"), directory_pages("public"))`.

    Answers GET and HEAD for directories, HTML or JSON by what the client accepts, else 406; all else goes on with the next layer.
    A file `index.html` is not looked for: `static_files` in front does that. Directories come first, each kind in the order of its octets. Links are
    relative and escaped. Nothing outside of the directory is shown, by `..`, by links, or by escapes. Disk work is done on the pool.

    JSON is `{"entries": [{"name", "href", "directory", "size", "modified"}], "complete": true}`. A name that is no UTF-8 is not shown, as
    it can not be asked for.

    @param root The directory, relative to the working directory of now.
    @throws std::invalid_argument when it is empty.

    @par Cancellation
    A client that leaves ends the wait, not the reading.
*/
CREMA_COROUTINE detail::directory_pages_handler directory_pages(const std::filesystem::path& root,
                                                                directory_pages_options options = {});

} // namespace crema

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/html.hpp>
#include <crema/core/value.hpp>
#include <crema/http/date.hpp>
#include <crema/loop/offload.hpp>
#include <crema/web/error.hpp>
#include <crema/web/request.hpp>
#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace crema::detail {

CREMA_DECL directory_pages_handler::directory_pages_handler(runner how, const std::filesystem::path& root,
                                                            directory_pages_options options)
    : options_(std::make_shared<const directory_pages_options>(std::move(options))),
      run_(how) {
    if (root.empty()) throw std::invalid_argument("root path required");
    root_ = std::filesystem::absolute(root).lexically_normal();
}

// Finds what the path names; false when it can be no directory that is shown. Throws 403 for forbidden names.
CREMA_DECL bool directory_pages_handler::below(const request& req, std::string& path) const {
    const auto decoded = percent_decode(req.path());
    if (!decoded || decoded->find('\0') != decoded->npos) return false;
    path = normal_path(std::string_view(*decoded).substr(std::min(decoded->find_first_not_of('/'), decoded->size())));
    if (leads_up(path)) return false;
    if (options_->dotfiles == dotfiles::allow || !has_dotfile(path)) return true;
    if (options_->dotfiles == dotfiles::deny) throw http_error(403, "Forbidden");
    return false;
}

CREMA_DECL fs::directory_list directory_pages_handler::list(const std::string& below) const {
    auto found = fs::list_beneath(root_, below, options_->limit);
    std::erase_if(found.entries, [&](const auto& e) {
        return (options_->dotfiles != dotfiles::allow && e.name.starts_with('.')) || repair_utf8(e.name) != e.name ||
               (options_->filter && !options_->filter(e.name, e.status));
    });
    return found;
}

CREMA_DECL void directory_pages_handler::answer(request& req, response& res, const fs::directory_list& list, bool top) const {
    const auto best = req.accepts("html", "json");
    res.vary("Accept");
    if (!best) throw http_error(406, "Not Acceptable");
    const auto href = [](const fs::directory_entry& e) {
        return "./" + encode_uri_component(e.name) + (e.status.is_directory() ? "/" : ""); // no name is taken for a scheme or a host
    };
    const auto changed = [](const fs::directory_entry& e) {
        return http::format_date(std::chrono::floor<std::chrono::seconds>(e.status.modified).time_since_epoch().count());
    };
    res.set("X-Content-Type-Options", "nosniff");
    if (*best == "json") {
        auto entries = value::array();
        for (const auto& e : list.entries) {
            value one{{"name", e.name}, {"href", href(e)}, {"directory", e.status.is_directory()}};
            if (e.status.is_file()) one["size"] = e.status.size;
            one["modified"] = changed(e);
            entries.as_array().push_back(std::move(one));
        }
        auto all = value::object();
        all["entries"] = std::move(entries);
        all["complete"] = list.complete;
        res.json(all);
        return;
    }
    const auto title = "Index of " + escape_html(repair_utf8(percent_decode_lenient(parts_of(req.original_url()).path)));
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width\">\n<title>";
    page.append(title).append("</title>\n</head>\n<body>\n<h1>").append(title).append("</h1>\n<table>\n");
    page += "<tr><th>Name</th><th>Size</th><th>Changed</th></tr>\n";
    if (!top) page += "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n";
    for (const auto& e : list.entries) {
        page.append("<tr><td><a href=\"").append(escape_html(href(e))).append("\"><bdi>");
        page.append(escape_html(e.name)).append("</bdi>").append(e.status.is_directory() ? "/" : "");
        page.append("</a></td><td>").append(e.status.is_file() ? std::to_string(e.status.size) : "").append("</td><td>");
        page.append(changed(e)).append("</td></tr>\n");
    }
    page += "</table>\n";
    if (!list.complete) page += "<p>There is more than is shown here.</p>\n";
    res.set("Content-Security-Policy", "default-src 'none'");
    res.type("html").send(page + "</body>\n</html>\n");
}

CREMA_COROUTINE task<> directory_pages_handler::run(request& req, response& res, next& n) const {
    const auto method = req.head().method();
    std::string path;
    bool shown = (method == http::method::get || method == http::method::head) && below(req, path);
    fs::directory_list found;
    if (shown) {
        try {
            found = co_await offload([this, &path] { return list(path); });
        } catch (const std::system_error& e) {
            if (e.code().category() != std::system_category()) throw;
            const auto error = file_error(e.code().value(), path);
            if (error.status() >= 500) throw error;
            shown = false; // there is no such directory
        }
    }
    if (!shown) co_await n();
    else if (!options_->redirect || !redirect_to_directory(req, res)) answer(req, res, found, path.empty());
}

} // namespace crema::detail

namespace crema {

CREMA_COROUTINE detail::directory_pages_handler directory_pages(const std::filesystem::path& root,
                                                                directory_pages_options options) {
    return {[](const detail::directory_pages_handler& self, request& req, response& res, next& n) {
                return self.run(req, res, n);
            },
            root, std::move(options)};
}

} // namespace crema
#endif
