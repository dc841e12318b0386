#include "actors/group_module.hpp"

#include <algorithm>
#include <utility>

#include <switchboard/messages.hpp>

#include "actors/socket.hpp"

namespace switchboard::actors {

namespace {

class sharded_group final : public caf::abstract_group {
public:
  sharded_group(group_module& parent, std::shared_ptr<group_index> index,
                std::string key, caf::node_id node)
      : caf::abstract_group(parent, std::move(key), std::move(node)),
        index_(std::move(index)) {}

  bool subscribe(caf::strong_actor_ptr who) override {
    // A socket joins on its own thread, like everything else it does.
    if (dynamic_cast<socket*>(who->get()) != nullptr) {
      auto name = identifier_.substr(identifier_.find('/') + 1);
      who->enqueue(nullptr, caf::message_id{},
                   caf::make_message(socket_subscribe{{std::move(name)}}),
                   nullptr);
      return true;
    }
    return index_->join(identifier_, std::move(who));
  }

  void unsubscribe(const caf::actor_control_block* who) override {
    auto ptr = const_cast<caf::actor_control_block*>(who);
    if (dynamic_cast<socket*>(ptr->get()) != nullptr) {
      auto name = identifier_.substr(identifier_.find('/') + 1);
      ptr->enqueue(nullptr, caf::message_id{},
                   caf::make_message(socket_unsubscribe{{std::move(name)}}),
                   nullptr);
      return;
    }
    index_->leave(identifier_, who);
  }

  void enqueue(caf::strong_actor_ptr sender, caf::message_id id,
               caf::message content, caf::execution_unit*) override {
    auto audience = index_->of(identifier_);
    for (auto& shard : audience.shards)
      shard->enqueue(sender, id,
                     caf::make_message(group_delivery{identifier_, content}),
                     nullptr);
    for (auto& other : audience.others)
      other->enqueue(sender, id, content, nullptr);
  }

  caf::error save(caf::serializer& sink) const override {
    auto key = identifier_;
    return sink(key);
  }

  void stop() override {
    // Nothing runs here.
  }

private:
  std::shared_ptr<group_index> index_;
};

} // namespace

std::string group_key(std::string_view config, std::string_view group) {
  std::string result;
  result.reserve(config.size() + group.size() + 1);
  for (auto c : config) {
    if (c == '/')
      result += "%2F";
    else if (c == '%')
      result += "%25";
    else
      result += c;
  }
  result += '/';
  result += group;
  return result;
}

void group_index::set_shard(std::size_t shard, caf::strong_actor_ptr actor) {
  std::lock_guard guard{mutex_};
  if (shards_.size() <= shard)
    shards_.resize(shard + 1);
  shards_[shard] = std::move(actor);
}

void group_index::set_limit(std::size_t count) {
  std::lock_guard guard{mutex_};
  limit_ = count;
}

void group_index::clear() {
  std::lock_guard guard{mutex_};
  shards_.clear();
  entries_.clear();
}

bool group_index::shard_joined(const std::string& key, std::size_t shard) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(key);
  if (i == entries_.end()) {
    if (entries_.size() >= limit_)
      return false;
    i = entries_.emplace(key, entry{}).first;
  }
  i->second.shards.push_back(shard);
  return true;
}

void group_index::shard_left(const std::string& key, std::size_t shard) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(key);
  if (i == entries_.end())
    return;
  std::erase(i->second.shards, shard);
  if (i->second.empty())
    entries_.erase(i);
}

bool group_index::join(const std::string& key, caf::strong_actor_ptr who) {
  std::lock_guard guard{mutex_};
  auto& others = entries_[key].others;
  if (std::find(others.begin(), others.end(), who) != others.end())
    return false;
  others.push_back(std::move(who));
  return true;
}

void group_index::leave(const std::string& key,
                        const caf::actor_control_block* who) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(key);
  if (i == entries_.end())
    return;
  std::erase_if(i->second.others,
                [who](auto& ptr) { return ptr.get() == who; });
  if (i->second.empty())
    entries_.erase(i);
}

group_index::audience group_index::of(const std::string& key) const {
  audience result;
  std::lock_guard guard{mutex_};
  auto i = entries_.find(key);
  if (i == entries_.end())
    return result;
  for (auto shard : i->second.shards)
    if (shard < shards_.size() && shards_[shard])
      result.shards.push_back(shards_[shard]);
  result.others = i->second.others;
  return result;
}

std::size_t group_index::size() const {
  std::lock_guard guard{mutex_};
  return entries_.size();
}

group_module::group_module(caf::actor_system& system)
    : caf::group_module(system, group_module_name),
      index_(std::make_shared<group_index>()) {}

void group_module::stop() {
  index_->clear();
}

caf::expected<caf::group> group_module::get(const std::string& key) {
  if (key.find('/') == std::string::npos)
    return caf::make_error(caf::sec::invalid_argument,
                           std::string{"a group is named CONFIG/GROUP"});
  return caf::group{
      caf::make_counted<sharded_group>(*this, index_, key, system().node())};
}

caf::error group_module::load(caf::deserializer& source, caf::group& storage) {
  std::string key;
  if (auto failure = source(key))
    return failure;
  auto found = get(key);
  if (!found)
    return found.error();
  storage = std::move(*found);
  return caf::none;
}

} // namespace switchboard::actors
