// Operations.
#include "actors/controllers/framework/controller.hpp"

namespace actors::controllers::framework {

operation operation::create(const client::resource& what, draft object) {
  operation result;
  result.what = verb::create;
  result.resource = &what;
  result.object = std::move(object);
  return result;
}

operation operation::update(const client::resource& what, draft object) {
  operation result = create(what, std::move(object));
  result.what = verb::update;
  return result;
}

operation operation::update_status(const client::resource& what, draft object) {
  operation result = create(what, std::move(object));
  result.what = verb::update_status;
  return result;
}

operation operation::patch(const client::resource& what, std::string name_space, std::string name,
                           client::protocol::PatchKind kind, draft patch) {
  operation result = create(what, std::move(patch));
  result.what = verb::patch;
  result.name_space = std::move(name_space);
  result.name = std::move(name);
  result.patch_kind = kind;
  return result;
}

operation operation::remove(const client::resource& what, std::string name_space, std::string name,
                            client::delete_options options) {
  operation result;
  result.what = verb::remove;
  result.resource = &what;
  result.name_space = std::move(name_space);
  result.name = std::move(name);
  result.options = std::move(options);
  result.tolerated = {404};
  return result;
}

operation operation::remove_collection(const client::resource& what, std::string name_space, client::delete_options options) {
  operation result;
  result.what = verb::remove_collection;
  result.resource = &what;
  result.name_space = std::move(name_space);
  result.options = std::move(options);
  return result;
}

operation operation::get(const client::resource& what, std::string name_space, std::string name,
                         std::function<void(const client::api_result&)> on_result) {
  operation result = remove(what, std::move(name_space), std::move(name));
  result.what = verb::get;
  result.on_result = std::move(on_result);
  return result;
}

} // namespace actors::controllers::framework
