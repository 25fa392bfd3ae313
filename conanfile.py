"""Conan 2 recipe: header-only, with the libraries that components need as options.

With -o "&:system_dependencies=True" nothing is taken from Conan's remotes: xsimd, TBB, ... are those of the system (on
Debian: libxsimd-dev libtbb-dev libopenblas-dev zlib1g-dev libopenmpi-dev).
"""

import os
import re

from conan import ConanFile
from conan.tools.files import copy, load, save
from conan.tools.gnu import PkgConfig
from conan.tools.layout import basic_layout
from conan.tools.system.package_manager import Apt

required_conan_version = ">=2.0"

# What cannot be said by flags: a consumer whose profile asks for an older standard is raised to C++20.
BUILD_MODULE = """\
if(TARGET frugal::core)
    target_compile_features(frugal::core INTERFACE cxx_std_20)
endif()
"""


class FrugalConan(ConanFile):
    name = "frugal"
    description = "Generic algorithms for training models across many machines with few bits"
    topics = ("distributed-training", "gradient-compression", "federated-learning", "simd", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "with_tbb": [True, False],
        "with_mpi": [True, False],
        "with_blas": [True, False],
        "with_zlib": [True, False],
        "system_dependencies": [True, False],
    }
    default_options = {
        "with_tbb": True,
        "with_mpi": False,
        "with_blas": False,
        "with_zlib": False,
        "system_dependencies": False,
    }
    exports = "include/frugal/version.hpp"
    exports_sources = "include/*", "LICENSE*"
    no_copy_source = True

    # option -> component, Conan's requirement, its target, the system's pkg-config module, Debian's package
    libraries = {
        "with_tbb": ("tbb", "onetbb/[>=2021.8]", "onetbb::onetbb", "tbb", "libtbb-dev"),
        "with_mpi": ("mpi", "openmpi/[>=4.1]", "openmpi::openmpi", "mpi-cxx", "libopenmpi-dev"),
        "with_blas": ("nn", "openblas/[>=0.3.20]", "openblas::openblas", "openblas", "libopenblas-dev"),
        "with_zlib": ("data", "zlib/[>=1.2.11 <2]", "zlib::zlib", "zlib", "zlib1g-dev"),
    }

    def _chosen(self):
        return [library for option, library in self.libraries.items() if self.options.get_safe(option)]

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include", "frugal", "version.hpp"))
        self.version = ".".join(re.findall(r"^#define FRUGAL_VERSION_\w+ (\d+)", header, re.MULTILINE))

    def layout(self):
        basic_layout(self)

    def requirements(self):
        if not self.options.system_dependencies:
            self.requires("xsimd/[>=8.1]")
            for _, requirement, _, _, _ in self._chosen():
                self.requires(requirement)

    def system_requirements(self):
        if self.options.system_dependencies:
            Apt(self).install(["libxsimd-dev"] + [debian for _, _, _, _, debian in self._chosen()], check=True)

    def package_id(self):
        self.info.clear()

    def package(self):
        copy(self, "LICENSE*", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))
        save(self, os.path.join(self.package_folder, "share", "frugal", "frugal-conan.cmake"), BUILD_MODULE)

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "frugal")
        self.cpp_info.set_property("cmake_build_modules", [os.path.join("share", "frugal", "frugal-conan.cmake")])
        system = bool(self.options.system_dependencies)

        core = self._component("core")
        core.includedirs = ["include"]
        # What a message decodes to must not depend on whether a*b+c is fused.
        core.cxxflags = ["-ffp-contract=off"]
        if not system:
            core.requires = ["xsimd::xsimd"]

        whole = self._component("frugal")
        whole.requires = ["core"]
        for name, _, target, module, _ in self._chosen():
            component = self._component(name)
            component.requires = ["core"]
            if system:
                PkgConfig(self, module).fill_cpp_info(component, is_system=True)
            else:
                component.requires.append(target)
        if self.options.with_tbb:
            whole.requires.append("tbb")

    def _component(self, name):
        component = self.cpp_info.components[name]
        component.set_property("cmake_target_name", f"frugal::{name}")
        component.set_property("pkg_config_name", "frugal" if name == "frugal" else f"frugal-{name}")
        component.includedirs = []
        component.libdirs = []
        component.bindirs = []
        return component
