// A shared object that is no plugin.
extern "C" int an_answer() {
  return 42;
}
