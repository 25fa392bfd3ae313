//! FedBool: federated training of truth values by quantized gradients, with the flips at the server (Leconte 2024,
//! chapter 4, algorithm 4).
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <frugal/algorithm/federated.hpp>
#include <frugal/compress/signs.hpp>
#include <frugal/compress/stovoq.hpp>
#include <frugal/exchange/exchange_by_kind.hpp>
#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/optimizer_by_kind.hpp>
#include <frugal/work/gradient_sum.hpp>

namespace frugal {

//! What becomes of the gradients of the round's clients: their mean, as the source says, or their sum, as it prints. A
//! rate for one is that for the other times or over the number of clients.
enum class client_reduction { mean, sum };

//! Settings of the algorithms whose clients weigh the same: those of federated ones, equal weights unless others are
//! given.
inline federated_options with_equal_weights(federated_options options) {
    if (options.weights.empty()) {
        options.weights.assign(options.clients, 1.0f);
    }
    return options;
}

//! Where the tensors lie that objectives of this source have.
template <class Source>
tensor_layout layout_of(const Source& objective) {
    return objective_of(objective, 0).layout();
}

//! Server: truth values w, an accumulator and beta for each tensor of them (`boolean_optimizer`), real numbers with an
//! optimizer of their own.   Client: nothing.
//!
//! Round: a bit for each w goes down; clients send the sum of their gradients at w over the local steps, quantized; the
//! server combines them and inverts what its accumulator says. Real tensors (a last layer) and their gradients travel
//! in full. The codec is unbiased by default, 13 bits for 16 coordinates and a norm for 512: 0.875 bits a coordinate;
//! with .bias_bits = 0 it is the plain quantizer of the source's section 4.3.2, which shrinks by a factor that the rate
//! absorbs. With `identity`, all clients and one step it is a centralised boolean_optimizer on the union of their
//! mini-batches. No convergence theorem is known. run_report counts "flips": where there are none, nothing is learnt.
template <class F, class B, LocalOptimizer Real = adam, Compressor C = stovoq>
auto fedbool(const federated_options& options, const F& objective, const std::vector<float>& initial, const B& batches,
             boolean_optimizer flips = {}, Real real = Real{.learning_rate = 0.01}, C codec = C{.codewords = 1024},
             client_reduction reduction = client_reduction::mean) {
    const tensor_layout layout = layout_of(objective);
    const auto clients = static_cast<float>(options.sampled == 0 ? options.clients : options.sampled);
    const float scale = reduction == client_reduction::sum ? clients : 1.0f;
    const auto step_of = steps_of(objective, batches, sgd{}, initial.size());
    return federated_population(
        with_equal_weights(options), batches,
        [=](std::size_t client) { return gradient_sum(step_of(client), options.steps, scale); },
        exchange_by_kind(server(std::move(codec), signs()), server<>(), layout),
        optimizer_by_kind(std::move(flips), std::move(real), layout), initial);
}

}  // namespace frugal
