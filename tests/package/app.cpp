// What every way of consumption builds and runs.
#include <crema.hpp>

int main() {
    crema::app app;
    app.get("/", [](crema::request&, crema::response& res) { res.json({{"version", crema::version}}); });
    bool listened = false;
    crema::listen_options options;
    options.address = "127.0.0.1";
    app.listen(0, options, [&](crema::server& s) {
        listened = s.port() != 0;
        app.close(std::chrono::milliseconds(0));
    });
    return listened ? 0 : 1;
}
