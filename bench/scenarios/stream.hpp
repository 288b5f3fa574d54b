// Messages from producers to consumers, as fast as they go; and one at a time there and back.
#pragma once

#include <scenarios/round_trip.hpp>
#include <support/clock.hpp>
#include <support/enter.hpp>
#include <support/message.hpp>
#include <support/options.hpp>
#include <support/process.hpp>
#include <support/shared.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace bench {

template <class Channel, std::size_t Size>
concept moves_batches = requires(Channel c, std::span<message<Size>> room) {
    c.receive_some(room);
};

template <class Channel, std::size_t Size>
void refuse_batches(const options& o) {
    if (o.batch > 1 && !moves_batches<Channel, Size>)
        throw cannot("no call for several is measured");
}

/// Each producer ends with a mark for each consumer, and a consumer once it has had as many marks as there are
/// producers: so everything sent was received, and a checksum says so.
template <class Channel, std::size_t Size>
values stream(const options& o) {
    constexpr std::size_t most = 16;
    struct tally {
        alignas(64) std::uint64_t messages = 0;
        std::uint64_t sum = 0;
    };
    struct harbour {
        start_line line;
        alignas(64) std::atomic<bool> over{false};
        std::array<tally, most> sent;
        std::array<tally, most> received;
    };
    constexpr bool batches = moves_batches<Channel, Size>;
    refuse_batches<Channel, Size>(o);
    if (o.producers > most || o.consumers > most)
        throw cannot("so many processes");

    const shared<harbour> h;
    Channel channel(traffic::of(o));
    const auto everybody = static_cast<std::uint32_t>(o.producers + o.consumers + 1);

    const auto produce = [&](std::size_t index) {
        std::vector<message<Size>> batch(o.batch);
        tally mine;
        const auto numbered = [&](message<Size>& m) {
            m.number = mine.messages++;
            mine.sum += m.number;
        };
        while (!h->over.load(std::memory_order_relaxed)) {
            if constexpr (batches)
                if (o.batch > 1) {
                    for (auto& m : batch)
                        numbered(m);
                    channel.send_all(std::span<const message<Size>>(batch));
                    continue;
                }
            numbered(batch[0]);
            channel.send(batch[0]);
        }
        h->sent[index] = mine;
        batch[0].number = the_end;
        for (std::size_t i = 0; i < o.consumers; ++i)
            channel.send(batch[0]);
    };
    const auto consume = [&](std::size_t index) {
        std::vector<message<Size>> batch(o.batch);
        tally mine;
        for (std::size_t marks = 0; marks < o.producers;) {
            std::size_t got = 1;
            if constexpr (batches) {
                if (o.batch > 1)
                    got = channel.receive_some(std::span<message<Size>>(batch));
                else
                    channel.receive(batch[0]);
            } else {
                channel.receive(batch[0]);
            }
            for (std::size_t i = 0; i < got; ++i) {
                if (batch[i].number == the_end) {
                    if (marks < o.producers)
                        ++marks;
                    else // it is for another
                        channel.send(batch[i]);
                    continue;
                }
                ++mine.messages;
                mine.sum += batch[i].number;
            }
        }
        h->received[index] = mine;
    };

    std::vector<child> children;
    for (std::size_t i = 0; i < o.producers; ++i)
        children.emplace_back([&, i] {
            pin_to(o.core_of(i));
            enter(channel, side::sender, i);
            h->line.meet(everybody);
            produce(i);
            leave(channel);
        });
    for (std::size_t i = 0; i < o.consumers; ++i)
        children.emplace_back([&, i] {
            pin_to(o.core_of(i + 1));
            enter(channel, side::receiver, i);
            h->line.meet(everybody);
            consume(i);
            leave(channel);
        });
    h->line.meet(everybody, [&] { look_after(children); });
    const stopwatch w;
    rest(o.seconds);
    h->over.store(true);
    join_all(children);
    const double seconds = w.s();

    tally balance;
    double messages = 0;
    for (const auto& t : h->sent) {
        balance.messages += t.messages;
        balance.sum += t.sum;
    }
    for (const auto& t : h->received) {
        messages += static_cast<double>(t.messages);
        balance.messages -= t.messages;
        balance.sum -= t.sum;
    }
    if (balance.messages != 0 || balance.sum != 0)
        throw std::runtime_error("what was received is not what was sent");
    return {{"messages_per_s", messages / seconds}, {"gb_per_s", messages * Size / seconds / 1e9}};
}

/// One message there and one back; or a batch, which is all there before the answer is sent.
template <class Channel, std::size_t Size>
values message_trip(const options& o) {
    class as_signal {
    public:
        explicit as_signal(const options& o) : channel_(traffic::of(o)), batch_(o.batch) {}
        void enter(side s, std::size_t index) { bench::enter(channel_, s, index); }
        void leave() { bench::leave(channel_); }
        void post() {
            if constexpr (moves_batches<Channel, Size>)
                if (batch_.size() > 1)
                    return channel_.send_all(std::span<const message<Size>>(batch_));
            channel_.send(batch_[0]);
        }
        void wait() {
            if constexpr (moves_batches<Channel, Size>)
                if (batch_.size() > 1) {
                    for (std::span<message<Size>> room(batch_); !room.empty();)
                        room = room.subspan(channel_.receive_some(room));
                    return;
                }
            channel_.receive(batch_[0]);
        }

    private:
        Channel channel_;
        std::vector<message<Size>> batch_;
    };
    refuse_batches<Channel, Size>(o);
    return round_trip_of(o, [&] { return as_signal(o); });
}

} // namespace bench
