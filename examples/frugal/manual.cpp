#include "manual.hpp"

#include "report.hpp"

namespace frugal::driver {
namespace {

//! Text in which no character means anything to troff.
std::string plain(const std::string& text) {
    std::string result;
    for (const char c : text) {
        result += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
    }
    return result.starts_with('.') || result.starts_with('\'') ? "\\&" + result : result;
}

std::string options_of(const CLI::App& command) {
    std::string text;
    for (const CLI::Option* o : command.get_options()) {
        const std::string value =
            o->get_type_name().empty() || o->get_positional() ? "" : " \\fI" + plain(o->get_type_name()) + "\\fR";
        text += ".TP\n\\fB" + plain(o->get_name()) + "\\fR" + value + '\n' + plain(o->get_description()) +
                (o->get_default_str().empty() ? "" : " (" + plain(o->get_default_str()) + ")") + '\n';
    }
    return text;
}

}  // namespace

std::string manual_page(const CLI::App& app) {
    std::string text = ".TH FRUGAL 1 \"\" \"frugal " + version_text() + "\"\n.SH NAME\n" +
                       plain(app.get_description()) +
                       "\n.SH SYNOPSIS\n\\fBfrugal\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n";
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        text += ".SH FRUGAL " + plain(command->get_name()) + '\n' + plain(command->get_description()) + '\n' +
                options_of(*command);
    }
    return text + ".SH EXIT STATUS\n0 on success, 1 where a run diverged or failed, 2 for a wrong command line.\n";
}

}  // namespace frugal::driver
