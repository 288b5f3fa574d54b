kind "Who lives, and who is dead: a number is taken for a process, or a proof is not asked for"
mutant birth-forgotten "a process is its number alone" \
    process.pid_namespace "a process that has the number of a dead owner is not taken for that owner: CHECK( code" \
    $process 's/\.birth = static_cast<std::uint32_t>\(line\.started\)/.birth = 0/'
mutant namespace-forgotten "a number is looked up that is another namespace's" \
    process.pid_namespace \
    "processes of different numberings wake each other, whichever way they wait, however the bell is chosen: CHECK" \
    $process 's/unpack\(who\)\.pid_namespace == unpack\(me\)\.pid_namespace && //'
mutant identity-inherited "a forked child is its parent, unless the C library says that it was forked" \
    process.fork "nor does a child of whose birth the C library was not told: CHECK( status" \
    $process 's/::madvise\(at, page, MADV_WIPEONFORK\) != 0/false/'
mutant holds-not-taken-anew "a forked child has no hold on what its parent opened, and counts as dead" \
    process.fork \
    "a lock that a forked child takes is its own: it outlives nothing but the child, and the" \
    $owner 's/if \(segment::hold_all_as\(me\)\)/if (true)/'
mutant hold-untaken "who opens an object takes no lock on its byte, and counts as dead" \
    contract.process "a process that lives is alive, and dead when it has been killed, or has ended by itself: CHECK" \
    $region 's/return ::fcntl\(file\.get\(\), F_OFD_SETLK, &hold\) == 0;/return true;/'
mutant hold-unasked "who has let an object go counts as alive there" \
    contract.process "a process that has closed the region is dead for that region, and alive for others: CHECK" \
    $process 's/\? life::alive : life::dead/? life::alive : life::alive/'
mutant death-of-another "a bell listens for the death of whoever has the number now" \
    contract.bell \
    "a bell does not listen for the death of a process that there was before, with the number of one that lives: " \
    $bell 's/ && has_its_number\(unpack\(who\)\)//'
