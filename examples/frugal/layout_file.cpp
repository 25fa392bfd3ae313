#include "layout_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace frugal::driver {

tensor_layout read_layout(const std::filesystem::path& file, std::size_t elements) {
    std::ifstream in(file);
    expect(in.good(), [&] { return "cannot open " + file.string() + ": " + std::strerror(errno); });
    try {
        nlohmann::json j = nlohmann::json::parse(in);
        tensor_layout layout;
        for (const auto& t : j.is_object() ? j.at("tensors") : j) {
            std::vector<std::size_t> shape;
            for (const auto& extent : t.at("shape")) {
                expect(extent.is_number_unsigned(), "an extent is not a whole number");
                shape.push_back(extent.get<std::size_t>());
            }
            layout.add(t.at("name").get<std::string>(), shape);
        }
        expect(!layout.empty(), "it names no tensors");
        expect(layout.size() == elements, [&] {
            return "its tensors have " + std::to_string(layout.size()) + " elements, the vector has " +
                   std::to_string(elements);
        });
        return layout;
    } catch (const nlohmann::json::exception& e) {
        throw invalid_input(file.string() + " is no list of {\"name\", \"shape\"}: " + e.what());
    } catch (const invalid_input& e) {
        throw invalid_input(file.string() + ": " + e.what());
    }
}

}  // namespace frugal::driver
