# The examples as tests: what they print is compared with what somebody else says, and nothing may be left behind.
# The re-check is an hour away where nobody is killed, so that a lost wake-up is a time-out.
# The other cases of word_count need signals, and folders as only Linux has them.
if(WIN32)
    set(mechanisms event)
    set(word_count_cases plain joined kill_holder)
    set(threads) # which no file shows there
else()
    set(mechanisms pipe inotify)
    set(word_count_cases plain system_headers joined progress interrupted kill_holder kill_all kill_parent)
    set(threads "threads: 1 before, 1 while ten waited, 1 at the end\n$")
endif()
set(CROSSWAKE_EXAMPLE_MECHANISMS ${mechanisms} CACHE STRING "Values of CROSSWAKE_BELL, each tried with each example")
mark_as_advanced(CROSSWAKE_EXAMPLE_MECHANISMS)
set(without_kills CROSSWAKE_RECHECK_MS=3600000)
find_program(BASH bash)
mark_as_advanced(BASH)

# crosswake_check_example(<test> PRINTS <regex>... RUNS <program> <role>)
function(crosswake_check_example test)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PRINTS;RUNS")
    foreach(bell IN LISTS CROSSWAKE_EXAMPLE_MECHANISMS)
        list(POP_FRONT arg_RUNS program)
        add_test(NAME examples.${test}.${bell}
            COMMAND ${CMAKE_COMMAND} "-DPRINTS=${arg_PRINTS}" -P ${CMAKE_CURRENT_SOURCE_DIR}/check_output.cmake
                    -- ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${program}> ${arg_RUNS})
        set_tests_properties(examples.${test}.${bell} PROPERTIES
            LABELS examples TIMEOUT 60 ENVIRONMENT "${without_kills};CROSSWAKE_BELL=${bell}")
        list(PREPEND arg_RUNS ${program})
    endforeach()
endfunction()

set(greetings)
foreach(n 1 2 3)
    string(APPEND greetings "Hello from another process .${n}.\n")
endforeach()
crosswake_check_example(hello PRINTS "^${greetings}$" RUNS hello both)
crosswake_check_example(hello_async PRINTS "^${greetings}$" RUNS hello_async both)

crosswake_check_example(coordination
    PRINTS "result 6\n.*result 7\n.*result 8\n.*result 9\n.*result 10\n.*result 78\n$"
           "has begun\n.*has let go of the lock\n.*result 78\n$"
    RUNS coordination coordinate)

crosswake_check_example(cancel_waiting_workers
    PRINTS "^received 5 .their sum is 15., cancelled 5, items left 0\n.*left for others: 6\n" ${threads}
    RUNS cancel_waiting_workers wait)

math(EXPR sum "1000 * (1000 + 1) / 2")
crosswake_check_example(two_loops
    PRINTS "^1000 rounds," "sums: ${sum} heard here, ${sum} over there\n$"
    RUNS two_loops one_side)

# Signals and wc are what a shell is for.
if(BASH)
    foreach(case IN LISTS word_count_cases)
        set(bells ${CROSSWAKE_EXAMPLE_MECHANISMS})
        if(case STREQUAL "system_headers") # by far the most to do: once is enough
            list(GET bells 0 bells)
        endif()
        foreach(bell IN LISTS bells)
            set(test examples.word_count.${case}.${bell})
            add_test(NAME ${test}
                COMMAND ${BASH} ${CMAKE_CURRENT_SOURCE_DIR}/check_word_count $<TARGET_FILE:word_count> ${case})
            set(environment CROSSWAKE_BELL=${bell} "EMULATOR=${CMAKE_CROSSCOMPILING_EMULATOR}")
            if(NOT case MATCHES "^(kill|interrupted)")
                list(APPEND environment ${without_kills})
            endif()
            set_tests_properties(${test} PROPERTIES
                LABELS examples TIMEOUT 60 SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
        endforeach()
    endforeach()
endif()
