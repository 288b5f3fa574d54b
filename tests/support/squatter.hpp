// Somebody who was there first, and put something in an object's place that it is not to be taken for.
#pragma once

#include <backend/peer_bell.hpp>
#include <crosswake/detail/owner.hpp>
#include <crosswake/error.hpp>

#include <memory>
#include <string>
#include <vector>

namespace crosswake::test {

class squatter {
public:
    /// What there is to put there on this system, and what an opener is to be told.
    struct trick {
        std::string name;
        errc refusal;
    };
    static std::vector<trick> tricks();

    /// false, and nothing is there: it has no right to.
    squatter(const std::string& object, const trick& t);
    ~squatter();
    squatter(const squatter&) = delete;
    squatter& operator=(const squatter&) = delete;
    explicit operator bool() const noexcept;

private:
    struct loot;
    std::unique_ptr<loot> loot_;
};

/// The same under the names that a bell of some process would have.
class bell_squatter {
public:
    /// And what who looks for the bell is to find. The first is a bell in all respects, so it is no trick.
    struct trick {
        std::string name;
        backend::peer_bell::found found;
    };
    static std::vector<trick> tricks();

    bell_squatter(detail::owner_token who, backend::bell_address address, const trick& t);
    ~bell_squatter();
    bell_squatter(const bell_squatter&) = delete;
    bell_squatter& operator=(const bell_squatter&) = delete;
    explicit operator bool() const noexcept;

private:
    struct loot;
    std::unique_ptr<loot> loot_;
};

} // namespace crosswake::test
