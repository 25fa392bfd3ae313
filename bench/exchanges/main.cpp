// What a mean of one vector costs between MPI ranks: exchanges and codecs against MPI_Allreduce of the floats, in one
// run.
//   mpirun -n 2 exchanges [--elements N] [--repetitions N] [--link NAME] [--only TEXT] >> lines.json
// Prints one JSON object a line: link, exchange, compressor, bytes, ranks, seconds (the median over repetitions of the
// slowest rank), relative_error (||result - mean||^2 / ||mean||^2). bench/exchanges.sh runs it over limited links.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/engine/mpi_engine.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/exchange/when_it_pays.hpp>
#include <frugal/kernels/normals.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/sign.hpp>

namespace {

using namespace frugal;

struct settings {
    std::size_t elements = 4194304;
    std::size_t repetitions = 7;
    std::string link = "memory";
    std::string only;
};

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<float> gradient(std::size_t n, int rank) {
    std::vector<float> x(n);
    kernels::fill_normal(random_stream({.seed = 1, .node = static_cast<std::uint32_t>(rank), .purpose = 99}), x);
    return x;
}

//! Exchanges its vector once a round, all nodes at once.
template <class E>
struct timed_node {
    E exchange;
    std::vector<float> original;
    std::vector<float> x{};
    std::vector<double> seconds{};

    task<> round(peer here) {
        x = original;
        double zero[1] = {0};
        co_await agree_on_sum(here.lane(0), zero);
        const double begin = now();
        co_await mean_of(exchange, here.lane(1), x);
        seconds.push_back(now() - begin);
    }
    void state(state_archive&) {}
};

class report {
public:
    report(const settings& s, int rank, int ranks) : settings_(s), rank_(rank), ranks_(ranks), exact_(s.elements) {
        const auto x = gradient(s.elements, rank);
        MPI_Allreduce(x.data(), exact_.data(), static_cast<int>(s.elements), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
        for (float& v : exact_) {
            v /= static_cast<float>(ranks);
        }
    }
    void add(const std::string& exchange, const std::string& compressor, std::vector<double> seconds,
             const std::vector<float>& x) {
        MPI_Allreduce(MPI_IN_PLACE, seconds.data(), static_cast<int>(seconds.size()), MPI_DOUBLE, MPI_MAX,
                      MPI_COMM_WORLD);
        seconds.erase(seconds.begin(), seconds.begin() + 2);  // while buffers grow
        std::sort(seconds.begin(), seconds.end());
        double error = 0, norm = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double e = exact_[i], d = x[i] - e;
            error += d * d;
            norm += e * e;
        }
        if (rank_ == 0) {
            std::printf(
                "{\"link\":\"%s\",\"exchange\":\"%s\",\"compressor\":\"%s\",\"bytes\":%zu,\"ranks\":%d,"
                "\"seconds\":%.6f,\"relative_error\":%.4g}\n",
                settings_.link.c_str(), exchange.c_str(), compressor.c_str(), x.size() * sizeof(float), ranks_,
                seconds[seconds.size() / 2], error / norm);
            std::fflush(stdout);
        }
    }
    bool wants(const std::string& name) const { return name.find(settings_.only) != std::string::npos; }
    const settings& options() const { return settings_; }
    int rank() const { return rank_; }

private:
    settings settings_;
    int rank_;
    int ranks_;
    std::vector<float> exact_;
};

void all_reduce(report& out) {
    std::vector<double> seconds;
    std::vector<float> x;
    const auto original = gradient(out.options().elements, out.rank());
    int ranks = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    for (std::size_t i = 0; i < out.options().repetitions + 2; ++i) {
        x = original;
        MPI_Barrier(MPI_COMM_WORLD);
        const double begin = now();
        MPI_Allreduce(MPI_IN_PLACE, x.data(), static_cast<int>(x.size()), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
        for (float& v : x) {
            v *= 1.0f / static_cast<float>(ranks);
        }
        seconds.push_back(now() - begin);
    }
    out.add("MPI_Allreduce", "identity", seconds, x);
}

template <class E>
void measure(report& out, const std::string& exchange, const std::string& compressor, E prototype) {
    if (!out.wants(exchange + " " + compressor)) {
        return;
    }
    int ranks = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    population<timed_node<E>> nodes(static_cast<std::size_t>(ranks), 7, [&](std::uint32_t i) {
        return timed_node<E>{prototype, gradient(out.options().elements, static_cast<int>(i))};
    });
    run(mpi_engine{.threads = 1}, nodes, rounds{out.options().repetitions + 2});
    const auto& own = nodes[static_cast<std::size_t>(out.rank())];
    out.add(exchange, compressor, own.seconds, own.x);
}

template <class C>
void measure_all(report& out, const std::string& name, C codec) {
    measure(out, "sharded", name, sharded(codec, codec));
    measure(out, "all_gather", name, all_gather(codec, mean{}, {.block = 65536}));
    measure(out, "server", name, server(codec, codec, mean{}, {.block = 65536, .contributes = true}));
}

}  // namespace

int main(int argc, char** argv) {
    mpi_environment mpi;
    return mpi.guard([&] {
        settings s;
        for (int i = 1; i + 1 < argc; i += 2) {
            const std::string_view option = argv[i];
            if (option == "--elements") {
                s.elements = std::strtoull(argv[i + 1], nullptr, 10);
            } else if (option == "--repetitions") {
                s.repetitions = std::strtoull(argv[i + 1], nullptr, 10);
            } else if (option == "--link") {
                s.link = argv[i + 1];
            } else if (option == "--only") {
                s.only = argv[i + 1];
            } else {
                throw invalid_input("exchanges: unknown option " + std::string(option));
            }
        }
        report out(s, mpi.rank(), mpi.ranks());
        all_reduce(out);
        measure_all(out, "dithered-1", scalar_compressor{dithered{.levels = 1}});
        measure_all(out, "dithered-7-b512", scalar_compressor{dithered{.levels = 7}, bucketed{max_norm{}, 512}});
        measure_all(out, "sign", scalar_compressor{sign{}});
        measure_all(out, "top-k", sparse_compressor{top_k{.fraction = 0.01}});
        measure_all(out, "identity", identity{});
        measure(out, "when_it_pays(sharded)", "dithered-7-b512",
                when_it_pays(sharded(scalar_compressor{dithered{.levels = 7}, bucketed{max_norm{}, 512}})));
        measure(out, "when_it_pays(sharded)", "sign", when_it_pays(sharded(scalar_compressor{sign{}})));
        return 0;
    });
}
