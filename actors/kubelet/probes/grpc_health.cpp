#include "actors/kubelet/probes/grpc_health.hpp"
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace actors::kubelet::probes {
namespace {

/// HealthCheckRequest { string service = 1; } in protobuf's wire format; names are shorter than 128 bytes or
/// cut.
std::string encode_request(const std::string& service) {
  auto name = service.substr(0, 127);
  return name.empty() ? std::string() : std::string("\x0a") + static_cast<char>(name.size()) + name;
}

/// HealthCheckResponse { ServingStatus status = 1; }: 1 is SERVING.
int decode_status(const std::string& reply) { return reply.size() >= 2 && reply[0] == 0x08 ? reply[1] : 0; }

} // namespace

attempt grpc_health(const std::string& authority, const std::string& service, int64_t timeout_s) {
  auto channel = grpc::CreateChannel(authority, grpc::InsecureChannelCredentials());
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(timeout_s));
  grpc::CompletionQueue queue;
  grpc::Slice slice(encode_request(service));
  grpc::ByteBuffer request(&slice, 1), reply;
  grpc::Status status;
  auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok); // the call's deadline ends it
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  switch (status.error_code()) {
    case grpc::OK:
      break;
    case grpc::UNIMPLEMENTED:
      return {outcome::failure,
              "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): " +
                status.error_message()};
    case grpc::DEADLINE_EXCEEDED:
      return {outcome::failure, "timeout: failed to connect service \"" + authority + "\" within " +
                                  std::to_string(timeout_s) + "s: context deadline exceeded"};
    default:
      return {outcome::failure, "error: health rpc probe failed: " + status.error_message()};
  }
  std::vector<grpc::Slice> parts;
  reply.Dump(&parts);
  std::string bytes;
  for (const auto& p : parts)
    bytes.append(reinterpret_cast<const char*>(p.begin()), p.size());
  int serving = decode_status(bytes);
  if (serving == 1)
    return {outcome::success, {}};
  static const char* names[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  return {outcome::failure, std::string("service unhealthy (responded with \"") +
                              (serving >= 0 && serving < 4 ? names[serving] : "UNKNOWN") + "\")"};
}

} // namespace actors::kubelet::probes
