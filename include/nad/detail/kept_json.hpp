#pragma once

// JSON that was read, as a tree that goes without asking for memory; not for users.
//
//   const KeptJson<nlohmann::json> state(text);       // null where the text is no JSON
//   state->at("records")
//
// A tree of nlohmann's own asks for memory when it is taken down, and ends the program where there is none.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace nad::detail {

template <class Json>
class KeptJson {
 public:
  /// Null, too, where it is nested more than 32 deep.
  explicit KeptJson(std::string_view text) : KeptJson() {
    Reader reader(tree_);
    is_whole_ = Json::sax_parse(text.begin(), text.end(), &reader);
    wrong_byte_ = reader.wrong_byte;
    if (!is_whole_) {
      take_down(tree_);
      tree_ = nullptr;
    }
  }
  ~KeptJson() { take_down(tree_); }
  KeptJson(const KeptJson&) = delete;
  KeptJson& operator=(const KeptJson&) = delete;

  bool is_json() const noexcept { return is_whole_; }
  /// The byte where it is no JSON any more, counted from 1.
  std::size_t wrong_byte() const noexcept { return wrong_byte_; }
  const Json& operator*() const noexcept { return tree_; }
  const Json* operator->() const noexcept { return &tree_; }

 private:
  static constexpr std::size_t deepest = 32;

  /// What the other constructor has read when it fails is taken down by the destructor, since this one has come to its
  /// end.
  KeptJson() : tree_(nullptr) {}

  /// The leaves first: what is empty goes without memory.
  static void take_down(Json& tree) noexcept {
    if (auto* const list = tree.template get_ptr<typename Json::array_t*>()) {
      for (Json& child : *list) {
        take_down(child);
      }
      list->clear();
    } else if (auto* const object = tree.template get_ptr<typename Json::object_t*>()) {
      for (auto& [name, child] : *object) {
        take_down(child);
      }
      object->clear();
    }
  }

  /// Puts each value where it belongs as it comes by.
  class Reader {
   public:
    explicit Reader(Json& root) : root_(root) {}

    bool null() { return put(nullptr); }
    bool boolean(bool value) { return put(value); }
    bool number_integer(typename Json::number_integer_t value) { return put(value); }
    bool number_unsigned(typename Json::number_unsigned_t value) { return put(value); }
    bool number_float(typename Json::number_float_t value, const typename Json::string_t&) { return put(value); }
    bool string(typename Json::string_t& value) { return put(std::move(value)); }
    bool binary(typename Json::binary_t&) { return false; }
    bool start_object(std::size_t) { return open(Json::object()); }
    bool start_array(std::size_t) { return open(Json::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(typename Json::string_t& name) {
      Json& around = *open_[depth_ - 1];
      make_room(around.template get_ref<typename Json::object_t&>());
      member_ = &around[name];
      take_down(*member_);  // of two that are called alike the second one counts
      return true;
    }
    bool parse_error(std::size_t position, const std::string&, const typename Json::exception&) {
      wrong_byte = position;
      return false;
    }

    std::size_t wrong_byte = 0;

   private:
    template <class Value>
    bool put(Value&& value) {
      place() = Json(std::forward<Value>(value));
      return true;
    }

    bool open(Json&& empty) {
      if (depth_ == deepest) {
        return false;
      }
      Json& here = place();
      here = std::move(empty);
      open_[depth_++] = &here;
      return true;
    }

    bool close() {
      --depth_;
      return true;
    }

    Json& place() {
      if (depth_ == 0) {
        return root_;
      }
      Json& around = *open_[depth_ - 1];
      return around.is_array() ? around.emplace_back(nullptr) : *member_;
    }

    /// Objects that keep the order of their members copy them, trees and all, when they grow by themselves.
    template <class Object>
    static void make_room(Object& object) {
      if constexpr (requires { object.capacity(); }) {
        if (object.size() < object.capacity()) {
          return;
        }
        Object larger;
        larger.reserve(2 * object.size() + 4);
        try {
          for (auto& [name, value] : object) {
            larger.emplace_back(name, nullptr);
            larger.back().second = std::move(value);
          }
        } catch (...) {
          for (std::size_t i = 0; i < larger.size(); ++i) {
            std::swap(object.data()[i].second, larger.data()[i].second);
          }
          throw;
        }
        object.swap(larger);
      }
    }

    Json& root_;
    std::array<Json*, deepest> open_{};
    std::size_t depth_ = 0;
    Json* member_ = nullptr;
  };

  Json tree_;
  bool is_whole_ = false;
  std::size_t wrong_byte_ = 0;
};

}  // namespace nad::detail
