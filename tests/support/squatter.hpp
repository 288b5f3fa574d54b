// Somebody who was there first, and put something in an object's place that it is not to be taken for.
#pragma once

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

} // namespace crosswake::test
