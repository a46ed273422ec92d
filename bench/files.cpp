// Serves a directory as it comes out of the box.
//
//   files PORT DIRECTORY
#include <crema.hpp>
#include <cstdlib>

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    crema::app app;
    app.use(crema::static_files(argv[2]));
    return app.listen(static_cast<std::uint16_t>(std::atoi(argv[1])));
}
