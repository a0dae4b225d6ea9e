# Writes OUTPUT, a C++ source in which NAMESPACE::schema_bytes() returns the bytes of INPUT.
# A string literal, because the compiler reads it far faster than a list of numbers.
file(READ ${INPUT} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(..)" "\\\\x\\1" text "${hex}")
string(REGEX REPLACE "(................................................................................................)" "\\1\"\n\"" text "${text}")
file(WRITE ${OUTPUT} "// Generated from ${HEADER}'s schema; do not edit.
#include \"${HEADER}\"

namespace ${NAMESPACE} {

namespace {
alignas(16) const char bytes[] =
\"${text}\";
static_assert(sizeof(bytes) == ${size} + 1);
} // namespace

std::string_view schema_bytes() {
  return {bytes, ${size}};
}

} // namespace ${NAMESPACE}
")
