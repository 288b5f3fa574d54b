kind "A bell: what is nobody's but its process's gets out, or what is no bell is taken for one"
mutant pipe-inherited "a bell's pipe stays open in the program that its process runs next" \
    process.fork "another program that a process turns into inherits no descriptor: CHECK( other.wait()" \
    $bell 's/(::pipe2\(ends, O_NONBLOCK) \| O_CLOEXEC(\) != 0\) \{)/$1$2/'
mutant mailbox-inherited "and so does its mailbox" \
    process.fork "another program that a process turns into inherits no descriptor: CHECK( other.wait()" \
    $bell 's/MFD_CLOEXEC \| //'
mutant mailbox-unsealed "a mailbox could be shrunk under those who write to it" \
    contract.bell "another process finds the bell and the mailbox, and every ring of its is heard: " \
    $bell 's/F_SEAL_SHRINK \| F_SEAL_GROW \| F_SEAL_SEAL/F_SEAL_SEAL/'
mutant seals-unlooked "and nobody looks whether it could" \
    contract.pipe_bell "what is no bell of that process is not taken for one, and is not written to: CHECK" \
    $peer 's/seals < 0 \|\| \(seals & needed\) != needed/seals < 0/'
mutant pipe-unlooked "nor whether the pipe under a bell's number is that bell's" \
    contract.pipe_bell "what is no bell of that process is not taken for one, and is not written to: CHECK" \
    $peer 's/ \|\| identity\.st_ino != header\.pipe_inode//'
mutant signal-raised "ringing a dead bell raises SIGPIPE" \
    contract.pipe_bell \
    "ringing a dead bell raises no signal, and leaves the process's handler, mask and pending signals alone: CHECK" \
    $peer 's/-1, RWF_NOSIGNAL/-1, 0/'
mutant death-heard-for-ever "a death that was heard is heard again and again" \
    contract.bell "a bell that listens for deaths hears each once, of those only that it listens for: CHECK" \
    $bell 's/::epoll_ctl\(rare_\.get\(\), EPOLL_CTL_DEL[^;]*;//'
