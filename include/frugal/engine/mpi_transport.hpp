//! `mpi_transport`: messages of nodes between the processes of an MPI program.
#pragma once

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/engine/mpi_environment.hpp>
#include <frugal/engine/stage.hpp>

namespace frugal {

//! Sends messages as they come, receives them whenever asked, and counts both. A message travels as its bytes and a
//! trailer: destinations (4 bytes each), their number (4), source (4), lane (4), round (8), simulated time (8).
class mpi_transport final : public transport {
public:
    //! How far all ranks are, summed over them.
    struct census {
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
        std::uint64_t unfinished = 0;
        std::uint64_t failed = 0;
        friend bool operator==(const census&, const census&) = default;
    };

    //! A communicator of our own, so that our messages meet nobody else's.
    explicit mpi_transport(MPI_Comm from) {
        MPI_Comm_dup(from, &handle_);
        int r = 0, n = 1;
        MPI_Comm_rank(handle_, &r);
        MPI_Comm_size(handle_, &n);
        rank_ = static_cast<std::size_t>(r);
        ranks_ = static_cast<std::size_t>(n);
    }
    mpi_transport(const mpi_transport&) = delete;
    mpi_transport& operator=(const mpi_transport&) = delete;
    ~mpi_transport() {
        if (std::uncaught_exceptions() == 0) {
            MPI_Comm_free(&handle_);
        }
    }

    std::size_t rank() const { return rank_; }
    std::size_t ranks() const { return ranks_; }
    std::size_t share_of_threads() const {
        MPI_Comm machine = MPI_COMM_NULL;
        MPI_Comm_split_type(handle_, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
        int here = 1;
        MPI_Comm_size(machine, &here);
        MPI_Comm_free(&machine);
        return std::max<std::size_t>(1, stage::default_threads() / static_cast<std::size_t>(here));
    }

    //! Whom to deliver to: rank r of R has the nodes floor(r n / R) <= i < floor((r + 1) n / R).
    void place(std::size_t nodes, stage& local) {
        nodes_ = nodes;
        local_ = &local;
    }

    void reduce(std::span<float> x) override {
        for (std::size_t at = 0; at < x.size(); at += chunk / sizeof(float)) {
            const std::size_t n = std::min(chunk / sizeof(float), x.size() - at);
            MPI_Allreduce(MPI_IN_PLACE, x.data() + at, static_cast<int>(n), MPI_FLOAT, MPI_SUM, handle_);
        }
    }
    void send(std::uint32_t source, std::uint64_t round, const seat::departure& d,
              std::span<const std::uint32_t> destinations) override {
        for (std::size_t i = 0; i < destinations.size();) {
            const std::size_t to = owner_of(destinations[i]);
            std::size_t last = i + 1;
            while (last < destinations.size() && owner_of(destinations[last]) == to) {
                ++last;
            }
            post(to, source, round, d, destinations.subspan(i, last - i));
            i = last;
        }
        reclaim();
    }

    //! Receives what is here; whether there was anything.
    bool poll() {
        bool any = false;
        for (int here = 1; here != 0;) {
            MPI_Message handle = MPI_MESSAGE_NULL;
            MPI_Status status;
            MPI_Improbe(MPI_ANY_SOURCE, tag, handle_, &here, &handle, &status);
            if (here != 0) {
                begin_receive(handle, status);
            }
        }
        while (!arriving_.empty()) {  // in order of arrival: messages of one source keep theirs
            int done = 0;
            MPI_Test(&arriving_.front().request, &done, MPI_STATUS_IGNORE);
            if (done == 0) {
                break;
            }
            letter_ref content = std::move(arriving_.front().content);
            arriving_.pop_front();
            ++received_;
            any = true;
            deliver(std::move(content));
        }
        return any;
    }
    //! Receives what is here and throws it away: of a round that failed.
    void discard() {
        stage* const local = std::exchange(local_, nullptr);
        poll();
        local_ = local;
    }
    //! At the end of a round, all ranks: waits until what was sent has left, and drops what was not received.
    void settle() {
        for (;;) {
            discard();
            reclaim();
            std::uint64_t mine[2] = {sent_, received_}, all[2] = {0, 0};
            MPI_Allreduce(mine, all, 2, MPI_UINT64_T, MPI_SUM, handle_);
            if (all[0] == all[1]) {
                break;
            }
        }
        while (!leaving_.empty()) {
            MPI_Wait(&leaving_.front()->request, MPI_STATUS_IGNORE);
            spare_.push_back(std::move(leaving_.front()));
            leaving_.pop_front();
        }
    }

    void begin_census(std::uint64_t unfinished, bool failed) {
        mine_ = {sent_, received_, unfinished, failed ? std::uint64_t{1} : 0};
        MPI_Iallreduce(&mine_, &sum_, 4, MPI_UINT64_T, MPI_SUM, handle_, &asked_);
    }
    bool end_census(census& sum) {
        int done = 0;
        MPI_Test(&asked_, &done, MPI_STATUS_IGNORE);
        sum = sum_;
        return done != 0;
    }

    //! Throws on every rank unless all give the same value.
    void expect_same(std::uint64_t value, const char* text) {
        const std::uint64_t mine[2] = {value, ~value};
        std::uint64_t all[2] = {};
        MPI_Allreduce(mine, all, 2, MPI_UINT64_T, MPI_MIN, handle_);
        expect(all[0] == ~all[1], text);
    }
    //! Rank 0's number, unless a rank brings a failure: then all ranks throw that of the lowest rank.
    int agree(int number, const std::exception_ptr& failure) {
        const int mine = static_cast<int>(rank_), none = static_cast<int>(ranks_);
        int local[2] = {failure ? mine : none, rank_ == 0 ? -number : 0};
        int all[2] = {none, 0};
        MPI_Allreduce(local, all, 2, MPI_INT, MPI_MIN, handle_);
        if (all[0] == none) {
            return -all[1];
        }
        std::vector<std::byte> bytes;
        if (all[0] == mine) {
            const std::string text = text_of(failure);
            const auto* p = reinterpret_cast<const std::byte*>(text.data());
            bytes.assign(p, p + text.size());
        }
        broadcast(all[0], bytes);
        if (all[0] == mine) {
            std::rethrow_exception(failure);
        }
        throw error(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    }
    void broadcast(int root, std::vector<std::byte>& bytes) {
        std::uint64_t size = bytes.size();
        MPI_Bcast(&size, 1, MPI_UINT64_T, root, handle_);
        bytes.resize(size);
        for (std::size_t at = 0; at < bytes.size(); at += chunk) {
            MPI_Bcast(bytes.data() + at, static_cast<int>(std::min(chunk, bytes.size() - at)), MPI_BYTE, root, handle_);
        }
    }
    //! all <- every rank's bytes, in order of rank.
    void gather_to_all(std::span<const std::byte> mine, std::vector<std::byte>& all) {
        const int size = checked_count(mine.size());
        std::vector<int> sizes(ranks_), at(ranks_);
        MPI_Allgather(&size, 1, MPI_INT, sizes.data(), 1, MPI_INT, handle_);
        std::size_t total = 0;
        for (std::size_t r = 0; r < ranks_; ++r) {
            at[r] = checked_count(total);
            total += static_cast<std::size_t>(sizes[r]);
        }
        all.resize(total);
        MPI_Allgatherv(mine.data(), size, MPI_BYTE, all.data(), sizes.data(), at.data(), MPI_BYTE, handle_);
    }
    //! Each rank fills the blobs of its nodes; afterwards rank 0 has all of them.
    void gather(std::vector<std::vector<std::byte>>& blobs) {
        std::vector<std::uint64_t> sizes(blobs.size());
        for (std::size_t i = 0; i < blobs.size(); ++i) {
            sizes[i] = owner_of(i) == rank_ ? blobs[i].size() : 0;
        }
        MPI_Allreduce(MPI_IN_PLACE, sizes.data(), checked_count(sizes.size()), MPI_UINT64_T, MPI_SUM, handle_);
        std::vector<MPI_Request> requests;
        for (std::size_t i = 0; i < blobs.size(); ++i) {
            const std::size_t owner = owner_of(i);
            if (owner == 0 || (rank_ != 0 && rank_ != owner)) {
                continue;
            }
            blobs[i].resize(sizes[i]);
            for (std::size_t at = 0; at < blobs[i].size(); at += chunk) {
                const int n = static_cast<int>(std::min(chunk, blobs[i].size() - at));
                if (rank_ == 0) {
                    MPI_Irecv(blobs[i].data() + at, n, MPI_BYTE, static_cast<int>(owner), tag_of_blobs, handle_,
                              &requests.emplace_back());
                } else {
                    MPI_Isend(blobs[i].data() + at, n, MPI_BYTE, 0, tag_of_blobs, handle_, &requests.emplace_back());
                }
            }
        }
        MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
    }

private:
    static constexpr std::size_t chunk = std::size_t{1} << 30;  // bytes per MPI call, whose counts are int
    static constexpr int tag = 1;
    static constexpr int tag_of_blobs = 2;

    struct trailer {
        double time;
        std::uint64_t round;
        std::uint32_t lane;
        std::uint32_t source;
        std::uint32_t destinations;
    };
    static constexpr std::size_t trailer_size = 28;

    //! Bytes on their way out.
    struct parcel {
        std::vector<std::byte> bytes;
        MPI_Request request = MPI_REQUEST_NULL;
    };
    struct arrival {
        letter_ref content;
        MPI_Request request;
    };

    static int checked_count(std::size_t n) {
        expect(n <= INT_MAX, "mpi_engine: more than 2^31 - 1 nodes or bytes for one MPI call");
        return static_cast<int>(n);
    }
    static std::string text_of(const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            return e.what();
        } catch (...) {
            return "an exception that is no std::exception";
        }
    }
    std::size_t owner_of(std::size_t node) const {
        std::size_t r = node * ranks_ / nodes_;
        while ((r + 1) * nodes_ / ranks_ <= node) {
            ++r;
        }
        return r;
    }

    void post(std::size_t to, std::uint32_t source, std::uint64_t round, const seat::departure& d,
              std::span<const std::uint32_t> destinations) {
        std::unique_ptr<parcel> p;
        if (spare_.empty()) {
            p = std::make_unique<parcel>();
        } else {
            p = std::move(spare_.back());
            spare_.pop_back();
        }
        const auto content = d.content->bytes();
        p->bytes.resize(content.size() + destinations.size_bytes() + trailer_size);
        std::byte* at = p->bytes.data();
        const auto put = [&](const void* from, std::size_t n) {
            std::memcpy(at, from, n);
            at += n;
        };
        const trailer t{d.time, round, d.lane, source, static_cast<std::uint32_t>(destinations.size())};
        put(content.data(), content.size());
        put(destinations.data(), destinations.size_bytes());
        put(&t, trailer_size);
        MPI_Isend(p->bytes.data(), checked_count(p->bytes.size()), MPI_BYTE, static_cast<int>(to), tag, handle_,
                  &p->request);
        leaving_.push_back(std::move(p));
        ++sent_;
    }
    //! Takes back the buffers of what has left.
    void reclaim() {
        for (int done = 1; done != 0 && !leaving_.empty();) {
            MPI_Test(&leaving_.front()->request, &done, MPI_STATUS_IGNORE);
            if (done != 0) {
                spare_.push_back(std::move(leaving_.front()));
                leaving_.pop_front();
            }
        }
    }
    void begin_receive(MPI_Message& handle, MPI_Status& status) {
        int size = 0;
        MPI_Get_count(&status, MPI_BYTE, &size);
        arriving_.push_back({letters_.take(), MPI_REQUEST_NULL});
        auto& buffer = arriving_.back().content->buffer();
        buffer.resize(static_cast<std::size_t>(size));
        MPI_Imrecv(buffer.data(), size, MPI_BYTE, &handle, &arriving_.back().request);
    }
    void deliver(letter_ref content) {
        if (local_ == nullptr) {
            return;
        }
        auto& buffer = content->buffer();
        trailer t{};
        expect_message(buffer.size() >= trailer_size, "a message between ranks is shorter than its trailer");
        std::memcpy(&t, buffer.data() + buffer.size() - trailer_size, trailer_size);
        const std::size_t addresses = std::size_t{t.destinations} * sizeof(std::uint32_t);
        expect_message(buffer.size() >= trailer_size + addresses,
                       "a message between ranks is shorter than its trailer");
        destinations_.resize(t.destinations);
        std::memcpy(destinations_.data(), buffer.data() + buffer.size() - trailer_size - addresses, addresses);
        buffer.resize(buffer.size() - trailer_size - addresses);
        content->accept();
        for (const std::uint32_t to : destinations_) {
            local_->receive(to, t.lane, {t.source, content, t.time});
        }
    }

    MPI_Comm handle_ = MPI_COMM_NULL;
    std::size_t rank_ = 0;
    std::size_t ranks_ = 1;
    std::size_t nodes_ = 1;
    stage* local_ = nullptr;
    letter_pool letters_;
    std::deque<std::unique_ptr<parcel>> leaving_;
    std::vector<std::unique_ptr<parcel>> spare_;
    std::deque<arrival> arriving_;
    std::vector<std::uint32_t> destinations_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    census mine_;
    census sum_;
    MPI_Request asked_ = MPI_REQUEST_NULL;
};

}  // namespace frugal
