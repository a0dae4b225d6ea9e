# Writes OUTPUT, a C++ source in which NAMESPACE::find_file(name) returns the bytes of each of FILES, declared in HEADER.
# String literals, because the compiler reads them far faster than lists of numbers.
set(entries "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(..)" "\\\\x\\1" text "${hex}")
  string(REGEX REPLACE "(................................................................................................)" "\\1\"\n\"" text "${text}")
  string(APPEND entries "  {\"${name}\", {\"${text}\", ${size}}},\n")
endforeach()
file(WRITE ${OUTPUT} "// Generated; do not edit.
#include \"${HEADER}\"

namespace ${NAMESPACE} {

namespace {
struct file {
  std::string_view name;
  std::string_view bytes;
};
constexpr file files[] = {
${entries}};
} // namespace

std::optional<std::string_view> find_file(std::string_view name) {
  for (auto& item : files)
    if (item.name == name)
      return item.bytes;
  return std::nullopt;
}

} // namespace ${NAMESPACE}
")
