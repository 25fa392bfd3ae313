//! A compressor that keeps accounts: bits, seconds, what an entropy coder would make of the same message, wrap
//! failures.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/quantize/nested.hpp>

namespace frugal::driver {

//! What all copies of one measured compressor have seen together.
struct codec_account {
    std::atomic<std::uint64_t> encode_nanoseconds{0};
    std::atomic<std::uint64_t> encoded_floats{0};
    std::atomic<std::uint64_t> decode_nanoseconds{0};
    std::atomic<std::uint64_t> decoded_floats{0};
    std::atomic<std::uint64_t> sampled_messages{0};
    std::atomic<std::uint64_t> coded_bits{0};     // of the sampled messages, entropy coded
    std::atomic<std::uint64_t> side_values{0};    // decoded with side information, in sampled messages
    std::atomic<std::uint64_t> wrap_failures{0};  // of them, off by a coarse step
    std::mutex mutex;
    std::unordered_map<std::uint32_t, std::pair<std::uint64_t, std::vector<float>>> sampled_input;  // by node
};

//! Forwards to `inner`. Every `sample_every` rounds the same vector also goes through `coded`, a compressor of the same
//! structure with an entropy coder, whose state is first set to inner's. scale_bucket: coordinates that share a scale,
//! to count wrap failures by; 0 for all.
class measured_compressor {
public:
    static constexpr bool unbiased = false;

    measured_compressor(any_compressor inner, std::optional<any_compressor> coded, std::uint64_t sample_every,
                        std::size_t scale_bucket, std::shared_ptr<codec_account> account)
        : inner_(std::move(inner)),
          coded_(std::move(coded)),
          sample_every_(sample_every),
          scale_bucket_(scale_bucket),
          account_(std::move(account)) {}

    std::string name() const { return inner_.name(); }
    bool needs_side_information(random_key k) const { return inner_.needs_side_information(k); }
    laws laws_for(std::size_t d) const { return inner_.laws_for(d); }
    std::size_t granule() const { return inner_.granule(); }
    std::size_t agreement_size(std::size_t d) const { return inner_.agreement_size(d); }
    void share(std::span<const float> x, std::span<float> out) const { inner_.share(x, out); }
    void agree(std::span<const float> largest) { inner_.agree(largest); }
    bool takes_factors() const { return inner_.takes_factors(); }
    void take(const factor_record& record) { inner_.take(record); }
    void state(state_archive& a) { inner_.state(a); }

    void compress(std::span<const float> x, random_key k, message& m) {
        if (k.round % sample_every_ == 0) {
            sample(x, k);
        }
        timed(account_->encode_nanoseconds, account_->encoded_floats, x.size(), [&] { inner_.compress(x, k, m); });
    }
    void compress(std::span<const float> x, random_key k, message& m, std::span<float> echo) {
        if (k.round % sample_every_ == 0) {
            sample(x, k);
        }
        timed(account_->encode_nanoseconds, account_->encoded_floats, x.size(),
              [&] { inner_.compress(x, k, m, echo); });
    }
    void decompress(const message& m, random_key k, std::span<float> y) const {
        timed(account_->decode_nanoseconds, account_->decoded_floats, y.size(), [&] { inner_.decompress(m, k, y); });
    }
    void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) const {
        timed(account_->decode_nanoseconds, account_->decoded_floats, acc.size(),
              [&] { inner_.decompress_add(m, k, weight, acc); });
    }
    void decompress(const message& m, random_key k, std::span<const float> side, std::span<float> y) const {
        timed(account_->decode_nanoseconds, account_->decoded_floats, y.size(),
              [&] { inner_.decompress(m, k, side, y); });
        if (k.round % sample_every_ == 0) {
            count_wraps(k, y);
        }
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w) { inner_.encode(x, k, w); }
    void decode(payload_reader& r, random_key k, std::span<float> y) const { inner_.decode(r, k, y); }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        inner_.decode_add(r, k, weight, acc);
    }

    void decode(payload_reader& r, random_key k, std::span<const float> side, std::span<float> y) const {
        inner_.decode(r, k, side, y);
    }

private:
    template <class Work>
    static void timed(std::atomic<std::uint64_t>& nanoseconds, std::atomic<std::uint64_t>& floats, std::size_t n,
                      Work work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const auto elapsed = std::chrono::steady_clock::now() - start;
        nanoseconds +=
            static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
        floats += n;
    }
    void sample(std::span<const float> x, random_key k) {
        if (inner_.needs_side_information(k)) {
            const std::scoped_lock lock(account_->mutex);
            account_->sampled_input[k.node] = {k.round, std::vector<float>(x.begin(), x.end())};
        }
        if (coded_) {
            state_.clear();
            state_archive save(state_);
            inner_.state(save);
            if (!state_.empty()) {
                state_archive restore{std::span<const std::byte>(state_)};
                coded_->state(restore);
            }
            coded_->compress(x, k, scratch_);
            account_->sampled_messages += 1;
            account_->coded_bits += scratch_.payload_bits();
        }
    }
    //! For coarse steps of once the scale: a value that wrapped is off by about that, others by a sixth at most.
    void count_wraps(random_key k, std::span<const float> y) const {
        const std::scoped_lock lock(account_->mutex);
        const auto found = account_->sampled_input.find(k.node);
        if (found == account_->sampled_input.end() || found->second.first != k.round) {
            return;
        }
        const std::span<const float> x = found->second.second;
        const std::size_t bucket = scale_bucket_ == 0 ? x.size() : scale_bucket_;
        for (std::size_t at = 0; at < x.size(); at += bucket) {
            const std::size_t n = std::min(bucket, x.size() - at);
            account_->wrap_failures += wrap_failures(nested_dithered{}, kernels::max_abs(x.subspan(at, n)),
                                                     x.subspan(at, n), y.subspan(at, n));
        }
        account_->side_values += x.size();
    }

    any_compressor inner_;
    std::optional<any_compressor> coded_;
    std::uint64_t sample_every_;
    std::size_t scale_bucket_;
    std::shared_ptr<codec_account> account_;
    message scratch_;
    std::vector<std::byte> state_;
};

}  // namespace frugal::driver
