// Objects are files under /dev/shm, held by a shared flock.
#include <support/raw_object.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace crosswake::test {
namespace {

std::string path_of(const std::string& name) {
    return "/dev/shm/crosswake." + name;
}

void require(bool ok, const char* call) {
    if (!ok)
        throw std::runtime_error(std::string(call) + ": " + std::strerror(errno));
}

} // namespace

raw_object::raw_object(const std::string& name) : path_(path_of(name)), made_here_(!exists(name)) {
    file_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_CREAT, 0600);
    require(file_ >= 0, "open");
    require(::flock(file_, LOCK_SH) == 0, "flock");
}

raw_object::~raw_object() {
    if (made_here_)
        ::unlink(path_.c_str());
    let_go();
}

std::size_t raw_object::size() const {
    struct stat s {};
    require(::fstat(file_, &s) == 0, "fstat");
    return static_cast<std::size_t>(s.st_size);
}

void raw_object::resize(std::size_t bytes) {
    require(::ftruncate(file_, static_cast<off_t>(bytes)) == 0, "ftruncate");
}

void raw_object::read(std::size_t offset, void* to, std::size_t bytes) const {
    require(::pread(file_, to, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes), "pread");
}

void raw_object::write(std::size_t offset, const void* from, std::size_t bytes) {
    require(::pwrite(file_, from, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes), "pwrite");
}

void raw_object::begin_removal() {
    require(::flock(file_, LOCK_EX | LOCK_NB) == 0, "flock");
}

void raw_object::finish_removal() {
    require(::unlink(path_.c_str()) == 0, "unlink");
    made_here_ = false;
    let_go();
}

void raw_object::let_go() {
    if (file_ >= 0)
        ::close(file_);
    file_ = -1;
}

bool raw_object::exists(const std::string& name) {
    return ::access(path_of(name).c_str(), F_OK) == 0;
}

} // namespace crosswake::test
