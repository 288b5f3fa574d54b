// Quantiles of what one sample saw. What is made of many samples is the harness's business.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace bench {

/// 0 for nothing seen.
inline double quantile(std::vector<double> seen, double share) {
    if (seen.empty())
        return 0;
    const auto last = static_cast<double>(seen.size() - 1);
    const auto place = seen.begin() + static_cast<std::ptrdiff_t>(last * share + 0.5);
    std::nth_element(seen.begin(), place, seen.end());
    return *place;
}

inline double median(std::vector<double> seen) {
    return quantile(std::move(seen), 0.5);
}

} // namespace bench
