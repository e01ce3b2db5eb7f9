// Put the exam (standard input) to C++'s cpp-jwt; print one line of JSON per refusal.
#include <iostream>
#include <string>
#include <system_error>

#include <jwt/jwt.hpp>

using nlohmann::json;

namespace {

void refused(const char *library, const char *version, const json &question, const std::string &text) {
    json line = {{"library", library}, {"version", version}, {"situation", question["name"]}, {"text", text}};
    std::cout << line.dump() << "\n";
}

// cpp-jwt gives its verdict as an error code with a message.
void by_cpp_jwt(const json &paper, const json &question) {
    using namespace jwt::params;
    std::error_code error;
    try {
        jwt::decode(jwt::string_view{question["token"].get_ref<const std::string &>()}, algorithms({"RS256"}), error,
            secret(paper["pem"].get<std::string>()), verify(true), issuer(paper["issuer"].get<std::string>()),
            aud(paper["audience"].get<std::string>()), leeway(question["leeway_s"].get<uint32_t>()), validate_iat(true));
    } catch (const std::exception &thrown) {
        refused("cpp-jwt", "1.4", question, thrown.what());
        return;
    }
    if (error) {
        refused("cpp-jwt", "1.4", question, error.message());
    }
}

}  // namespace

int main() {
    json paper = json::parse(std::cin);
    for (const auto &question : paper["situations"]) {
        if (question["about"] == "token") {
            by_cpp_jwt(paper, question);
        }
    }
}
