// The main function of every test program: runs a role if it was started as a child, else the tests; and sees to it
// that nothing is left behind.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <support/names.hpp>
#include <support/role.hpp>
#include <support/seed.hpp>
#include <support/system.hpp>

#include <crosswake/reactor.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    using namespace crosswake;
    int code = 0;
    if (test::run_role(argc, argv, code))
        return code;
    test::tie_children_to_this_process();

    const auto recheck = std::chrono::duration_cast<std::chrono::milliseconds>(recheck_interval());
    std::printf("CROSSWAKE_TEST_SEED=%llu  bell: %s  re-check: %lld ms\n",
                static_cast<unsigned long long>(test::seed()), to_string(bell_mechanism_in_use()),
                static_cast<long long>(recheck.count()));
    std::fflush(stdout);
    doctest::Context context(argc, argv);
    context.setOption("abort-after", static_cast<int>(test::knob("CROSSWAKE_TEST_FAILURES", 0))); // 0: never
    code = context.run();
    if (const auto left = test::objects_left(test::name_stem()); left != 0) {
        std::printf("%zu objects were left behind\n", left);
        return 1;
    }
    return code;
}
