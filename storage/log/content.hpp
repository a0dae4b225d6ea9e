// The bytes of a file while they are looked through. They come from the system and go back to it: a heap would keep so much.
#pragma once

#include <sys/mman.h>
#include <cstddef>
#include <new>
#include <string_view>
#include <utility>

namespace storage::log {

class content {
public:
  content() = default;
  explicit content(std::size_t size) : size_(size) {
    if (size == 0)
      return;
    void* pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
      throw std::bad_alloc();
    data_ = static_cast<char*>(pages);
  }
  ~content() {
    if (data_)
      ::munmap(data_, size_);
  }
  content(content&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  content& operator=(content&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  char* data() { return data_; }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {data_, size_}; }

private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace storage::log
