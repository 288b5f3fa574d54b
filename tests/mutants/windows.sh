kind "On Windows"
mutant dead-bell-rung "a bell whose process was killed is rung" \
    contract.bell \
    "a bell whose process was killed, or that was closed, is dead to those who know it and to those who look: CHECK" \
    src/win32/peer_bell.cpp 's/ \|\| is_signalled\(process_\)//'
mutant closed-bell-rung "a bell that was closed is rung" \
    contract.bell "the owner's ringer shares the mailbox, and outlives the bell: CHECK_FALSE" \
    src/win32/bell.cpp 's/box_->header\(\)\.is_closed\.store\(1\);//'
mutant number-mourned "a bell listens for the death of whoever has the number now" \
    contract.bell \
    "a bell does not listen for the death of a process that there was before, with the number of one that lives: " \
    src/win32/bell.cpp 's/ \|\| birth_of\(process_\.get\(\)\) != unpack\(who\)\.birth//'
mutant death-unsaid "a bell rings for a death, and does not say so" \
    contract.bell "a bell that listens for deaths hears each once, of those only that it listens for: CHECK" \
    src/win32/bell.cpp 's/self\.a_death_\.store\(true\);//'
mutant opener-holds-nothing "who opens an object keeps no hold on it, and counts as dead" \
    contract.process "a process that lives is alive, and dead when it has been killed, or has ended by itself: CHECK" \
    src/win32/region.cpp 's/(holds\.directory = std::move\(directory\);)/$1 holds.hold = handle();/'
mutant holds-unasked "who has let an object go counts as alive there" \
    contract.process "a process that has closed the region is dead for that region, and alive for others: CHECK" \
    src/win32/region.cpp 's/backend::life::alive : backend::life::dead/backend::life::alive : backend::life::alive/'
mutant entry-overwritten "a name's entry is seen and written in two steps" \
    contract.region "there are never two live regions of one name, however many processes come and go: CHECK" \
    src/win32/region.cpp \
        's/while \(!(entry_in\(listed\))\.compare_exchange_strong\(there, id\)\);/while (false); $1.store(id);/'
