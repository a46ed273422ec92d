// The programs of examples/migration, all in one: migration NAME [port]
#include <crema.hpp>
#include <crema/core/html.hpp>
#include <crema/core/text.hpp>
#include <crema/middleware/cookie_parser.hpp>
#if defined(CREMA_WITH_OPENSSL)
#include <crema/ext/openssl.hpp>
#endif
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace books {
#include "../../examples/migration/books/app.cpp"
}
#if defined(CREMA_WITH_OPENSSL)
namespace cookies {
#include "../../examples/migration/cookies/app.cpp"
}
#endif
namespace download {
#include "../../examples/migration/download/app.cpp"
}
namespace files {
#include "../../examples/migration/files/app.cpp"
}
namespace forms {
#include "../../examples/migration/forms/app.cpp"
}
namespace hello {
#include "../../examples/migration/hello/app.cpp"
}
namespace middleware {
#include "../../examples/migration/middleware/app.cpp"
}
namespace mounting {
#include "../../examples/migration/mounting/app.cpp"
}
namespace negotiation {
#include "../../examples/migration/negotiation/app.cpp"
}
namespace routing {
#include "../../examples/migration/routing/app.cpp"
}

int main(int argc, char** argv) {
    const std::map<std::string, int (*)(int, char**)> all{
#if defined(CREMA_WITH_OPENSSL)
        {"cookies", cookies::main},
#endif
        {"books", books::main},           {"download", download::main}, {"files", files::main},
        {"forms", forms::main},           {"hello", hello::main},       {"middleware", middleware::main},
        {"mounting", mounting::main},     {"negotiation", negotiation::main}, {"routing", routing::main},
    };
    const auto found = argc > 1 ? all.find(argv[1]) : all.end();
    if (found == all.end()) {
        for (const auto& [name, f] : all) std::puts(name.c_str());
        return argc > 1;
    }
    return found->second(argc - 1, argv + 1);
}
