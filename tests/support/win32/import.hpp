// A function of the system's, replaced for this program by one of its own.
#pragma once

#include <win32/windows.hpp>

#include <utility>

namespace crosswake::test {

/// `slot` is where the program looks the function up, __imp_ and its name. Returns what was there.
template <class Function>
Function* replace_import(Function*& slot, Function* by) {
    DWORD before = 0;
    ::VirtualProtect(&slot, sizeof slot, PAGE_READWRITE, &before);
    return std::exchange(slot, by);
}

} // namespace crosswake::test
