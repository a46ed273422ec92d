// What the client likes: types, languages, conditions, JSONP.
#include <crema.hpp>
#include <iostream>
#include <map>
using namespace crema;

// What JavaScript gives as false when nothing fits.
value or_false(std::optional<std::string_view> best) { return best ? value(*best) : value(false); }

int main(int argc, char** argv) {
    app app;
    app.set("json spaces", 2);

    app.get("/format", [](request&, response& res) {
        res.format({
            {"text", [&] { res.send("hey"); }},
            {"html", [&] { res.send("<p>hey</p>"); }},
            {"json", [&] { res.json({{"message", "hey"}}); }},
        });
    });
    app.get("/default", [](request&, response& res) {
        res.format({
            {"json", [&] { res.json({{"a", 1}}); }},
            {"default", [&] { res.status(406).send("only JSON"); }},
        });
    });
    app.get("/language", [](request& req, response& res) {
        static const std::map<std::string_view, std::string_view> words{{"en", "hello"}, {"de", "hallo"}, {"fr", "salut"}};
        res.vary("Accept-Language");
        const auto best = req.accepts_languages("en", "de", "fr");
        res.send(best ? words.at(*best) : "?");
    });
    app.get("/accepts", [](request& req, response& res) {
        res.json({{"best", or_false(req.accepts("json", "html", "image/png"))},
                  {"encoding", or_false(req.accepts_encodings("br", "gzip"))},
                  {"charset", or_false(req.accepts_charsets("utf-8", "iso-8859-1"))}});
    });
    app.post("/is", [](request& req, response& res) {
        res.json({{"is", or_false(req.is("json", "text/*", "urlencoded"))}});
    });
    app.get("/links", [](request&, response& res) {
        res.links({{"next", "/links?page=3"}, {"prev", "/links?page=1"}});
        res.append("Link", "</first>; rel=\"first\"").send("linked");
    });
    app.get("/jsonp", [](request&, response& res) { res.jsonp({{"name", "tobi"}}); });
    app.get("/fresh", [](request&, response& res) {
        res.set({{"ETag", "\"v1\""}, {"Cache-Control", "public"}});
        res.send("the body");
    });

    return app.listen(argc > 1 ? std::stoi(argv[1]) : 3000, [](server& s) { std::cout << s.port() << std::endl; });
}
