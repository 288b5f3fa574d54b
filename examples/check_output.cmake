# cmake -DPRINTS=<regex>;... -P check_output.cmake -- <program> <role>
# Runs the program's role under a fresh name: it must succeed, print all that, and leave nothing in shared memory.
string(RANDOM LENGTH 12 random)
set(name check-${random})

set(command)
set(is_command FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
    if(is_command)
        list(APPEND command "${CMAKE_ARGV${i}}")
    elseif(CMAKE_ARGV${i} STREQUAL "--")
        set(is_command TRUE)
    endif()
endforeach()

# Before the test's own time is up: the program would outlive this one.
execute_process(COMMAND ${command} ${name} TIMEOUT 50
    OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE result)
string(REPLACE "\r" "" output "${output}")
message("${output}${errors}")
if(NOT result STREQUAL "0")
    message(FATAL_ERROR "it ended with ${result}")
endif()
foreach(regex IN LISTS PRINTS)
    if(NOT output MATCHES "${regex}")
        message(FATAL_ERROR "it did not print ${regex}")
    endif()
endforeach()
file(GLOB left "/dev/shm/*${name}*")
if(left)
    message(FATAL_ERROR "it left ${left}")
endif()
