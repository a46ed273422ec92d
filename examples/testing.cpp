// Testing: an application without a socket.
//
//   testing           -> 3 passed
#include <crema.hpp>
#include <crema/testing/client.hpp>
#include <cstdio>
using namespace crema;

struct post {
    int id;
    std::string title;
};

app make_app() {
    app app;
    app.use(body_json());
    app.get("/", [](request&, response& res) { res.send("hello"); });
    app.post("/posts", [](request& req, response& res) {
        auto p = req.json<post>();
        res.status(201).json(p);
    });
    app.get("/slow", [](request&, response& res) -> task<> {
        co_await sleep(std::chrono::hours(1)); // no time passes: the client's clock is a fake
        res.send("at last");
    });
    return app;
}

int main() {
    testing::client client(make_app());

    client.get("/").expect(200, "hello");
    client.post("/posts").json(post{7, "seven"}).expect(201, R"({"id":7,"title":"seven"})");
    client.get("/slow").expect(200, "at last");

    std::puts("3 passed");
}
