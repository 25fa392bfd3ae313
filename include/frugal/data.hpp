//! Data sets: readers (zlib, for gzipped files, must be linked), synthetic data, partitions and samplers.
#pragma once

#include <frugal/data/batch_source.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/data/gamma.hpp>
#include <frugal/data/idx.hpp>
#include <frugal/data/npy.hpp>
#include <frugal/data/partition.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
