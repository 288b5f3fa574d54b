// Boost.Process in its first version, which has a folder of its own since Boost 1.86 and is not the default since 1.88.
#pragma once

#if __has_include(<boost/process/v1/child.hpp>)
#include <boost/process/v1/child.hpp>
#include <boost/process/v1/environment.hpp>
#else
#include <boost/process/child.hpp>
#include <boost/process/environment.hpp>
#endif
