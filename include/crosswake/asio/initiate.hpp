// From an operation to an Asio asynchronous operation: the one path that all async_ functions take.
#pragma once

#include <crosswake/asio/error.hpp>
#include <crosswake/asio/room.hpp>
#include <crosswake/asio/service.hpp>
#include <crosswake/deadline.hpp>
#include <crosswake/operation.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

namespace crosswake::detail {

/// How long an asynchronous operation waits; a timeout counts from when the operation starts, which for a deferred one
/// is later than when it was named.
class patience {
public:
    patience() noexcept = default;
    template <class Rep, class Period>
    explicit patience(std::chrono::duration<Rep, Period> timeout) noexcept : timeout_(deadline::whole(timeout)) {}
    template <class Clock, class Duration>
    explicit patience(std::chrono::time_point<Clock, Duration> moment) noexcept : until_(deadline::at(moment)) {}

    [[nodiscard]] deadline from_now() const noexcept { return timeout_ ? deadline::after(*timeout_) : until_; }

private:
    std::optional<std::chrono::nanoseconds> timeout_;
    deadline until_;
};

/// How an operation's outcome reaches a handler. Specialised beside each async_ function:
///     using signature = void(boost::system::error_code, …);
///     static errc error(const Op&);              what a finished operation came to
///     static std::tuple<…> values(Op&, bool ok); what the handler gets after the error code
///     static void give_back(Op&);                it was granted, and its handler will never know
///     static constexpr bool refers_to_object     if values() do: then they go back once the handle is closed
template <class Op>
struct completion;

/// The executor argument of a call that has none: the handler brings its own.
struct handlers_executor {};

/// Whether asio::dispatch would call a handler at once; asked where the type-erased way there costs several indirect
/// calls.
inline bool runs_here(const boost::asio::io_context::executor_type& ex) {
    return ex.running_in_this_thread();
}
inline bool runs_here(const boost::asio::any_io_executor& ex) {
    const auto* const known = ex.target<boost::asio::io_context::executor_type>();
    return known != nullptr && known->running_in_this_thread();
}
template <class Executor>
bool runs_here(const Executor&) {
    return false;
}

/// asio::post, past the type-erased way, which would allocate memory of its own.
template <class Executor, class Step>
void post_step(const Executor& ex, Step&& step) {
    if constexpr (std::is_same_v<Executor, boost::asio::any_io_executor>)
        if (const auto* const known = ex.template target<boost::asio::io_context::executor_type>()) {
            boost::asio::post(*known, std::forward<Step>(step));
            return;
        }
    boost::asio::post(ex, std::forward<Step>(step));
}

template <class Handler>
inline constexpr bool has_own_executor =
    !std::is_same_v<boost::asio::associated_executor_t<Handler, handlers_executor>, handlers_executor>;

/// A std::future's handler has an executor, which runs on the system's threads: nobody chose it.
template <class Executor>
inline constexpr bool is_a_futures = false;
template <class... P>
inline constexpr bool is_a_futures<boost::asio::detail::promise_executor<P...>> = true;

struct no_other_executor {};

/// If the handler has another executor: that one, with the work that keeps its context running, which may be another.
template <bool HandlerHasAnother, class Handler, class Executor>
auto own_executor_of([[maybe_unused]] const Handler& handler, [[maybe_unused]] const Executor& ex) {
    if constexpr (HandlerHasAnother)
        return boost::asio::prefer(boost::asio::get_associated_executor(handler, ex),
                                   boost::asio::execution::outstanding_work.tracked);
    else
        return no_other_executor{};
}

/// Waits in the context of Executor, and calls the handler on it; on the handler's own, if the handler has another.
template <class Op, class Handler, class Executor, bool HandlerHasAnother>
class async_operation final : public asio_wait {
public:
    // A handler that names none gets Asio's recycled memory, as in Asio's own operations.
    using allocator_type = boost::asio::associated_allocator_t<Handler, boost::asio::recycling_allocator<void>>;

    static allocator_type allocator_of(const Handler& handler) noexcept {
        return boost::asio::get_associated_allocator(handler, boost::asio::recycling_allocator<void>());
    }

    static void start(reactor_service& service, Op op, deadline until, Handler handler, const Executor& ex) {
        alloc a(allocator_of(handler));
        auto* const at = std::allocator_traits<alloc>::allocate(a, 1);
        async_operation* self = nullptr;
        try {
            self =
                ::new (static_cast<void*>(at)) async_operation(service, std::move(op), until, std::move(handler), ex);
        } catch (...) {
            std::allocator_traits<alloc>::deallocate(a, at, 1);
            throw;
        }
        self->begin(ex);
    }

    void deliver(manner how) override {
        if (how == manner::inline_if_possible && runs_here(executor_))
            return arrive();
        const auto ex = std::move(executor_); // the operation may be gone before the call returns
        if (how == manner::post)
            post_step(ex, step<&async_operation::arrive>{this});
        else
            boost::asio::dispatch(ex, step<&async_operation::arrive>{this});
    }

    void destroy() noexcept override {
        const Handler handler(std::move(handler_));
        free_memory(handler);
    }

private:
    using alloc = typename std::allocator_traits<allocator_type>::template rebind_alloc<async_operation>;

    /// What is posted: owns the operation until Go takes it over, or until it is thrown away uncalled.
    template <void (async_operation::*Go)()>
    class step {
    public:
        using allocator_type = room_allocator<void, async_operation::allocator_type>;

        explicit step(async_operation* op) noexcept : op_(op) {}
        step(step&& other) noexcept : op_(std::exchange(other.op_, nullptr)) {}
        ~step() {
            if (op_ != nullptr)
                op_->destroy();
        }
        [[nodiscard]] allocator_type get_allocator() const noexcept {
            return {op_->room_, allocator_of(op_->handler_)};
        }
        void operator()() { (std::exchange(op_, nullptr)->*Go)(); }

    private:
        async_operation* op_;
    };

    struct canceller {
        async_operation* op;
        void operator()(boost::asio::cancellation_type type) const {
            // Every type is served as `total`: what was cancelled took nothing.
            if (type != boost::asio::cancellation_type::none)
                op->service_.cancel(*op);
        }
    };

    async_operation(reactor_service& service, Op op, deadline until, Handler&& handler, const Executor& ex)
        : asio_wait(until), service_(service), operation_(std::move(op)), handler_(std::move(handler)), executor_(ex),
          own_executor_(own_executor_of<HandlerHasAnother>(handler_, ex)) {}

    ~async_operation() {
        if (granted_)
            completion<Op>::give_back(operation_);
    }

    void begin(const Executor& ex) {
        if (service_.is_shut_down())
            return destroy(); // started by what the shutdown destroys
        // The slot is connected first: once the reactor has it, the operation may be over, in another thread, at any
        // time.
        try {
            auto slot = boost::asio::get_associated_cancellation_slot(handler_);
            if (slot.is_connected())
                slot.template emplace<canceller>(canceller{this});
        } catch (...) {
            destroy();
            throw;
        }
        std::error_code error;
        switch (service_.start(*this, operation_, ex, error)) {
        case start_result::waiting:
            return;
        case start_result::done:
            finish(wait_result::done);
            break;
        case start_result::timed_out:
            finish(wait_result::timed_out);
            break;
        case start_result::failed:
            error_ = to_boost(error);
            break;
        }
        deliver(manner::post);
    }

    void completed(wait_result result) noexcept override {
        finish(result);
        service_.over(*this);
    }

    void finish(wait_result result) noexcept {
        switch (result) {
        case wait_result::done:
            if (const auto e = completion<Op>::error(operation_); e != errc{})
                error_ = to_boost(e);
            else
                granted_ = true;
            break;
        case wait_result::timed_out:
            error_ = to_boost(errc::timed_out);
            break;
        case wait_result::cancelled:
        case wait_result::aborted:
            error_ = boost::asio::error::operation_aborted;
            break;
        }
    }

    /// On the executor of the wait.
    void arrive() {
        if constexpr (HandlerHasAnother) {
            const auto own = std::move(own_executor_);
            boost::asio::dispatch(own, step<&async_operation::complete>{this});
        } else {
            complete();
        }
    }

    /// On the handler's executor.
    void complete() {
        auto slot = boost::asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected())
            slot.clear();
        Handler handler(std::move(handler_));
        if constexpr (requires { completion<Op>::refers_to_object; })
            if (granted_ && this->object_is_closed()) {
                completion<Op>::give_back(operation_);
                granted_ = false;
                error_ = boost::asio::error::operation_aborted;
            }
        auto values = completion<Op>::values(operation_, std::exchange(granted_, false));
        const auto error = error_;
        // The memory is free again before the handler runs, which may want it for its next operation.
        free_memory(handler);
        std::apply([&](auto&&... v) { std::move(handler)(error, std::move(v)...); }, std::move(values));
    }

    /// The allocator is the handler's, which has been moved out by now.
    void free_memory(const Handler& handler) noexcept {
        alloc a(allocator_of(handler));
        this->~async_operation();
        std::allocator_traits<alloc>::deallocate(a, this, 1);
    }

    reactor_service& service_;
    Op operation_;
    Handler handler_;
    // Needs no tracking of work: while this waits, the context's watch of the bell is work, and afterwards the post is.
    Executor executor_;
    [[no_unique_address]] decltype(own_executor_of<HandlerHasAnother>(std::declval<const Handler&>(),
                                                                      std::declval<const Executor&>())) own_executor_;
    boost::system::error_code error_;
    bool granted_ = false;
    room room_; // for the step that is posted
};

/// Where it waits. The argument of the call counts more than what the handler brings.
template <class Handler, class Executor>
auto executor_for(const Handler& handler, const Executor& ex) {
    if constexpr (std::is_same_v<Executor, handlers_executor>) {
        static_assert(has_own_executor<Handler>,
                      "this handler has no executor: bind one to it (boost::asio::bind_executor), or pass one as the "
                      "first argument, as to boost::asio::post");
        static_assert(!is_a_futures<boost::asio::associated_executor_t<Handler>>,
                      "use_future has no executor: pass one as the first argument, as to boost::asio::post");
        return boost::asio::get_associated_executor(handler);
    } else {
        return ex;
    }
}

/// `make()` makes the operation when it starts.
template <class Op, class Executor, class Make, class Token>
auto initiate(const Executor& ex, Make make, patience how_long, Token&& token) {
    return boost::asio::async_initiate<Token, typename completion<Op>::signature>(
        [](auto&& handler, Executor given, Make m, patience p) {
            using handler_type = std::decay_t<decltype(handler)>;
            const auto target = executor_for(handler, given);
            auto& service = reactor_service::of(target);
            constexpr bool another = !std::is_same_v<Executor, handlers_executor> && has_own_executor<handler_type>;
            async_operation<Op, handler_type, std::decay_t<decltype(target)>, another>::start(
                service, m(), p.from_now(), std::forward<decltype(handler)>(handler), target);
        },
        token, ex, std::move(make), how_long);
}

template <class T>
concept an_executor = boost::asio::is_executor<T>::value || boost::asio::execution::is_executor<T>::value;

using default_token = boost::asio::deferred_t;

} // namespace crosswake::detail
