#include <crema/core/html.hpp>
#include <catch2/catch.hpp>

TEST_CASE("escape_html replaces the five characters that mean something and no other", "[html]") {
    CHECK(crema::escape_html("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
    CHECK(crema::escape_html("") == "");
    CHECK(crema::escape_html("\xC3\xA9 plain/`") == "\xC3\xA9 plain/`");
}
