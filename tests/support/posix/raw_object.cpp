// Objects are files under /dev/shm, held by a shared flock.
#include <support/raw_object.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

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

struct raw_object::place {
    std::string path;
    bool made_here;
    int file;
};

raw_object::raw_object(const std::string& name)
    : place_(std::make_unique<place>(place{path_of(name), !exists(name), -1})) {
    place_->file = ::open(place_->path.c_str(), O_RDWR | O_CLOEXEC | O_CREAT, 0600);
    require(place_->file >= 0, "open");
    require(::flock(place_->file, LOCK_SH) == 0, "flock");
}

raw_object::~raw_object() {
    if (place_->made_here)
        ::unlink(place_->path.c_str());
    let_go();
}

std::size_t raw_object::size() const {
    struct stat s {};
    require(::fstat(place_->file, &s) == 0, "fstat");
    return static_cast<std::size_t>(s.st_size);
}

void raw_object::resize(std::size_t bytes) {
    require(::ftruncate(place_->file, static_cast<off_t>(bytes)) == 0, "ftruncate");
}

void raw_object::read(std::size_t offset, void* to, std::size_t bytes) const {
    require(::pread(place_->file, to, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes), "pread");
}

void raw_object::write(std::size_t offset, const void* from, std::size_t bytes) {
    require(::pwrite(place_->file, from, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes), "pwrite");
}

std::string raw_object::access() const {
    struct stat s {};
    require(::fstat(place_->file, &s) == 0, "fstat");
    return std::to_string(s.st_uid) + ' ' + std::to_string(s.st_gid) + ' ' + std::to_string(s.st_mode);
}

void raw_object::begin_removal() {
    require(::flock(place_->file, LOCK_EX | LOCK_NB) == 0, "flock");
}

void raw_object::finish_removal() {
    require(::unlink(place_->path.c_str()) == 0, "unlink");
    place_->made_here = false;
    let_go();
}

void raw_object::let_go() {
    if (place_->file >= 0)
        ::close(std::exchange(place_->file, -1));
}

bool raw_object::exists(const std::string& name) {
    return ::access(path_of(name).c_str(), F_OK) == 0;
}

} // namespace crosswake::test
