// What a peer can be: it says which, and takes part in every scenario of that role.
//
//     lock     lock(), unlock()
//     signal   post(), wait(): each post lets one wait through
//     channel  send(message), receive(message); with batches send_all(span), receive_some(span) -> count
//     awaited  post(), and wait() to co_await on Asio; enter(io) first and leave() last
//     crowd    many awaited objects: post(i), wait(i, done); enter(io), enter_waker(), leave(); cancel_all() if it can
//
// Each peer has a namespace of its own, around its unnamed one: gcc 12 takes class templates of the same name in two
// unnamed namespaces for one, where they are template arguments.
//
// The object is made by the sampler and used by processes forked from it (support/enter.hpp). What belongs to none of
// the scenarios here, a peer adds itself: add("idle", name, ...).
#pragma once

#include <scenarios/awaited_trip.hpp>
#include <scenarios/contended_lock.hpp>
#include <scenarios/idle.hpp>
#include <scenarios/kill.hpp>
#include <scenarios/many_awaits.hpp>
#include <scenarios/round_trip.hpp>
#include <scenarios/stream.hpp>
#include <scenarios/uncontended.hpp>
#include <support/registry.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace bench {

/// One that never sleeps: what it takes while it waits it would take from those whose idling is measured beside it.
template <class Lock>
void add_spinning_lock(const std::string& peer) {
    add("uncontended_lock", peer, uncontended_lock<Lock>);
    add("contended_lock", peer, contended_lock<Lock>);
    add("kill_owner", peer, kill_owner<Lock>);
}

template <class Lock>
void add_lock(const std::string& peer) {
    add_spinning_lock<Lock>(peer);
    add("idle_lock", peer, [](const options& o) {
        Lock lock;
        enter(lock);
        lock.lock();
        auto result = idle(o, [&] {
            enter(lock);
            lock.lock();
        });
        lock.unlock();
        return result;
    });
}

/// Waits that only ever take the processor: measured for what a round trip costs at the least, and not when idle.
template <class Signal>
void add_spinning_signal(const std::string& peer) {
    add("round_trip", peer, round_trip<Signal>);
}

template <class Signal>
void add_signal(const std::string& peer) {
    add("uncontended_signal", peer, uncontended_signal<Signal>);
    add("round_trip", peer, round_trip<Signal>);
    add("idle_signal", peer, [](const options& o) {
        Signal signal;
        return idle(o, [&] {
            enter(signal, side::receiver);
            signal.wait();
        });
    });
}

/// Beside that: one that may be posted any number of times without anybody waiting.
template <class Signal>
void add_counting_signal(const std::string& peer) {
    add_signal<Signal>(peer);
    add("unheard_signal", peer, unheard_signal<Signal>);
}

template <template <std::size_t Size> class Channel>
void add_streaming(const std::string& peer) {
    add("stream", peer, [](const options& o) {
        return with_size(o.size, [&o]<std::size_t Size>() { return stream<Channel<Size>, Size>(o); });
    });
}

template <template <std::size_t Size> class Channel>
void add_trips(const std::string& peer) {
    add("message_trip", peer, [](const options& o) {
        return with_size(o.size, [&o]<std::size_t Size>() { return message_trip<Channel<Size>, Size>(o); });
    });
}

template <template <std::size_t Size> class Channel>
void add_channel(const std::string& peer) {
    add_streaming<Channel>(peer);
    add_trips<Channel>(peer);
    add("idle_channel", peer, [](const options& o) {
        Channel<64> channel(traffic::of(o));
        return idle(o, [&] {
            enter(channel, side::receiver);
            message<64> m;
            channel.receive(m);
        });
    });
}

/// Channels that can also be used by one process alone, and of which an end may be killed and taken over by another.
template <template <std::size_t Size> class Channel>
void add_shared_channel(const std::string& peer) {
    add_channel<Channel>(peer);
    add("uncontended_channel", peer, [](const options& o) {
        return with_size(o.size, [&o]<std::size_t Size>() { return uncontended_channel<Channel<Size>, Size>(o); });
    });
    add("kill_end", peer, kill_end<Channel<64>, 64>);
}

template <class Signal>
void add_idle_awaited(const std::string& peer) {
    add("idle_awaited", peer, [](const options& o) {
        Signal signal;
        return idle(o, [&] {
            boost::asio::io_context io(1);
            signal.enter(io);
            run_loop(io, [&] { return signal.wait(); });
        });
    });
}

template <class Signal>
void add_awaited(const std::string& peer) {
    add("awaited_trip", peer, awaited_trip<Signal>);
    add_idle_awaited<Signal>(peer);
}

template <class Crowd>
void add_crowd(const std::string& peer) {
    add("many_awaits", peer, many_awaits<Crowd>);
}

} // namespace bench
