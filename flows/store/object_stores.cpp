#include "flows/store/object_stores.hpp"

#include "flows/store/memory_store.hpp"
#include "flows/store/sqlite_store.hpp"

namespace switchboard::flows {

caf::expected<std::shared_ptr<const object_stores>>
object_stores::open(const std::vector<object_store_options>& options) {
  auto result = std::make_shared<object_stores>();
  for (auto& one : options) {
    std::shared_ptr<object_store> made;
    if (one.type == object_store_type::sqlite) {
      std::string problem;
      made = sqlite_store::open(one, problem);
      if (!made)
        return make_custom_error(store_error,
                                 "object store " + one.name
                                     + " cannot be opened: " + problem);
    } else {
      made = std::make_shared<memory_store>(one);
    }
    result->stores_.emplace_back(one.name, std::move(made));
  }
  if (std::string name{default_object_store}; !result->find(name)) {
    object_store_options plain;
    plain.name = name;
    result->stores_.emplace_back(name, std::make_shared<memory_store>(plain));
  }
  return std::shared_ptr<const object_stores>{std::move(result)};
}

std::shared_ptr<object_store>
object_stores::find(const std::string& name) const {
  for (auto& [known, store] : stores_)
    if (known == (name.empty() ? default_object_store : name))
      return store;
  return nullptr;
}

std::vector<std::pair<std::string, store_statistics>>
object_stores::statistics() const {
  std::vector<std::pair<std::string, store_statistics>> result;
  for (auto& [name, store] : stores_)
    result.emplace_back(name, store->statistics());
  return result;
}

} // namespace switchboard::flows
