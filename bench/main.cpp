// Takes one sample of one peer in one scenario, and prints it as a line of JSON. bench/run calls it, again and again.
//
//     sampler list                                what there is, as a line of JSON
//     sampler ping                                how far apart the two cores are just now
//     sampler sample <scenario> <peer> [options]
#include <support/near_or_far.hpp>
#include <support/options.hpp>
#include <support/registry.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <exception>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace {

using bench::options;

void list() {
    std::vector<std::string> lines;
    for (const auto& [scenario, peers] : bench::registry()) {
        std::vector<std::string> names;
        for (const auto& [peer, take] : peers)
            names.push_back(fmt::format("\"{}\"", peer));
        lines.push_back(fmt::format("\"{}\": [{}]", scenario, fmt::join(names, ", ")));
    }
    fmt::print("{{{}}}\n", fmt::join(lines, ", "));
}

void sample(const std::string& scenario, const std::string& peer, const options& o) {
    try {
        std::vector<std::string> figures;
        for (const auto& [name, value] : bench::registry().at(scenario).at(peer)(o))
            figures.push_back(fmt::format("\"{}\": {}", name, value));
        fmt::print("{{{}}}\n", fmt::join(figures, ", "));
    } catch (const bench::cannot& why) {
        fmt::print("{{\"cannot\": \"{}\"}}\n", why.what());
    }
}

/// An eventfd for each of thousands of objects takes many descriptors.
void allow_many_descriptors() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

} // namespace

int main(int argc, char** argv) {
    options o;
    std::string scenario, peer;
    CLI::App app{"one sample of one peer"};
    app.require_subcommand(1);
    auto* const list_command = app.add_subcommand("list", "which peer takes part in which scenario");
    auto* const ping_command = app.add_subcommand("ping", "a spinning round trip between the two cores, in ns");
    auto* const sample_command = app.add_subcommand("sample", "take one sample");
    for (auto* command : {ping_command, sample_command})
        command->add_option("--cores", o.cores, "the two to use")->delimiter(',')->expected(2);
    sample_command->add_option("scenario", scenario)->required();
    sample_command->add_option("peer", peer)->required();
    sample_command->add_option("--seconds", o.seconds, "how long to measure");
    sample_command->add_flag("--one-core", o.one_core, "all processes on the first of the two");
    sample_command->add_option("--processes", o.processes);
    sample_command->add_option("--think-us", o.think_us, "how long each side thinks before it answers");
    sample_command->add_option("--size", o.size, "bytes in a message");
    sample_command->add_option("--producers", o.producers);
    sample_command->add_option("--consumers", o.consumers);
    sample_command->add_option("--batch", o.batch, "messages handed over in one call");
    sample_command->add_option("--count", o.count, "objects awaited, or processes killed");
    sample_command->add_option("--seed", o.seed, "of the moments at which they are killed");
    CLI11_PARSE(app, argc, argv);
    allow_many_descriptors();
    try {
        if (*list_command)
            list();
        else if (*ping_command)
            fmt::print("{}\n", bench::ping_pong_ns(o.cores[0], o.cores[1]));
        else
            sample(scenario, peer, o);
    } catch (const std::exception& e) {
        fmt::print(stderr, "{} {}: {}\n", scenario, peer, e.what());
        return 1;
    }
    return 0;
}
