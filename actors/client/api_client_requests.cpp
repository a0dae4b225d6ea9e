// Reads and writes of a client: from the call to the message, and from its answer to the callback.
#include "actors/client/api_client.hpp"

#include "actors/client/request_parts.hpp"
#include "messages/codec/codec.hpp"
#include "messages/codec/json.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::client {

using runtime::transport::attachment;
using runtime::transport::ask_untimed;
using runtime::transport::give_up;

namespace {

/// The result of a get or write reply; an invalid message is an answer that could not be read.
template <class Reply>
api_result result_of(const Reply& reply) {
  api_result result;
  if (!reply.valid()) {
    result.message = "the apiserver's answer failed its verification";
    return result;
  }
  result.code = reply->code();
  result.revision = reply->revision();
  const attachment& item = reply.at(reply->object());
  if (result.code >= 400)
    read_status(item, result);
  else if (item)
    result.object = item.object;
  return result;
}

api_result not_the_owner(const std::string& role) {
  api_result result;
  result.code = 409;
  result.reason = "Conflict";
  result.message = role + " is not active here: another instance owns the role, or this one has not caught up yet";
  return result;
}

api_result refused_here(const messages::codec::codec_error& error) {
  api_result result;
  result.code = 400;
  result.reason = "BadRequest";
  result.message = error.path + ": " + error.message;
  return result;
}

} // namespace

void api_client::write(protocol::WriteRequestT content, std::vector<attachment> attachments, api_callback done) {
  set_identity(content, identity_);
  content.identity->agent = context_.id;
  content.identity->origin = context_.host;
  int64_t epoch = 0;
  if (context_.tenure) {
    epoch = context_.tenure->epoch();
    if (!active()) {
      done(not_the_owner(context_.id));
      return;
    }
    content.writer = std::make_unique<protocol::WriterT>();
    content.writer->role = context_.id;
    content.writer->epoch = epoch;
  }
  if (!cause_.first.empty()) {
    content.cause = std::make_unique<protocol::CauseT>();
    content.cause->object = cause_.first;
    content.cause->revision = cause_.second;
  }
  request<protocol::write_request, protocol::write_reply>(
    protocol::write_request{content, std::move(attachments)}, std::move(done),
    [epoch, tenure = context_.tenure](const protocol::write_reply& reply) {
      if (tenure && reply.valid() && reply->fenced())
        tenure->lose(epoch);
    });
}

void api_client::get(const resource& what, std::string_view name_space, std::string_view name, api_callback done) {
  protocol::GetRequestT content;
  set_identity(content, identity_);
  content.target = target_of(what, name_space, name);
  request<protocol::get_request, protocol::get_reply>(protocol::get_request{content}, std::move(done), nullptr);
}

/// `look` sees the answer first.
template <class Request, class Reply>
void api_client::request(Request content, api_callback done, std::function<void(const Reply&)> look) {
  const uint64_t id = next_id_++;
  const auto sent = ask_untimed(
    self_, apiserver_, std::move(content),
    [this, id, look = std::move(look)](const Reply& reply) {
      if (look)
        look(reply);
      finish(id, result_of(reply));
    },
    [this, id](caf::error& error) { finish(id, unreachable(self_->system().render(error))); });
  pending_.emplace(id, pending_request{std::move(done), after(request_deadline, [this, sent] { give_up(self_, sent); })});
}

/// Nothing when the request was given up.
void api_client::finish(uint64_t id, const api_result& result) {
  const auto found = pending_.find(id);
  if (found == pending_.end())
    return;
  timers_.cancel(found->second.deadline);
  const auto done = std::move(found->second.done);
  pending_.erase(found);
  done(result);
}

namespace {
/// Sends `object` as the request's only attachment, or calls back with what is wrong with it.
template <class Send>
void with_packed(const messages::codec::type& type, const draft& object, const api_callback& done, Send send) {
  auto packed = messages::codec::pack(type, object);
  if (packed.error)
    done(refused_here(*packed.error));
  else
    send(std::vector<attachment>{attachment{&type, std::move(packed.object)}});
}
} // namespace

void api_client::create(const resource& what, const draft& object, api_callback done) {
  with_packed(what.type(), object, done, [&](std::vector<attachment> attachments) {
    protocol::WriteRequestT content;
    content.verb = protocol::Verb::create;
    content.target = target_of(what, object.get("metadata").get("namespace").str(), object.get("metadata").get("name").str());
    content.object = 0;
    write(std::move(content), std::move(attachments), std::move(done));
  });
}

void api_client::update(const resource& what, std::string_view subresource, const draft& object, api_callback done) {
  with_packed(what.type(), object, done, [&](std::vector<attachment> attachments) {
    protocol::WriteRequestT content;
    content.verb = protocol::Verb::update;
    content.target = target_of(what, object.get("metadata").get("namespace").str(),
                               object.get("metadata").get("name").str(), subresource);
    content.object = 0;
    write(std::move(content), std::move(attachments), std::move(done));
  });
}

void api_client::patch(const resource& what, std::string_view subresource, std::string_view name_space,
                       std::string_view name, protocol::PatchKind kind, const draft& patch, api_callback done) {
  protocol::WriteRequestT content;
  content.verb = protocol::Verb::patch;
  content.target = target_of(what, name_space, name, subresource);
  content.patch_kind = kind;
  messages::codec::encode_json(patch, content.patch);
  write(std::move(content), {}, std::move(done));
}

namespace {
protocol::WriteRequestT removal(protocol::Verb verb, std::unique_ptr<protocol::TargetT> target, const delete_options& options) {
  protocol::WriteRequestT content;
  content.verb = verb;
  content.target = std::move(target);
  content.options = std::make_unique<protocol::WriteOptionsT>();
  content.options->precondition_uid = options.uid;
  content.options->precondition_revision = options.revision;
  content.options->propagation_policy = options.propagation;
  if (options.grace_seconds >= 0)
    content.options->grace_period_seconds = options.grace_seconds;
  return content;
}
} // namespace

void api_client::remove(const resource& what, std::string_view name_space, std::string_view name,
                        const delete_options& options, api_callback done) {
  write(removal(protocol::Verb::delete_one, target_of(what, name_space, name), options), {}, std::move(done));
}

void api_client::remove_collection(const resource& what, std::string_view name_space, const delete_options& options,
                                   api_callback done) {
  write(removal(protocol::Verb::delete_collection, target_of(what, name_space, ""), options), {}, std::move(done));
}

void api_client::bind(std::string_view name_space, std::string_view pod, std::string_view uid, std::string_view node,
                      api_callback done) {
  const auto* type = messages::codec::api_schema().find("v1", "Binding");
  const draft binding = draft::make_object({
    {"apiVersion", "v1"},
    {"kind", "Binding"},
    {"metadata", draft::make_object({{"name", pod}, {"namespace", name_space}, {"uid", uid}})},
    {"target", draft::make_object({{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}})},
  });
  with_packed(*type, binding, done, [&](std::vector<attachment> attachments) {
    protocol::WriteRequestT content;
    content.verb = protocol::Verb::create;
    content.target = target_of(pods, name_space, pod, "binding");
    content.object = 0;
    write(std::move(content), std::move(attachments), std::move(done));
  });
}

} // namespace actors::client
