// How jemalloc keeps memory, which the program is linked with unless a sanitizer brings an allocator of its own. Requests are many small
// objects on few threads: against glibc's allocator a create takes 15 % less of the processor (tools/bench --only create).

/// Read by jemalloc before main(). Pages that were freed go back to the system within seconds, by a thread of jemalloc's, so that what a
/// crowd of clients took is given back while nobody allocates.
extern "C" {
__attribute__((visibility("default"))) const char* malloc_conf =
  "narenas:4,background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:0";
}
