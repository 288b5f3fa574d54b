// A region as POSIX has it: a file in the shared memory file system, mapped whole.
#pragma once

#include <backend/region.hpp>
#include <posix/fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <string>

namespace crosswake::posix {

class region_file final : public backend::region {
public:
    region_file(std::byte* bytes, std::size_t size, std::string path, const struct stat& identity) noexcept
        : region(bytes, size), path_(std::move(path)), device_(identity.st_dev), inode_(identity.st_ino) {}
    ~region_file() override;

    std::error_code reserve(std::size_t offset, std::size_t length) noexcept override;
    bool ring() noexcept override;
    bool hold_as(detail::owner_token who) noexcept override;

    /// A fresh descriptor of the same file, if it still bears its name. The mapping's own was closed when it was
    /// made: no descriptor is kept per object. To close one that may write sounds like a holder's leaving.
    [[nodiscard]] fd reopen(int access = O_RDONLY) const noexcept;
    [[nodiscard]] const char* path() const noexcept { return path_.c_str(); }

    /// Whether some process holds the region under this token; the descriptor is from reopen().
    [[nodiscard]] static bool is_held_by(const fd& file, detail::owner_token who) noexcept;
    static bool take_hold(const fd& file, detail::owner_token who) noexcept;

private:
    [[nodiscard]] bool is(const struct stat& s) const noexcept { return s.st_dev == device_ && s.st_ino == inode_; }

    std::string path_;
    dev_t device_;
    ino_t inode_;
    // In a forked child: the mapping that keeps the child's own hold, since the inherited one is the parent's too.
    void* own_hold_ = nullptr;
};

} // namespace crosswake::posix
