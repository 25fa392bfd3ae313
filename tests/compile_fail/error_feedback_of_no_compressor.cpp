// expect: error_feedback: its argument must be a Compressor
#include <frugal/compress/error_feedback.hpp>
#include <frugal/quantize/dithered.hpp>

frugal::error_feedback e{frugal::dithered{}};
