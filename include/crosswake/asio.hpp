// The library's objects, awaited on Boost.Asio (1.81 or newer).
//
//     co_await async_wait(*ready);                                event
//     auto hold = co_await async_lock(*door);                     mutex; an owning guard
//     co_await async_acquire(*slots);                             semaphore
//     co_await async_push(*jobs, j);  job j = co_await async_pop(*jobs);   queue
//     auto d = co_await async_take(*jobs);  d.confirm();          work_queue; back if unconfirmed
//     auto r = co_await async_reserve(*frames, 2 << 20);          message_queue; write r.data(), then r.commit()
//     auto m = co_await async_receive(*frames);                   and read m.data()
//     auto [ec] = co_await async_push_for(*jobs, 50ms, j, asio::as_tuple(asio::use_awaitable));
//
// Each has a twin with _for (a timeout, counted from when the operation starts) and one with _until (a time point). In
// the order of Asio's own pages, for all of them:
//
// Signature.     void(boost::system::error_code) or void(boost::system::error_code, T); the functions say which.
// Token.         Last, default boost::asio::deferred, which can be co_awaited, or given another token later.
// Executor.      It waits in the context of the call's first argument, if that is an executor, else of the handler's
//                associated executor. The handler runs on its associated executor, or if it has none on the first
//                argument, as in boost::asio::post, and never inside the initiating function. A call with neither is
//                refused at compile time, and so is use_future by itself. Any executor of an io_context or a
//                thread_pool will do, strands included.
// Cancellation.  terminal, partial and total are all served as total: an operation that ends as operation_aborted has
//                taken nothing. If it had been granted by then, it ends without error instead.
//                Do not emit a signal after its operation's context is gone: the slot still refers to it.
// Errors.        boost::asio::error::operation_aborted (cancelled; or the object's last handle in this process was
//                closed; or a lock, a delivery, a reservation or a message was granted, and its own handle closed
//                before the handler ran: it is given back then); crosswake::errc::timed_out (_for and _until; nothing
//                was taken), closed, too_large, corrupted, not_shared, too_many_reactors; or the system's own code if
//                the context's bell cannot be made.
// Deadlines.     Built in, because `operation || timer` can lose an item that came in the same turn. Beside Asio's ||,
//                take `closed` as a value (as_tuple): || waits for one success, and ends at no error of one side.
// Thread safety. Distinct operations may be started from distinct threads, on one object and on one context.
// Threads.       None is started. One bell per context is watched while something waits, and one timer set; when
//                nothing of this library's waits, run() has nothing of its to wait for.
// Lifetime.      A pending operation keeps the object's memory mapped. Destroying the context destroys pending handlers
//                uncalled; what had been granted to them is given back, but for an item that was popped from a queue.
// Memory.        One allocation an operation, from the handler's associated allocator, when it starts: failing there is
//                std::bad_alloc, or the error not_enough_memory, and nothing lost. Executors other than an io_context's
//                may allocate once more when the handler is posted; if they cannot, std::terminate.
// Fork.          As Asio says: context.notify_fork() before and after. A child's pending waits go on, beside the
//                parent's.
//
// The awaited loop is the reactor's (<crosswake/reactor.hpp>); these headers only hand its outcomes to handlers.
#pragma once

#include <crosswake/asio/error.hpp>
#include <crosswake/asio/event.hpp>
#include <crosswake/asio/message_queue.hpp>
#include <crosswake/asio/mutex.hpp>
#include <crosswake/asio/queue.hpp>
#include <crosswake/asio/semaphore.hpp>
#include <crosswake/asio/work_queue.hpp>
