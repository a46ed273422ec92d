// A collection in memory, read and changed with JSON.
#include <crema.hpp>
#include <iostream>
#include <map>
#include <string>
using namespace crema;

struct book {
    int id;
    std::string title;
    int pages;
};
struct new_book {
    std::string title;
    int pages;
};

int main(int argc, char** argv) {
    app app;
    app.use(body_json({.limit = "1kb"}));

    std::map<int, book> books{{1, {1, "Notes", 66}}};
    int last = 1;

    const auto find = [&](request& req) -> book& {
        const auto found = books.find(std::atoi(std::string(req.params("id")).c_str()));
        if (found == books.end()) throw http_error(404, "no such book");
        return found->second;
    };
    const auto check = [](request& req) {
        try {
            return req.json<new_book>(); // says itself what is missing, with more words
        } catch (const std::exception&) {
            throw http_error(400, "title and pages are needed");
        }
    };

    app.get("/books", [&](request&, response& res) {
        std::vector<book> all;
        for (const auto& [id, b] : books) all.push_back(b);
        res.json(all);
    });
    app.get("/books/:id", [&](request& req) { return find(req); });
    app.post("/books", [&](request& req, response& res) {
        const auto [title, pages] = check(req);
        const book made{++last, title, pages};
        books[made.id] = made;
        res.status(201).location("/books/" + std::to_string(made.id)).json(made);
    });
    app.put("/books/:id", [&](request& req, response& res) {
        auto& known = find(req);
        const auto [title, pages] = check(req);
        known = {known.id, title, pages};
        res.json(known);
    });
    app.del("/books/:id", [&](request& req, response& res) {
        books.erase(find(req).id);
        res.send_status(204);
    });

    app.use([](const http_error& err, request&, response& res, next&) {
        res.status(err.status()).json({{"error", err.type().empty() ? err.what() : err.type()}});
    });

    return app.listen(argc > 1 ? std::stoi(argv[1]) : 3000, [](server& s) { std::cout << s.port() << std::endl; });
}
