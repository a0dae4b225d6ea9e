#include "actors/kubelet/cri/containerd.hpp"
#include <grpcpp/grpcpp.h>
#include <chrono>
#include "actors/kubelet/cri/api.grpc.pb.h"
#include "actors/kubelet/cri/convert.hpp"

namespace actors::kubelet::cri {
namespace {

namespace api = ::runtime::v1;

constexpr int message_bytes_max = 16 << 20;

error_code code_of(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::UNAVAILABLE:
      return error_code::unavailable;
    case grpc::DEADLINE_EXCEEDED:
      return error_code::deadline;
    case grpc::NOT_FOUND:
      return error_code::not_found;
    case grpc::ALREADY_EXISTS:
      return error_code::already_exists;
    default:
      break;
  }
  // containerd answers UNKNOWN for a name that is taken: only the text tells.
  if (status.error_message().find("is reserved for") != std::string::npos)
    return error_code::already_exists;
  return error_code::failed;
}

class containerd final : public container_runtime {
public:
  containerd(const std::string& endpoint, call_limits limits) : limits_(limits) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(message_bytes_max);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
    auto channel = grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments);
    runtime_ = api::RuntimeService::NewStub(channel);
    images_ = api::ImageService::NewStub(channel);
  }

  runtime_version version() override {
    api::VersionRequest request;
    auto reply =
      call<api::VersionResponse>(*runtime_, &api::RuntimeService::Stub::Version, request, limits_.query_s);
    return {reply.runtime_name(), reply.runtime_version(), reply.runtime_api_version()};
  }

  std::vector<runtime_condition> conditions() override {
    api::StatusRequest request;
    auto reply =
      call<api::StatusResponse>(*runtime_, &api::RuntimeService::Stub::Status, request, limits_.query_s);
    std::vector<runtime_condition> result;
    for (const auto& c : reply.status().conditions())
      result.push_back({c.type(), c.status(), c.reason(), c.message()});
    return result;
  }

  std::string run_sandbox(const sandbox_config& config) override {
    api::RunPodSandboxRequest request;
    write(config, *request.mutable_config());
    request.set_runtime_handler(config.runtime_handler);
    return call<api::RunPodSandboxResponse>(*runtime_, &api::RuntimeService::Stub::RunPodSandbox, request,
                                            limits_.change_s)
      .pod_sandbox_id();
  }

  void stop_sandbox(const std::string& id) override {
    api::StopPodSandboxRequest request;
    request.set_pod_sandbox_id(id);
    call_idempotent<api::StopPodSandboxResponse>(&api::RuntimeService::Stub::StopPodSandbox, request,
                                                 limits_.change_s);
  }

  void remove_sandbox(const std::string& id) override {
    api::RemovePodSandboxRequest request;
    request.set_pod_sandbox_id(id);
    call_idempotent<api::RemovePodSandboxResponse>(&api::RuntimeService::Stub::RemovePodSandbox, request,
                                                   limits_.change_s);
  }

  sandbox sandbox_status(const std::string& id) override {
    api::PodSandboxStatusRequest request;
    request.set_pod_sandbox_id(id);
    return read(call<api::PodSandboxStatusResponse>(*runtime_, &api::RuntimeService::Stub::PodSandboxStatus,
                                                    request, limits_.query_s)
                  .status());
  }

  std::vector<sandbox> list_sandboxes(const string_map& labels) override {
    api::ListPodSandboxRequest request;
    write(labels, *request.mutable_filter()->mutable_label_selector());
    auto reply = call<api::ListPodSandboxResponse>(*runtime_, &api::RuntimeService::Stub::ListPodSandbox,
                                                   request, limits_.query_s);
    std::vector<sandbox> result;
    for (const auto& item : reply.items())
      result.push_back(read(item));
    return result;
  }

  std::string create_container(const std::string& sandbox_id, const container_config& config,
                               const sandbox_config& sandbox) override {
    api::CreateContainerRequest request;
    request.set_pod_sandbox_id(sandbox_id);
    write(config, sandbox, *request.mutable_config());
    write(sandbox, *request.mutable_sandbox_config());
    return call<api::CreateContainerResponse>(*runtime_, &api::RuntimeService::Stub::CreateContainer, request,
                                              limits_.change_s)
      .container_id();
  }

  void start_container(const std::string& id) override {
    api::StartContainerRequest request;
    request.set_container_id(id);
    call<api::StartContainerResponse>(*runtime_, &api::RuntimeService::Stub::StartContainer, request,
                                      limits_.change_s);
  }

  void stop_container(const std::string& id, int64_t grace_s) override {
    api::StopContainerRequest request;
    request.set_container_id(id);
    request.set_timeout(grace_s);
    call_idempotent<api::StopContainerResponse>(&api::RuntimeService::Stub::StopContainer, request,
                                                grace_s + limits_.stop_margin_s);
  }

  void remove_container(const std::string& id) override {
    api::RemoveContainerRequest request;
    request.set_container_id(id);
    call_idempotent<api::RemoveContainerResponse>(&api::RuntimeService::Stub::RemoveContainer, request,
                                                  limits_.change_s);
  }

  container container_status(const std::string& id) override {
    api::ContainerStatusRequest request;
    request.set_container_id(id);
    return read(call<api::ContainerStatusResponse>(*runtime_, &api::RuntimeService::Stub::ContainerStatus,
                                                   request, limits_.query_s)
                  .status());
  }

  std::vector<container> list_containers(const string_map& labels) override {
    api::ListContainersRequest request;
    write(labels, *request.mutable_filter()->mutable_label_selector());
    auto reply = call<api::ListContainersResponse>(*runtime_, &api::RuntimeService::Stub::ListContainers,
                                                   request, limits_.query_s);
    std::vector<container> result;
    for (const auto& item : reply.containers())
      result.push_back(read(item));
    return result;
  }

  void reopen_log(const std::string& id) override {
    api::ReopenContainerLogRequest request;
    request.set_container_id(id);
    call<api::ReopenContainerLogResponse>(*runtime_, &api::RuntimeService::Stub::ReopenContainerLog, request,
                                          limits_.query_s);
  }

  exec_result exec_sync(const std::string& id, const std::vector<std::string>& command,
                        int64_t timeout_s) override {
    api::ExecSyncRequest request;
    request.set_container_id(id);
    for (const auto& word : command)
      request.add_cmd(word);
    request.set_timeout(timeout_s);
    auto reply = call<api::ExecSyncResponse>(*runtime_, &api::RuntimeService::Stub::ExecSync, request,
                                             timeout_s + limits_.exec_margin_s);
    return {reply.exit_code(), reply.stdout(), reply.stderr()};
  }

  std::optional<image> image_status(const std::string& name) override {
    api::ImageStatusRequest request;
    request.mutable_image()->set_image(name);
    auto reply = call<api::ImageStatusResponse>(*images_, &api::ImageService::Stub::ImageStatus, request,
                                                limits_.query_s);
    if (reply.image().id().empty())
      return std::nullopt;
    return read(reply.image());
  }

  std::string pull_image(const std::string& name) override {
    api::PullImageRequest request;
    request.mutable_image()->set_image(name);
    return call<api::PullImageResponse>(*images_, &api::ImageService::Stub::PullImage, request,
                                        limits_.pull_s)
      .image_ref();
  }

  std::vector<image> list_images() override {
    api::ListImagesRequest request;
    auto reply =
      call<api::ListImagesResponse>(*images_, &api::ImageService::Stub::ListImages, request, limits_.query_s);
    std::vector<image> result;
    for (const auto& item : reply.images())
      result.push_back(read(item));
    return result;
  }

  void remove_image(const std::string& name) override {
    api::RemoveImageRequest request;
    request.mutable_image()->set_image(name);
    call<api::RemoveImageResponse>(*images_, &api::ImageService::Stub::RemoveImage, request,
                                   limits_.change_s);
  }

private:
  template <class Reply, class Stub, class Method, class Request>
  Reply call(Stub& stub, Method method, const Request& request, int64_t limit_s) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(limit_s));
    Reply reply;
    grpc::Status status = (stub.*method)(&context, request, &reply);
    if (!status.ok())
      throw error(code_of(status), "rpc error: code = " + std::string(code_name(status.error_code())) +
                                     " desc = " + status.error_message());
    return reply;
  }

  /// Stopping or removing what is gone already is success.
  template <class Reply, class Method, class Request>
  void call_idempotent(Method method, const Request& request, int64_t limit_s) {
    try {
      call<Reply>(*runtime_, method, request, limit_s);
    } catch (const error& e) {
      if (e.code != error_code::not_found)
        throw;
    }
  }

  static const char* code_name(grpc::StatusCode code) {
    static const char* names[] = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
    return code >= 0 && code <= 16 ? names[code] : "Unknown";
  }

  call_limits limits_;
  std::unique_ptr<api::RuntimeService::Stub> runtime_;
  std::unique_ptr<api::ImageService::Stub> images_;
};

} // namespace

std::unique_ptr<container_runtime> connect_containerd(const std::string& endpoint, call_limits limits) {
  return std::make_unique<containerd>(endpoint, limits);
}

} // namespace actors::kubelet::cri
