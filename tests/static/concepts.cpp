// Every concept: models, and what just misses being one. All of it is checked while this compiles.

#include <cstdint>
#include <string>
#include <vector>

#include <frugal/frugal.hpp>

namespace {

using namespace frugal;

// Quantizer

struct plain_quantizer {
    alphabet symbols() const { return {-1, 1}; }
    float index(float x) const { return x; }
    float value(float i) const { return i; }
};
struct quantizer_of_int : plain_quantizer {
    int index(float) const { return 0; }
};
struct quantizer_of_double : plain_quantizer {
    double value(double i) const { return i; }
};
struct quantizer_that_changes : plain_quantizer {
    float index(float x) { return x; }
};
struct quantizer_without_value {
    alphabet symbols() const { return {-1, 1}; }
    float index(float x) const { return x; }
};
struct quantizer_of_count : plain_quantizer {
    std::size_t symbols() const { return 3; }
};
struct quantizer_not_copyable : plain_quantizer {
    quantizer_not_copyable(const quantizer_not_copyable&) = delete;
};

static_assert(Quantizer<plain_quantizer>);
static_assert(Quantizer<dithered> && Quantizer<one_bit_dithered> && Quantizer<half_dithered>);
static_assert(Quantizer<nested_dithered> && Quantizer<stochastic> && Quantizer<ternary> && Quantizer<dorefa>);
static_assert(Quantizer<sign> && Quantizer<natural> && Quantizer<stochastic_codebook>);
static_assert(!Quantizer<quantizer_of_int> && !Quantizer<quantizer_of_double> && !Quantizer<quantizer_that_changes>);
static_assert(!Quantizer<quantizer_without_value> && !Quantizer<quantizer_of_count>);
static_assert(!Quantizer<quantizer_not_copyable> && !Quantizer<int> && !Quantizer<max_norm> && !Quantizer<identity>);
static_assert(encodes_with_dither<dithered> && decodes_with_dither<dithered>);
static_assert(encodes_with_dither<stochastic> && !decodes_with_dither<stochastic>);
static_assert(!encodes_with_dither<plain_quantizer> && !decodes_with_dither<plain_quantizer>);

// Scale

struct plain_scale {
    float measure(std::span<const float>) const { return 1; }
    std::string name() const { return "plain"; }
};
struct scale_of_double : plain_scale {
    double measure(std::span<const float>) const { return 1; }
};
struct scale_that_changes : plain_scale {
    float measure(std::span<const float>) { return 1; }
};
struct scale_without_name {
    float measure(std::span<const float>) const { return 1; }
};

static_assert(Scale<plain_scale> && Scale<max_norm> && Scale<l2_norm> && Scale<mean_abs> && Scale<fixed>);
static_assert(Scale<bucketed<max_norm>> && Scale<shared_norm> && Scale<any_scale>);
static_assert(!Scale<scale_of_double> && !Scale<scale_that_changes> && !Scale<scale_without_name>);
static_assert(!Scale<float> && !Scale<packed>);

// Coder, BlockCoder, IndexCoding

struct coder_of_bytes_only {
    void encode(std::span<const std::uint8_t>, std::size_t, payload_writer&) const {}
    void decode(payload_reader&, std::size_t, std::span<std::uint8_t>) const {}
    std::string name() const { return "bytes"; }
};
struct coder_that_only_encodes : packed {
    template <class S>
    void decode(payload_reader&, std::size_t, std::span<S>) = delete;
};

static_assert(Coder<packed> && Coder<radix> && Coder<range_coder> && Coder<rans> && Coder<elias> && Coder<any_coder>);
static_assert(!Coder<coder_of_bytes_only> && !Coder<coder_that_only_encodes> && !Coder<dithered> && !Coder<int>);
static_assert(BlockCoder<packed> && BlockCoder<radix> && BlockCoder<any_coder>);
static_assert(!BlockCoder<range_coder> && !BlockCoder<rans> && !BlockCoder<elias> && !BlockCoder<identity>);
static_assert(IndexCoding<fixed_width_indices> && IndexCoding<rice_indices>);
static_assert(!IndexCoding<packed> && !IndexCoding<top_k> && !IndexCoding<int>);

// Selector, Codebook

struct selector_without_name {
    void select(std::span<const float>, random_key, selection&) const {}
};
struct selector_that_remembers : top_k {
    void select(std::span<const float>, random_key, selection&) {}
};

static_assert(Selector<top_k> && Selector<random_k> && Selector<threshold> && Selector<variance_budget>);
static_assert(Selector<random_sparse> && Selector<selector_that_remembers>);
static_assert(selects_const<top_k> && !selects_const<selector_that_remembers>);
static_assert(!Selector<selector_without_name> && !Selector<identity>);
static_assert(!Selector<max_norm>);

// Compressor and its refinements

struct compressor_without_constant {
    void compress(std::span<const float>, random_key, message&) const {}
    void compress(std::span<const float>, random_key, message&, std::span<float>) const {}
    void decompress(const message&, random_key, std::span<float>) const {}
    void decompress_add(const message&, random_key, float, std::span<float>) const {}
    void encode(std::span<const float>, random_key, payload_writer&) const {}
    void decode(payload_reader&, random_key, std::span<float>) const {}
    void decode_add(payload_reader&, random_key, float, std::span<float>) const {}
    std::string name() const { return "plain"; }
};
struct plain_compressor : compressor_without_constant {
    static constexpr bool unbiased = false;
};
struct compressor_that_remembers : plain_compressor {
    void compress(std::span<const float>, random_key, message&) {}
    void compress(std::span<const float>, random_key, message&, std::span<float>) {}
    void encode(std::span<const float>, random_key, payload_writer&) {}
};
struct compressor_of_messages_only : plain_compressor {
    void encode(std::span<const float>, random_key, payload_writer&) = delete;
};
struct compressor_that_decompresses_any_message : plain_compressor {
    void decompress(message&, random_key, std::span<float>) const {}
};
struct compressor_whose_decoder_changes : plain_compressor {
    void decode(payload_reader&, random_key, std::span<float>) {}
};
struct compressor_without_echo : plain_compressor {
    void compress(std::span<const float>, random_key, message&) const {}
};

static_assert(Compressor<plain_compressor> && Compressor<identity> && Compressor<any_compressor>);
static_assert(Compressor<scalar_compressor<dithered>> && Compressor<sparse_compressor<top_k>> && Compressor<stovoq>);
static_assert(Compressor<error_feedback<identity>> && Compressor<alternating<identity, any_compressor>>);
static_assert(!Compressor<compressor_without_constant> && !Compressor<compressor_of_messages_only>);
static_assert(!Compressor<compressor_that_decompresses_any_message> && !Compressor<dithered> && !Compressor<message>);

static_assert(Compressor<compressor_that_remembers> && !encodes_const<compressor_that_remembers>);
static_assert(!Compressor<compressor_whose_decoder_changes> && !Compressor<compressor_without_echo>);
static_assert(encodes_const<scalar_compressor<dithered>> && encodes_const<stovoq> && encodes_const<identity>);
static_assert(encodes_const<sparse_compressor<top_k>> && encodes_const<codebook_compressor<one_bit, rans>>);
static_assert(!encodes_const<error_feedback<identity>> &&
              !encodes_const<sparse_compressor<top_k, error_feedback<identity>>>);

static_assert(SideInformationCompressor<scalar_compressor<nested_dithered>>);
static_assert(!SideInformationCompressor<scalar_compressor<dithered>> && !SideInformationCompressor<identity>);
static_assert(!SideInformationCompressor<plain_compressor>);

// Aggregator

struct aggregator_without_result {
    void reset(std::size_t) {}
    void add(std::span<const float>, float) {}
};
struct aggregator_that_does_not_stream {
    void reset(std::size_t) {}
    void add(const std::vector<std::vector<float>>&) {}
    void result(std::span<float>) {}
};

static_assert(Aggregator<mean> && Aggregator<minimax_mean> && Aggregator<side_information_mean>);
static_assert(!Aggregator<aggregator_without_result> && !Aggregator<aggregator_that_does_not_stream>);
static_assert(!Aggregator<std::vector<float>>);

// MixingMatrix

struct matrix_of_vectors {
    std::size_t size() const { return 1; }
    std::vector<std::pair<std::uint32_t, double>> neighbors(std::size_t) const { return {}; }
    double spectral_gap() const { return 1; }
    std::string name() const { return "pairs"; }
};
struct matrix_without_gap {
    std::size_t size() const { return 1; }
    std::span<const neighbor> neighbors(std::size_t) const { return {}; }
    std::string name() const { return "no gap"; }
};

static_assert(MixingMatrix<decltype(ring(4))> && MixingMatrix<decltype(torus(2, 2))>);
static_assert(!MixingMatrix<matrix_of_vectors> && !MixingMatrix<matrix_without_gap>);
static_assert(!MixingMatrix<std::vector<std::vector<double>>>);

// LocalOptimizer

struct optimizer_without_step {
    void update(std::span<float>, std::span<const float>) {}
};
struct optimizer_of_const_parameters {
    void update(std::span<const float>, std::span<float>, std::uint64_t) = delete;
};

static_assert(LocalOptimizer<sgd> && LocalOptimizer<momentum> && LocalOptimizer<nesterov> && LocalOptimizer<adam>);
static_assert(LocalOptimizer<any_optimizer>);
static_assert(!LocalOptimizer<optimizer_without_step> && !LocalOptimizer<optimizer_of_const_parameters>);
static_assert(!LocalOptimizer<schedule>);

// Objective, Classifier

struct objective_without_loss {
    std::size_t dimension() const { return 1; }
    void value_and_gradient(std::span<const float>, sample_indices, std::span<float>) {}
};
struct objective_without_batch {
    std::size_t dimension() const { return 1; }
    double value_and_gradient(std::span<const float>, std::span<float>) { return 0; }
};

static_assert(Objective<quadratic> && Objective<least_squares> && Objective<softmax_regression>);
static_assert(!Objective<objective_without_loss> && !Objective<objective_without_batch> && !Objective<sgd>);
static_assert(!HasDimension<int> && HasDimension<objective_without_batch>);
static_assert(!GivesGradients<objective_without_batch> && !GivesGradients<objective_without_loss>);
static_assert(Layered<softmax_regression> && Layered<any_objective> && !Layered<quadratic> && !Layered<int>);
static_assert(Classifier<softmax_regression>);
static_assert(!Classifier<quadratic> && !Classifier<least_squares> && !Classifier<objective_without_loss>);

// Program, Reactor, Exchange, Work, Engine, StopRule

struct plain_program {
    task<> round(peer) { co_return; }
    void state(state_archive&) {}
};
struct program_without_state {
    task<> round(peer) { co_return; }
};
struct program_that_returns {
    task<int> round(peer) { co_return 0; }
    void state(state_archive&) {}
};
struct program_of_nothing {
    void round(peer) {}
    void state(state_archive&) {}
};
struct exchange_without_end {
    void begin(peer, std::span<const float>, std::span<float>) {}
    void state(state_archive&) {}
};
struct work_without_report {
    void step(std::span<float>, std::uint64_t) {}
    void state(state_archive&) {}
};
struct plain_reactor {
    void begin(event_clock&) {}
    void on(const event&, event_clock&) {}
    void state(state_archive&) {}
};
struct reactor_without_begin {
    void on(const event&, event_clock&) {}
    void state(state_archive&) {}
};
struct engine_without_network {
    void open(population<plain_program>&) const {}
};
struct engine_without_open {
    network_model network{};
};

static_assert(Program<plain_program>);
static_assert(!Program<program_without_state> && !Program<program_that_returns> && !Program<program_of_nothing>);
static_assert(!Program<int> && !Program<plain_reactor>);
static_assert(Reactor<plain_reactor> && !Reactor<plain_program> && !Reactor<reactor_without_begin> && !Reactor<int>);
static_assert(Exchange<server<>> && AveragingExchange<server<>> && Exchange<gossip<>> && !AveragingExchange<gossip<>>);
static_assert(!Exchange<exchange_without_end> && !Exchange<identity> && !Exchange<int>);
static_assert(Work<gradient_step<quadratic, full_batch, sgd>> &&
              GradientWork<gradient_step<quadratic, full_batch, sgd>>);
static_assert(!Work<work_without_report> && !Work<int> && !GradientWork<work_without_report> && !GradientWork<sgd>);
static_assert(Engine<tbb_engine, plain_program>);
static_assert(!Engine<engine_without_network, plain_program> && !Engine<engine_without_open, plain_program>);
static_assert(!Engine<int, plain_program>);

struct rule_of_int {
    int operator()(const run_status&) const { return 0; }
};
static_assert(StopRule<rounds> && StopRule<early_stop> && StopRule<divergence_guard>);
static_assert(StopRule<bool (*)(const run_status&)>);
static_assert(!StopRule<rule_of_int> && !StopRule<int> && !StopRule<bool (*)()>);

}  // namespace
