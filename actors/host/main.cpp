// troupe: hands the command line and the table of roles to the commands.
#include "actors/host/commands.hpp"
#include "actors/host/role_table.hpp"

int main(int argc, char** argv) {
  return actors::host::run({argv + 1, argv + argc}, actors::host::role_table());
}
