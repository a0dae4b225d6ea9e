// The role's description and how it is spawned.
#include "actors/proxy/proxy.hpp"

#include "actors/proxy/memory_writer.hpp"
#include "actors/proxy/nftables/table_writer.hpp"
#include "actors/proxy/proxy_actor.hpp"
#include "actors/proxy/writer_actor.hpp"

namespace actors::proxy {
namespace {

namespace placement = runtime::placement;

caf::strong_actor_ptr spawn_from_settings(caf::actor_system& system,
                                          const runtime::host::role_context& context) {
  if (context.settings.text("rules") == "memory")
    return spawn(
      system, context, [] { return std::make_unique<memory_writer>(); }, writer_thread::shared);
  nftables::table_settings settings{context.settings.text("table"), context.cluster.pod_cidr,
                                    context.cluster.service_cidr};
  return spawn(
    system, context, [settings] { return std::make_unique<nftables::table_writer>(settings); },
    writer_thread::own);
}

} // namespace

runtime::host::role_descriptor describe() {
  runtime::host::role_descriptor result;
  result.spec.name = "proxy";
  result.spec.summary = "keeps a node's service rules in nftables";
  result.spec.naming = placement::instance_naming::per_node;
  result.spec.settings = {
    {.name = "node",
     .type = placement::setting_type::node,
     .help = "the node whose traffic it directs",
     .required = true},
    {.name = "table",
     .type = placement::setting_type::interface,
     .help = "name of the nftables table that holds the rules; nobody else's",
     .otherwise = "troupe"},
    {.name = "rules",
     .type = placement::setting_type::choice,
     .help = "nftables, or memory: decide the rules but write none",
     .otherwise = "nftables",
     .choices = {"nftables", "memory"}},
  };
  result.phase = runtime::host::start_phase::proxy;
  result.ready = runtime::host::readiness::when_registered;
  result.spawn = spawn_from_settings;
  return result;
}

caf::strong_actor_ptr spawn(caf::actor_system& system, const runtime::host::role_context& context,
                            rule_writer_factory make_writer, writer_thread thread) {
  auto writer = spawn_writer(system, std::move(make_writer), thread, context.clock);
  runtime::host::enroll_part(context, "writer", caf::actor_cast<caf::strong_actor_ptr>(writer));
  return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<proxy>(context, std::move(writer)));
}

} // namespace actors::proxy
