kind "On Asio: a handler runs where or when it should not, a grant is lost, or run() returns too late or too early"
mutant executor-passed-over "a handler runs where its wait was, and not on the executor that is bound to it" \
    async.threads \
    "a wait is in the context that is named, and its handler runs on the executor that is bound to it: CHECK( strand" \
    $handler 's/boost::asio::dispatch\(own, step<&async_operation::complete>\{this\}\);/complete();/'
mutant handler-inside-start "what is there at once is handed over inside the call" \
    async.contexts "a handler never runs inside the function that starts its operation: CHECK" \
    $handler 's/deliver\(manner::post\);(\n    \})/deliver(manner::inline_if_possible);$1/'
mutant handler-inside-cancel "a cancelled wait's handler runs inside the emission" \
    async.threads \
    "a handler never runs inside the emission of its cancellation, nor inside the closing of the object: CHECK" \
    $service 's/w\.deliver\(asio_wait::manner::post\);/w.deliver(asio_wait::manner::inline_if_possible);/'
mutant handlers-inline "of several handlers each runs at once: what one throws costs the others their turn" \
    async.lifetime "what a handler throws leaves run(), and costs the other handlers nothing: " \
    $service 's/ended\.first == ended\.last \? asio_wait/true ? asio_wait/'
mutant lone-handler-blocks "while a lone handler runs, nobody watches the bell" \
    async.threads "a handler that blocks its thread keeps nobody in the context's other threads waiting: REQUIRE" \
    $service 's/if \(ended\.first != nullptr [^\n]* reactor_->waiting\(\) != 0\)\s*go_on\(\);//'
mutant slot-uncleared "a finished operation stays in its cancellation slot" \
    async.contexts "a cancellation slot is free when its operation's handler runs, which may want it for the next: " \
    $handler 's/slot\.clear\(\);/{}/'
mutant granted-and-aborted "a wait that was granted, and cancelled afterwards, ends as cancelled" \
    async.contexts "what was granted before it was cancelled is kept, though its handler has not run yet: CHECK_FALSE" \
    $handler 's/(op->service_\.cancel\(\*op\);)/{ op->error_ = boost::asio::error::operation_aborted; $1 }/'
mutant grant-kept "what was granted to a handler that is destroyed is not given back" \
    async.lifetime \
    "what was granted to a handler that dies undelivered is given back, but for an item of a queue: CHECK( s->permits" \
    $handler 's/if \(granted_\)\s*completion<Op>::give_back\(operation_\);//'
mutant closed-delivered "what lies in an object is handed over when the object is closed" \
    async.message_queue "what was granted and not yet delivered when the handle was closed is given back: CHECK_FALSE" \
    $handler 's/if \(granted_ && this->object_is_closed\(\)\)/if (false)/'
mutant guard-dropped "a wait is no work to the context of its handler" \
    async.threads \
    "a wait is in the context that is named, and its handler runs on the executor that is bound to it: CHECK( !" \
    $handler 's/outstanding_work\.tracked/outstanding_work.untracked/'
mutant watch-kept "the bell is watched when nothing waits any more" \
    async.contexts "run() goes on while something waits, and returns when nothing does: REQUIRE( runs_out" \
    $service 's/for \(auto& w : watches_\)\s*w->cancel\(\);//'
mutant timer-kept "the timer runs on when nothing waits any more" \
    async.contexts "an io_context with four threads, a thread_pool, and strands on both take each item once: " \
    $service 's/timer_->cancel\(\);/{}/'
