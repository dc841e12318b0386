#pragma once

// Questions to object stores, and their answers in words.

#include <future>
#include <stdexcept>
#include <string>

#include "flows/store/object_store.hpp"

namespace switchboard::flows::testing {

/// The value, `-` for none, `!` and the error for a problem.
inline std::string in_words(const store_answer& answer) {
  if (answer.problem)
    return "!" + answer.problem->type + ": " + answer.problem->message;
  return answer.value.value_or("-");
}

/// What a store answers, in its own time.
class pending_answer {
public:
  object_store::reply taker() {
    return [promise = promise_](store_answer&& answer) {
      promise->set_value(std::move(answer));
    };
  }

  std::string text() {
    return in_words(promise_->get_future().get());
  }

private:
  std::shared_ptr<std::promise<store_answer>> promise_ =
      std::make_shared<std::promise<store_answer>>();
};

inline std::string load(object_store& store, std::string key) {
  pending_answer answer;
  store.load(std::move(key), answer.taker());
  return answer.text();
}

inline object_store::change appending(std::string more) {
  return [more](const std::optional<std::string>& now) {
    return std::optional{now.value_or("") + more};
  };
}

inline std::string append(object_store& store, std::string key,
                          std::string more) {
  pending_answer answer;
  store.update(std::move(key), appending(std::move(more)), answer.taker());
  return answer.text();
}

inline std::string remove(object_store& store, std::string key) {
  pending_answer answer;
  store.update(
      std::move(key),
      [](const std::optional<std::string>&) {
        return std::optional<std::string>{};
      },
      answer.taker());
  return answer.text();
}

inline std::string break_off(object_store& store, std::string key) {
  pending_answer answer;
  store.update(
      std::move(key),
      [](const std::optional<std::string>&) -> std::optional<std::string> {
        throw std::runtime_error{"broken"};
      },
      answer.taker());
  return answer.text();
}

} // namespace switchboard::flows::testing
