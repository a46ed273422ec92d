// The files of a directory: codings, validators, ranges, and pages that show what there is.
//
//   files [port] [directory]
//   curl http://localhost:3000/                                            -> the directory as a page of HTML
//   curl -H 'Accept: application/json' http://localhost:3000/              -> {"entries":[{"name":"a.txt","href":"./a.txt","directory":false,"size":9,…
//   curl -H 'Range: bytes=0-3' http://localhost:3000/a.txt                 -> the first four octets
//   curl -i -H 'Range: bytes=0-1,4-5' http://localhost:3000/a.txt          -> Content-Type: multipart/byteranges; boundary=…
//   curl -i -H 'Range: bytes=0-3' -H 'If-Range: "x"' http://localhost:3000/a.txt   -> HTTP/1.1 200 OK, since the file is another one
//   curl -i -H 'Accept-Encoding: gzip' http://localhost:3000/a.txt         -> Content-Encoding: gzip, when there is a.txt.gz
//   curl -i http://localhost:3000/app.3f2a9c1e.js                          -> Cache-Control: public, max-age=31536000, immutable
//   curl -i --path-as-is http://localhost:3000/../secret                   -> HTTP/1.1 404 Not Found
#include <crema.hpp>
#include <crema/middleware/directory_pages.hpp>
#include <cstdio>
#include <cstdlib>
using namespace crema;

int main(int argc, char** argv) {
    const char* const directory = argc > 2 ? argv[2] : ".";
    app app;

    app.use(static_files(directory, {
                                        .strong_etag = true, // the files are replaced, never written to
                                        .coded = {{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}, // a.txt.gz beside a.txt
                                        .immutable_names = hashed_name,
                                        .max_ranges = 8, // parts in one answer; who asks for more gets the whole
                                    }));
    // What static_files has not answered, since there is no index.html. Hidden files are not shown, links do not lead out.
    app.use(directory_pages(directory));

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
