// file_search: finds the file that is to be sent: beneath its root, with extensions, indexes and codings, without waiting where that can be.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/fs/file.hpp>
#include <crema/fs/stat.hpp>
#include <crema/web/error.hpp>
#include <crema/web/response.hpp>
#include <crema/web/send_file.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crema {

/// Sets fields of an answer that sends a file: called with the response, the path of the file and what is known of it.
using set_headers_function = std::function<void(response& res, std::string_view path, const fs::file_status& status)>;

/// Is a coding of files that lie beside others: `{"br", ".br"}` for app.js.br beside app.js.
struct precompressed {
    std::string coding; ///< as in Content-Encoding
    std::string suffix; ///< of the name of the file
};

namespace detail {

// What is to be sent, and how. Lives until it was sent.
struct file_plan {
    std::string path;                        // decoded; relative to the root when there is one
    bool rooted = false;                     // there is a root: nothing outside of it may be reached
    bool etag = true;                        // send one
    std::span<const std::string> extensions; // tried when there is no such file
    std::span<const std::string> index;      // tried in a directory whose name ends in a slash
    std::span<const precompressed> coded;    // tried beside the file
    bool strong_etag = false;
    const std::function<bool(std::string_view)>* immutable_names = nullptr;
    const set_headers_function* set_headers = nullptr;
    send_file_options how;
};

// Cleans a path as Node's normalize does: no empty parts, no ".", ".." only in front of everything.
CREMA_DECL std::string normal_path(std::string_view path);
// Has a part "..", with slashes of either kind around it.
CREMA_DECL bool leads_up(std::string_view path) noexcept;
// Has a part whose name begins with a point, but for ".".
CREMA_DECL bool has_dotfile(std::string_view path) noexcept;
// What the system says of a file, as an answer.
CREMA_DECL http_error file_error(int code, std::string_view path);

// Looks for the file: first among what the kernel has in memory, on the loop; if that does not tell, on the pool.
struct file_search {
    const file_plan& plan;
    std::string below; // of the root, or absolute; no slash at the end
    bool slash;        // there was one
    bool ahead;        // read the begin of the file at once

    bool at_hand = true; // without waiting
    bool waits = false;  // cannot be told without
    bool directory = false;
    int error = 0;
    fs::file file{};
    fs::file_status status{};
    std::string path{};  // of what was looked at last
    std::string front{}; // the begin of the file
    std::vector<const precompressed*> wanted{}; // the codings that the client takes, the best first
    const precompressed* coded = nullptr;       // how the file is coded
    std::string opened{};                       // below the root, what `path` is

    // Opens; false when there is nothing that could be sent, with the reason in `error`.
    CREMA_DECL bool open(std::string what);
    CREMA_DECL void find();
    // Takes what lies beside the file, compressed, when the client takes it.
    CREMA_DECL void find_coded();
    // True when it knows; then nothing is left to be done on the pool.
    CREMA_DECL bool run_at_hand();
    CREMA_DECL void run();
};

// Says what is to be looked for, or why that is not done.
CREMA_DECL file_search search_for(const file_plan& plan, bool ahead);
// The codings that the client takes, the best first.
CREMA_DECL std::vector<const precompressed*> codings_for(const request& req, const file_plan& plan);

} // namespace detail
} // namespace crema

#if CREMA_BODIES
#include <crema/fs/at_hand.hpp>
#include <crema/fs/open_beneath.hpp>
#include <crema/http/negotiate.hpp>
#include <crema/web/request.hpp>
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

namespace crema::detail {

inline constexpr std::size_t file_piece = 128 * 1024; // read at once

CREMA_DECL std::string normal_path(std::string_view path) {
    std::vector<std::string_view> parts;
    const bool absolute = path.starts_with('/');
    for (std::size_t at = 0; at <= path.size();) {
        const auto end = std::min(path.find('/', at), path.size());
        const auto part = path.substr(at, end - at);
        at = end + 1;
        if (part.empty() || part == ".") continue;
        if (part != "..") parts.push_back(part);
        else if (!parts.empty() && parts.back() != "..") parts.pop_back();
        else if (!absolute) parts.push_back(part);
    }
    std::string out(absolute ? "/" : "");
    for (const auto part : parts) {
        if (!out.empty() && out.back() != '/') out += '/';
        out += part;
    }
    return out;
}

CREMA_DECL bool leads_up(std::string_view path) noexcept {
    for (auto at = path.find(".."); at != path.npos; at = path.find("..", at + 1)) {
        const auto is_slash = [&](std::size_t i) { return path[i] == '/' || path[i] == '\\'; };
        if ((at == 0 || is_slash(at - 1)) && (at + 2 == path.size() || is_slash(at + 2))) return true;
    }
    return false;
}

CREMA_DECL bool has_dotfile(std::string_view path) noexcept {
    for (std::size_t at = 0; at < path.size(); ++at)
        if (path[at] == '.' && (at == 0 || path[at - 1] == '/') && at + 1 < path.size() && path[at + 1] != '/')
            return true;
    return false;
}

CREMA_DECL http_error file_error(int code, std::string_view path) {
    struct known {
        int code, status;
        std::string_view name, text;
    };
    static constexpr known all[] = {{ENOENT, 404, "ENOENT", "no such file or directory"},
                                    {ENOTDIR, 404, "ENOTDIR", "not a directory"},
                                    {ENAMETOOLONG, 404, "ENAMETOOLONG", "name too long"},
                                    {ELOOP, 404, "ELOOP", "too many symbolic links"},
                                    {EISDIR, 404, "EISDIR", "illegal operation on a directory"},
                                    {EXDEV, 403, "EXDEV", "leads out of the root"},
                                    {EACCES, 500, "EACCES", "permission denied"}};
    for (const auto& k : all)
        if (k.code == code)
            return http_error(k.status,
                              std::string(k.name).append(": ").append(k.text).append(", '").append(path).append("'"))
                .expose(false)
                .type(std::string(k.name));
    return http_error(500, std::system_category().message(code).append(", '").append(path).append("'"));
}

CREMA_DECL bool file_search::open(std::string what) {
    opened = std::move(what);
    path = opened;
    if (plan.rooted) path = plan.how.root.native() + (opened.empty() ? "" : "/" + opened);
    const bool beneath = plan.rooted && !opened.empty();
    try {
        if (at_hand) {
            auto there = beneath ? fs::open_at_hand(plan.how.root, opened) : fs::open_at_hand({}, path);
            if (!there) {
                waits = true;
                return true; // the search ends
            }
            file = std::move(*there);
        } else file = beneath ? fs::open_beneath(plan.how.root, opened) : fs::open_without_waiting(path);
        status = fs::stat_now(file);
        directory = status.is_directory();
        error = directory || status.is_file() ? 0 : ENOENT; // a pipe, a device
    } catch (const std::system_error& e) {
        error = e.code().value() == ENXIO ? ENOENT : e.code().value();
    }
    return error == 0;
}

CREMA_DECL void file_search::find() {
    if (slash && !plan.index.empty()) {
        for (const auto& name : plan.index)
            if (open(below.empty() ? name : below + "/" + name) && !directory) return;
        if (error == 0) error = ENOENT; // directories of that name
        return;
    }
    if (open(below)) {
        if (slash && !directory) error = ENOENT;
        return;
    }
    if (error != ENOENT || slash || !extension_of(path).empty()) return;
    for (const auto& extension : plan.extensions) {
        if (open(below + "." + extension) && !directory) return;
        if (error == 0) error = ENOENT;
    }
}

CREMA_DECL void file_search::find_coded() {
    if (waits || error != 0 || directory) return;
    for (const auto* c : wanted) {
        const auto plain_name = opened, plain_path = path;
        auto plain_file = std::move(file);
        const auto plain_status = status;
        const bool there = open(plain_name + c->suffix) && !directory;
        if (waits) return;
        path = plain_path; // whose extension tells the type
        if (there) {
            coded = c;
            return;
        }
        opened = plain_name;
        file = std::move(plain_file);
        status = plain_status;
        directory = false;
        error = 0;
    }
}

CREMA_DECL bool file_search::run_at_hand() {
    find();
    find_coded();
    if (waits) {
        at_hand = waits = directory = false;
        error = 0;
        return false;
    }
    if (error != 0 || directory || !ahead || status.size == 0 || status.size > file_piece) return true;
    front.resize(static_cast<std::size_t>(status.size));
    const auto n = fs::read_at_hand(file, 0, front.data(), front.size());
    front.resize(n.value_or(0)); // what is not there yet comes piece by piece
    return true;
}

CREMA_DECL void file_search::run() {
    find();
    find_coded();
    if (error != 0 || directory || !ahead || status.size == 0) return;
    front.resize(static_cast<std::size_t>(std::min<std::uint64_t>(status.size, file_piece)));
    front.resize(file.read(0, front.data(), front.size()));
}

CREMA_DECL std::vector<const precompressed*> codings_for(const request& req, const file_plan& plan) {
    std::vector<const precompressed*> all;
    if (plan.coded.empty()) return all;
    std::vector<std::string_view> names;
    for (const auto& c : plan.coded) names.push_back(c.coding);
    auto offers = names;
    offers.push_back("identity");
    for (const auto name : http::preferred_offered_encodings(req.get("Accept-Encoding"), offers, names)) {
        if (name == "identity") break; // what it likes less is of no use
        for (const auto& c : plan.coded)
            if (c.coding == name) all.push_back(&c);
    }
    return all;
}

CREMA_DECL file_search search_for(const file_plan& plan, bool ahead) {
    const auto& path = plan.path;
    if (path.find('\0') != path.npos) throw http_error(400, "Bad Request");
    const bool slash = path.ends_with('/');
    auto below = normal_path(
        plan.rooted ? std::string_view(path).substr(std::min(path.find_first_not_of('/'), path.size())) : path);
    if (leads_up(plan.rooted ? below : path)) throw http_error(403, "Forbidden");
    if (plan.how.dotfiles != dotfiles::allow && has_dotfile(below)) {
        if (plan.how.dotfiles == dotfiles::deny) throw http_error(403, "Forbidden");
        throw http_error(404, "Not Found");
    }
    return {plan, std::move(below), slash, ahead};
}

} // namespace crema::detail
#endif
