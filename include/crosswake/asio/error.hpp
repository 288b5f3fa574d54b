// The library's errors as Boost.Asio's handlers get them: boost::system::error_code in a Boost category.
//
// A category of Boost's own, because use_awaitable throws for a boost::system::error_code and would merely return a
// std::error_code. Compare with the library's names: `ec == crosswake::errc::timed_out`.
#pragma once

#include <crosswake/error.hpp>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>

#include <string>

namespace crosswake {
namespace detail {

class boost_category final : public boost::system::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "crosswake"; }
    [[nodiscard]] std::string message(int value) const override { return crosswake::error_category().message(value); }
    [[nodiscard]] boost::system::error_condition default_error_condition(int value) const noexcept override {
        if (static_cast<errc>(value) == errc::timed_out)
            return make_error_condition(boost::system::errc::timed_out);
        return {value, *this};
    }
};

inline const boost_category boost_category_instance;

} // namespace detail

[[nodiscard]] inline const boost::system::error_category& boost_error_category() noexcept {
    return detail::boost_category_instance;
}

[[nodiscard]] inline boost::system::error_code to_boost(std::error_code error) noexcept {
    if (error.category() == error_category())
        return {error.value(), boost_error_category()};
    return error;
}

[[nodiscard]] inline bool operator==(const boost::system::error_code& error, errc e) noexcept {
    return error.value() == static_cast<int>(e) && error.category() == boost_error_category();
}
/// The library's own kind, which would turn into Boost's as readily as the name into an error.
[[nodiscard]] inline bool operator==(const std::error_code& error, errc e) noexcept {
    return error == make_error_code(e);
}

} // namespace crosswake
