#include <scenarios/uncontended.hpp>

#ifdef BENCH_HAS_GOOGLE_BENCHMARK
#include <benchmark/benchmark.h>

namespace bench {
namespace {

class quiet_reporter final : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context& /*context*/) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override { ns = runs.at(0).GetAdjustedCPUTime(); }

    double ns = 0;
};

} // namespace

values time_of_one(const options& o, const std::function<void(std::int64_t n)>& repeat) {
    benchmark::RegisterBenchmark("one", [&](benchmark::State& state) {
        constexpr std::int64_t at_once = 100;
        while (state.KeepRunningBatch(at_once))
            repeat(at_once);
    })->MinTime(o.seconds);
    quiet_reporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    return {{"call_ns", reporter.ns}};
}

} // namespace bench
#else

namespace bench {

values time_of_one(const options& /*o*/, const std::function<void(std::int64_t n)>& /*repeat*/) {
    throw cannot("Google Benchmark is not installed");
}

} // namespace bench
#endif
