// What POST /echo-json takes and gives back: an aggregate of every kind of member, about 1 KiB of JSON.
// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

struct place {
    double lat, lng;
};
struct home {
    std::string street, city, zip;
    place geo;
};
struct acquaintance {
    int id;
    std::string name;
};
struct channels {
    bool email, sms, push;
};
struct preferences {
    std::string theme, lang;
    channels notifications;
};
struct person {
    std::int64_t id;
    std::string name, email;
    bool active;
    double score;
    std::optional<std::string> nickname;
    home address;
    std::vector<std::string> tags, roles;
    std::string created, updated, bio;
    std::vector<acquaintance> friends;
    preferences prefs;
    std::vector<int> matrix;
    double ratio, balance;
    int count;
    std::string url, phone, pad;
};
