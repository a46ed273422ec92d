// expect: a route pattern has too many optional groups
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

int main() { return crema::route::typed_pattern<"/{a}{b}{c}{d}{e}{f}{g}{h}{i}:id">::size() == 1; }
