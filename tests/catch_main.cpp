// The main() of every Catch2 test program, compiled once because the header is slow to build.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
