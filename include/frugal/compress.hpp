//! The umbrella of those who only compress: every quantizer, scale, coder, selector and compressor that runs on the
//! caller's thread. `blocked` and `per_tensor`, which use TBB's, have headers of their own.
#pragma once

#include <frugal/compress/agreement.hpp>
#include <frugal/compress/alternating.hpp>
#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/codebook.hpp>
#include <frugal/compress/coder/any_coder.hpp>
#include <frugal/compress/coder/elias.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/coder/rans.hpp>
#include <frugal/compress/contractive.hpp>
#include <frugal/compress/echo.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/index_coding.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/properties.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/any_scale.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/compress/selector/proportional.hpp>
#include <frugal/compress/selector/random_k.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/signs.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/compress/stovoq.hpp>
#include <frugal/core.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/natural.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>
#include <frugal/quantize/stochastic_codebook.hpp>
