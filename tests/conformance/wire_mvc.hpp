// express: its examples mvc and route-separation, several files of handlers with pages of two template languages.
#pragma once
#include "wire_pages.hpp"
#if defined(CREMA_WITH_MUSTACHE)
#include <crema/ext/mustache.hpp>
#endif

namespace wire {

namespace mvc_tests {

using example_tests::of;
using page_tests::marked;

#if defined(CREMA_WITH_OPENSSL) && defined(CREMA_WITH_MUSTACHE)
inline std::string page(std::string title, std::string body) {
    return "<!DOCTYPE html>\n<html>\n<head>\n  <meta charset=\"utf-8\">\n  <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
           "  <link rel=\"stylesheet\" href=\"/style.css\">\n  <title>" + title + "</title>\n</head>\n<body>\n" + body + "</body>\n</html>\n";
}
// The pages of pets and errors are of one template language, those of users of another.
inline std::filesystem::path mvc_views() {
    static const auto pet = [](std::string_view title, std::string_view body) {
        return "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
               "<link rel=\"stylesheet\" href=\"/style.css\">\n<title>" + std::string(title) + "</title>\n</head>\n\n<body>\n" + std::string(body) + "</body>\n</html>\n";
    };
    static const auto pet_show = pet("<%= pet.name %>", R"(<h1><%= pet.name %> <a href="/pet/<%= pet.id %>/edit">edit</a></h1>

<p>You are viewing <%= pet.name %></p>
)");
    static const auto pet_edit = pet("Edit <%= pet.name %>", R"(<h1><%= pet.name %></h1>
<form action="/pet/<%= pet.id %>?_method=put" method="post">
  <label>Name: <input type="text" name="pet[name]" value="<%= pet.name %>"></label>
  <input type="submit" value="Update">
</form>
)");
    static const auto error = [](std::string_view title, std::string_view words) {
        return "<!DOCTYPE html>\n<html>\n  <head>\n    <meta charset=\"utf-8\">\n    <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
               "    <title>" + std::string(title.substr(5)) + "</title>\n    <link rel=\"stylesheet\" href=\"/style.css\">\n  </head>\n  <body>\n    <h1>" + std::string(title) +
               "</h1>\n    <p>" + std::string(words) + "</p>\n  </body>\n</html>\n";
    };
    static const auto missing = error("404: Not Found", "Sorry we can't find <%= url %>");
    static const auto broken = error("500: Internal Server Error", "Looks like something blew up!");
    static const auto user_list = page("Users", R"(  <h1>Users</h1>
  <p>Click a user below to view their pets.</p>
  <ul>
    {{#users}}
      <li><a href="/user/{{id}}">{{name}}</a></li>
    {{/users}}
  </ul>
)");
    static const auto user_show = page("{{user.name}}", R"(<h1>{{user.name}} <a href="/user/{{user.id}}/edit">edit</a></h1>

{{#hasMessages}}<ul id="messages">{{#messages}}<li>{{.}}</li>{{/messages}}</ul>{{/hasMessages}}
{{#hasPets}}
  <p>View {{user.name}}'s pets:</p>
  <ul>
    {{#user.pets}}
      <li><a href="/pet/{{id}}">{{name}}</a></li>
    {{/user.pets}}
  </ul>
{{/hasPets}}
)");
    static const auto user_edit = page("Edit {{user.name}}", R"(  <h1>{{user.name}}</h1>
  <form action="/user/{{user.id}}?_method=put" method="post">
    <label for="user[name]">Name:
      <input type="text" name="user[name]" value="{{user.name}}">
    </label>

    <input type="submit" name="submit" value="Update">
  </form>

  <form action="/user/{{user.id}}/pet" method="post">
    <label for="pet[name]">Pet:
      <input type="text" name="pet[name]" placeholder="Pet Name">
    </label>

    <input type="submit" name="submit" value="Add">
  </form>
)");
    static const auto folder = files().make("mvc", 0x1a205dcd3f5, {{"pet/show.ejs", pet_show},
                                                                   {"pet/edit.ejs", pet_edit},
                                                                   {"404.ejs", missing},
                                                                   {"5xx.ejs", broken},
                                                                   {"user/list.hbs", user_list},
                                                                   {"user/show.hbs", user_show},
                                                                   {"user/edit.hbs", user_edit}});
    return folder;
}

struct pet {
    std::size_t id;
    std::string name;
};
struct user {
    std::size_t id;
    std::string name;
    std::vector<std::size_t> pets;
};
struct database {
    std::vector<pet> pets{{0, "Tobi"}, {1, "Loki"}, {2, "Jane"}, {3, "Raisin"}};
    std::vector<user> users{{0, "TJ", {0, 1, 2}}, {1, "Guillermo", {3}}, {2, "Nathan", {}}};
    value show(const pet& p) const { return {{"id", p.id}, {"name", p.name}}; }
    value show(const user& u) const {
        auto all = value::array();
        for (const auto i : u.pets) all.as_array().push_back(show(pets[i]));
        return {{"id", u.id}, {"name", u.name}, {"pets", all}};
    }
};
template <class T>
T* find(std::vector<T>& all, request& req) {
    const auto i = route::from_text<std::size_t>(req.params("id"));
    return i && *i < all.size() ? &all[*i] : nullptr;
}
// The text of `pet[name]`; a form without it is an error.
inline std::string name_in(request& req, std::string_view what) {
    const auto* form = req.body_parsed() ? req.body().find(what) : nullptr;
    if (!form) throw std::runtime_error("the form has no " + std::string(what));
    return (*form)["name"].as_string();
}

inline void mvc(app& a) {
    const auto db = std::make_shared<database>();
    a.engine("ejs", marked());
    a.engine("hbs", crema::mustache());
    a.set("views", mvc_views().string());
    a.set("view engine", "ejs");
    const auto message = [](request& req, std::string text) {
        auto& list = session_of(req)["messages"];
        if (!list.is_array()) list = value::array();
        list.as_array().push_back(text);
    };
    a.use(page_tests::session_as("some secret here"));
    a.use(body_urlencoded({.extended = true}));
    a.use(handler([](request& req, response& res, next& n) {
        const auto* said = session_of(req).find("messages");
        res.locals()["messages"] = said ? *said : value::array();
        res.locals()["hasMessages"] = said && said->size() > 0;
        n();
        session_of(req)["messages"] = value::array(); // they are shown once
    }));
    a.get("/", handler([](request&, response& res, next&) { res.redirect("/users"); }));
    // a user or a pet that is not there is left to what comes behind
    const auto with_pet = [db](auto f) {
        return handler([=](request& req, response& res, next& n) {
            if (auto* p = find(db->pets, req)) f(req, res, *p);
            else n("route");
        });
    };
    const auto with_user = [db](auto f) {
        return handler([=](request& req, response& res, next& n) {
            if (auto* u = find(db->users, req)) f(req, res, *u);
            else n("route");
        });
    };
    a.get("/pet/:id", with_pet([db](request&, response& res, pet& p) { res.render("pet/show", value{{"pet", db->show(p)}}); }));
    a.get("/pet/:id/edit", with_pet([db](request&, response& res, pet& p) { res.render("pet/edit", value{{"pet", db->show(p)}}); }));
    a.put("/pet/:id", with_pet([message](request& req, response& res, pet& p) {
              p.name = name_in(req, "pet");
              message(req, "Information updated!");
              res.redirect("/pet/" + std::to_string(p.id));
          }));
    a.get("/users", handler([db](request&, response& res, next&) {
              auto all = value::array();
              for (const auto& u : db->users) all.as_array().push_back(db->show(u));
              res.render("user/list.hbs", value{{"users", all}});
          }));
    a.get("/user/:id", with_user([db](request&, response& res, user& u) { res.render("user/show.hbs", value{{"user", db->show(u)}, {"hasPets", !u.pets.empty()}}); }));
    a.get("/user/:id/edit", with_user([db](request&, response& res, user& u) { res.render("user/edit.hbs", value{{"user", db->show(u)}}); }));
    a.put("/user/:id", with_user([message](request& req, response& res, user& u) {
              u.name = name_in(req, "user");
              message(req, "Information updated!");
              res.redirect("/user/" + std::to_string(u.id));
          }));
    a.post("/user/:id/pet", with_user([db, message](request& req, response& res, user& u) {
               db->pets.push_back({db->pets.size(), name_in(req, "pet")});
               u.pets.push_back(db->pets.back().id);
               message(req, "Added pet " + db->pets.back().name);
               res.redirect("/user/" + std::to_string(u.id));
           }));
    a.use(error_handler([](std::exception_ptr, request&, response& res, next&) { res.status(500).render("5xx"); }));
    a.use(handler([](request& req, response& res, next&) { res.status(404).render("404", value{{"url", req.original_url()}}); }));
}
#endif

inline std::filesystem::path separation_views() {
    static const auto folder = files().make("route-separation", 0x1a205dcd3f5, {
        {"header.ejs", R"(<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width,initial-scale=1">
  <title><%= title %></title>
  <link rel="stylesheet" href="/style.css">
</head>
<body>
)"},
        {"footer.ejs", "</body>\n</html>\n"},
        {"index.ejs", R"(<%- include header -%>

<h1><%= title %></h1>

<ul>
  <li>Visit the <a href="/users">users</a> page.</li>
  <li>Visit the <a href="/posts">posts</a> page.</li>
</ul>

<%- include footer -%>
)"},
        {"users/index.ejs", R"(<%- include ../header -%>

<h1><%= title %></h1>

<div id="users">
  <% each users as user %>
    <li>
      <a href="/user/<%= user.id %>"><%= user.name %></a>
      <a href="/user/<%= user.id %>/edit">edit</a>
    </li>
  <% end %>
</div>

<%- include ../footer -%>
)"},
        {"users/view.ejs", R"(<%- include ../header -%>

<h1><%= user.name %></h1>

<div id="user">
  <p>Email: <%= user.email %></p>
</div>

<%- include ../footer -%>
)"},
        {"users/edit.ejs", R"(<%- include ../header -%>

<h1>Editing <%= user.name %></h1>

<div id="user">
  <form action="?_method=put" method="post">
    <p>
      Name:
      <input type="text" value="<%= user.name %>" name="user[name]" />
    </p>

    <p>
      Email:
      <input type="email" value="<%= user.email %>" name="user[email]" />
    </p>

    <p>
      <input type="submit" value="Save" />
    </p>
  </form>
</div>

<%- include ../footer -%>
)"},
        {"posts/index.ejs", R"(<%- include ../header -%>

<h1><%= title %></h1>

<dl id="posts">
  <% each posts as post %>
    <dt><%= post.title %></dt>
    <dd><%= post.body %></dd>
  <% end %>
</dl>

<%- include ../footer -%>
)"}});
    return folder;
}

inline void route_separation(app& a) {
    page_tests::views(a, separation_views(), "ejs");
    const auto users = std::make_shared<value>(
        value::array({value{{"name", "TJ"}, {"email", "tj@vision-media.ca"}}, value{{"name", "Tobi"}, {"email", "tobi@vision-media.ca"}}}));
    a.use(body_urlencoded({.extended = true}));
    a.get("/", handler([](request&, response& res, next&) { res.render("index", value{{"title", "Route Separation Example"}}); }));
    a.get("/users", handler([users](request&, response& res, next&) {
              auto all = *users;
              for (std::size_t i = 0; i < all.size(); ++i) all.as_array()[i]["id"] = i;
              res.render("users/index", value{{"title", "Users"}, {"users", all}});
          }));
    const handler load([users](request& req, response& res, next& n) {
        const auto i = route::from_text<std::size_t>(req.params("id"));
        if (!i || *i >= users->size()) throw http_error(404, "cannot find user " + std::string(req.params("id")));
        res.locals()["user"] = users->as_array()[*i];
        n();
    });
    const auto shows = [](std::string_view view, std::string_view before) {
        return handler([=](request&, response& res, next&) {
            res.render(view, value{{"title", std::string(before) + res.locals()["user"]["name"].as_string()}});
        });
    };
    const handler update([users](request& req, response& res, next&) {
        auto& u = users->as_array()[req.params<"id", std::size_t>()];
        for (const auto* field : {"name", "email"}) u[field] = req.body()["user"][field];
        res.redirect("/");
    });
    a.all("/user/:id{/:op}", load);
    a.get({"/user/:id", "/user/:id/view"}, shows("users/view", "Viewing user "));
    a.get("/user/:id/edit", shows("users/edit", "Editing user "));
    a.put("/user/:id/edit", update);
    // a form cannot PUT: it says so in its query
    a.post("/user/:id/edit", handler([](request& req, response&, next& n) { n(iequals(req.query("_method").value_or(""), "put") ? "" : "route"); }), update);
    a.get("/posts", handler([](request&, response& res, next&) {
              auto all = value::array();
              for (const auto& [title, body] : {std::pair("Foo", "some foo bar"), std::pair("Foo bar", "more foo bar"), std::pair("Foo bar baz", "more foo bar baz")})
                  all.as_array().push_back(value{{"title", title}, {"body", body}});
              res.render("posts/index", value{{"title", "Posts"}, {"posts", all}});
          }));
}

} // namespace mvc_tests

inline void add_mvc(std::map<std::string, suite>& all) {
    auto& s = all["express"];
#if defined(CREMA_WITH_OPENSSL) && defined(CREMA_WITH_MUSTACHE)
    example_tests::of(s, "mvc", mvc_tests::mvc);
#endif
    example_tests::of(s, "route-separation", mvc_tests::route_separation);
}

} // namespace wire
