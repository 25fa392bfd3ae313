//! `mpi_engine`: the same nodes on several machines; the same results as `tbb_engine`, to the bit.
#pragma once

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <frugal/engine/mpi_environment.hpp>
#include <frugal/engine/network.hpp>
#include <frugal/engine/node_group.hpp>
#include <frugal/engine/run.hpp>

namespace frugal {

//! Rank r of R steps the nodes floor(r n / R) <= i < floor((r + 1) n / R), with threads of its own.
//!
//! Every rank calls `run` with the same nodes, made the same way. Messages between ranks travel as their bytes and are
//! checked (`message::assign`) on arrival; one posted to several nodes of a rank travels there once. At the end, rank 0
//! has the final state of all nodes. MPI must be initialised with at least MPI_THREAD_FUNNELED (see `mpi_environment`).
struct mpi_engine {
    std::size_t threads = 0;  //!< of each rank; 0: the machine's, divided by the ranks on it
    network_model network{};
    MPI_Comm communicator = MPI_COMM_WORLD;

    //! The part of a run that knows how nodes are placed; see `run`. All its functions are collective.
    template <Node N>
    class session {
    public:
        session(const mpi_engine& engine, std::span<N> nodes)
            : communicator_(engine.communicator),
              group_(nodes, first_of(communicator_.rank, nodes.size()), first_of(communicator_.rank + 1, nodes.size()),
                     engine.threads > 0 ? engine.threads : communicator_.share_of_threads()) {}

        detail::node_group<N>& group() { return group_; }
        std::size_t ranks() const { return communicator_.ranks; }
        std::size_t rank() const { return communicator_.rank; }

        void step(std::uint64_t superstep) {
            group_.step(superstep);
            const std::size_t failed = group_.failed();
            agree(stop_reason::none, failed < group_.size() ? group_.failure(failed) : nullptr);
        }

        std::span<const detail::node_record> exchange() {
            std::exception_ptr failure;
            try {
                group_.check_posts();
            } catch (...) {
                failure = std::current_exception();
            }
            agree(stop_reason::none, failure);
            transfer();
            try {
                receive();
            } catch (...) {
                failure = std::current_exception();
            }
            agree(stop_reason::none, failure);
            return gather_records();
        }

        //! Rank 0's reason, unless a rank brings a failure: then all ranks throw that of the lowest rank.
        stop_reason agree(stop_reason reason, std::exception_ptr failure) {
            const int mine = static_cast<int>(communicator_.rank), none = static_cast<int>(communicator_.ranks);
            int local[2] = {failure ? mine : none, communicator_.rank == 0 ? -static_cast<int>(reason) : 0};
            int all[2] = {none, 0};
            MPI_Allreduce(local, all, 2, MPI_INT, MPI_MIN, communicator_.handle);
            if (all[0] == none) {
                return static_cast<stop_reason>(-all[1]);
            }
            std::vector<std::byte> bytes;
            if (all[0] == mine) {
                const std::string text = text_of(failure);
                const auto* p = reinterpret_cast<const std::byte*>(text.data());
                bytes.assign(p, p + text.size());
            }
            broadcast_from(all[0], bytes);
            if (all[0] == mine) {
                std::rethrow_exception(failure);
            }
            throw error(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
        }

        void broadcast(std::vector<std::byte>& from_root) { broadcast_from(0, from_root); }

        //! Each rank fills the blobs of its nodes; afterwards rank 0 has all of them.
        void gather(std::vector<std::vector<std::byte>>& blobs) {
            std::vector<std::uint64_t> sizes(blobs.size());
            for (std::size_t i = 0; i < blobs.size(); ++i) {
                sizes[i] = group_.owns(i) ? blobs[i].size() : 0;
            }
            MPI_Allreduce(MPI_IN_PLACE, sizes.data(), checked_count(sizes.size()), MPI_UINT64_T, MPI_SUM,
                          communicator_.handle);
            std::vector<MPI_Request> requests;
            for (std::size_t i = 0; i < blobs.size(); ++i) {
                if (communicator_.rank == 0 && !group_.owns(i)) {
                    blobs[i].resize(sizes[i]);
                    start_receive(blobs[i], owner_of(i), requests);
                } else if (communicator_.rank != 0 && group_.owns(i)) {
                    start_send(blobs[i], 0, requests);
                }
            }
            wait(requests);
        }

    private:
        static constexpr std::size_t chunk = std::size_t{1} << 30;  // bytes per MPI call, whose counts are int

        //! A communicator of our own, so that our messages meet nobody else's.
        struct own_communicator {
            explicit own_communicator(MPI_Comm from) {
                MPI_Comm_dup(from, &handle);
                int r = 0, n = 1;
                MPI_Comm_rank(handle, &r);
                MPI_Comm_size(handle, &n);
                rank = static_cast<std::size_t>(r);
                ranks = static_cast<std::size_t>(n);
            }
            own_communicator(const own_communicator&) = delete;
            own_communicator& operator=(const own_communicator&) = delete;
            ~own_communicator() { MPI_Comm_free(&handle); }

            std::size_t share_of_threads() const {
                MPI_Comm machine = MPI_COMM_NULL;
                MPI_Comm_split_type(handle, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
                int here = 1;
                MPI_Comm_size(machine, &here);
                MPI_Comm_free(&machine);
                const int all = oneapi::tbb::this_task_arena::max_concurrency();
                return static_cast<std::size_t>(std::max(1, all / here));
            }

            MPI_Comm handle = MPI_COMM_NULL;
            std::size_t rank = 0;
            std::size_t ranks = 1;
        };

        //! A message that another rank announces: who sent it, to whom here, how long.
        struct arrival {
            std::uint32_t source = 0;
            std::vector<std::uint32_t> destinations;
            std::vector<std::byte> bytes;
            message content;
        };

        std::size_t first_of(std::size_t rank, std::size_t nodes) const { return rank * nodes / communicator_.ranks; }
        int owner_of(std::size_t node) const {
            std::size_t r = node * communicator_.ranks / group_.size();
            while (first_of(r + 1, group_.size()) <= node) {
                ++r;
            }
            return static_cast<int>(r);
        }
        static int checked_count(std::size_t n) {
            expect(n <= INT_MAX, "mpi_engine: too many nodes or messages for one MPI call");
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

        void start_send(std::span<const std::byte> bytes, int to, std::vector<MPI_Request>& requests) {
            for (std::size_t at = 0; at < bytes.size(); at += chunk) {
                const auto part = bytes.subspan(at, std::min(chunk, bytes.size() - at));
                MPI_Isend(part.data(), static_cast<int>(part.size()), MPI_BYTE, to, 0, communicator_.handle,
                          &requests.emplace_back());
            }
        }
        void start_receive(std::span<std::byte> bytes, int from, std::vector<MPI_Request>& requests) {
            for (std::size_t at = 0; at < bytes.size(); at += chunk) {
                const auto part = bytes.subspan(at, std::min(chunk, bytes.size() - at));
                MPI_Irecv(part.data(), static_cast<int>(part.size()), MPI_BYTE, from, 0, communicator_.handle,
                          &requests.emplace_back());
            }
        }
        static void wait(std::vector<MPI_Request>& requests) {
            MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
            requests.clear();
        }
        void broadcast_from(int root, std::vector<std::byte>& bytes) {
            std::uint64_t size = bytes.size();
            MPI_Bcast(&size, 1, MPI_UINT64_T, root, communicator_.handle);
            bytes.resize(size);
            for (std::size_t at = 0; at < bytes.size(); at += chunk) {
                MPI_Bcast(bytes.data() + at, static_cast<int>(std::min(chunk, bytes.size() - at)), MPI_BYTE, root,
                          communicator_.handle);
            }
        }

        //! Sends what goes to other ranks and receives what comes from them.
        void transfer() {
            const std::size_t n = communicator_.ranks;
            arrivals_.resize(n);
            used_.assign(n, 0);
            if (n == 1) {
                return;
            }
            // Announcements, per rank and message: source, number of destinations, length (two words), destinations.
            announce_.resize(n);
            for (auto& a : announce_) {
                a.clear();
            }
            struct departure {
                int to;
                std::span<const std::byte> bytes;
            };
            std::vector<departure> departures;
            for (std::size_t i = group_.first(); i < group_.last(); ++i) {
                for (const auto& post : group_.posted(i).posted()) {
                    std::vector<std::size_t> count_at(n,
                                                      0);  // where the number of destinations stands; 0: not announced
                    for (const std::uint32_t to : post.destinations) {
                        const auto r = static_cast<std::size_t>(owner_of(to));
                        if (r == communicator_.rank) {
                            continue;
                        }
                        auto& a = announce_[r];
                        if (count_at[r] == 0) {
                            const std::uint64_t size = post.content.bytes().size();
                            a.push_back(static_cast<std::uint32_t>(i));
                            count_at[r] = a.size();
                            a.push_back(0);
                            a.push_back(static_cast<std::uint32_t>(size));
                            a.push_back(static_cast<std::uint32_t>(size >> 32));
                            departures.push_back({static_cast<int>(r), post.content.bytes()});
                        }
                        ++a[count_at[r]];
                        a.push_back(to);
                    }
                }
            }
            std::vector<int> send_counts(n), send_at(n), receive_counts(n), receive_at(n);
            std::vector<std::uint32_t> sent, received;
            for (std::size_t r = 0; r < n; ++r) {
                send_counts[r] = checked_count(announce_[r].size());
                send_at[r] = checked_count(sent.size());
                sent.insert(sent.end(), announce_[r].begin(), announce_[r].end());
            }
            MPI_Alltoall(send_counts.data(), 1, MPI_INT, receive_counts.data(), 1, MPI_INT, communicator_.handle);
            std::size_t total = 0;
            for (std::size_t r = 0; r < n; ++r) {
                receive_at[r] = checked_count(total);
                total += static_cast<std::size_t>(receive_counts[r]);
            }
            received.resize(total);
            MPI_Alltoallv(sent.data(), send_counts.data(), send_at.data(), MPI_UINT32_T, received.data(),
                          receive_counts.data(), receive_at.data(), MPI_UINT32_T, communicator_.handle);
            std::vector<MPI_Request> requests;
            for (std::size_t r = 0; r < n; ++r) {
                const std::uint32_t* w = received.data() + receive_at[r];
                const std::uint32_t* const end = w + receive_counts[r];
                while (w != end) {
                    if (used_[r] == arrivals_[r].size()) {
                        arrivals_[r].emplace_back();
                    }
                    arrival& a = arrivals_[r][used_[r]++];
                    a.source = w[0];
                    a.destinations.assign(w + 4, w + 4 + w[1]);
                    a.bytes.resize(w[2] | std::uint64_t{w[3]} << 32);
                    w += 4 + w[1];
                    start_receive(a.bytes, static_cast<int>(r), requests);
                }
            }
            for (const departure& d : departures) {
                start_send(d.bytes, d.to, requests);
            }
            wait(requests);
        }

        //! Checks what came and fills the inboxes, by increasing source: ranks hold increasing nodes.
        void receive() {
            std::vector<arrival*> all;
            for (std::size_t r = 0; r < communicator_.ranks; ++r) {
                for (std::size_t k = 0; k < used_[r]; ++k) {
                    all.push_back(&arrivals_[r][k]);
                }
            }
            group_.parallel(all.size(), [&](std::size_t k) { all[k]->content.assign(all[k]->bytes); });
            group_.clear_inboxes();
            for (std::size_t r = 0; r < communicator_.ranks; ++r) {
                if (r == communicator_.rank) {
                    for (std::size_t i = group_.first(); i < group_.last(); ++i) {
                        group_.deliver_from(i);
                    }
                }
                for (std::size_t k = 0; k < used_[r]; ++k) {
                    for (const std::uint32_t to : arrivals_[r][k].destinations) {
                        group_.deliver(arrivals_[r][k].source, to, arrivals_[r][k].content);
                    }
                }
            }
        }

        std::span<const detail::node_record> gather_records() {
            static_assert(std::is_trivially_copyable_v<detail::node_record>);
            const std::size_t n = communicator_.ranks;
            records_.resize(group_.size());
            std::vector<int> counts(n), at(n);
            for (std::size_t r = 0; r < n; ++r) {
                const std::size_t first = first_of(r, group_.size()), last = first_of(r + 1, group_.size());
                counts[r] = checked_count((last - first) * sizeof(detail::node_record));
                at[r] = checked_count(first * sizeof(detail::node_record));
            }
            const auto own = group_.records();
            MPI_Allgatherv(own.data(), checked_count(own.size_bytes()), MPI_BYTE, records_.data(), counts.data(),
                           at.data(), MPI_BYTE, communicator_.handle);
            return records_;
        }

        own_communicator communicator_;
        detail::node_group<N> group_;
        std::vector<std::vector<std::uint32_t>> announce_;
        std::vector<std::vector<arrival>> arrivals_;  // per rank; their buffers are reused
        std::vector<std::size_t> used_;
        std::vector<detail::node_record> records_;
    };

    template <Node N>
    session<N> open(std::span<N> nodes) const {
        return session<N>(*this, nodes);
    }
};

}  // namespace frugal
