// An object's bytes, reached past the library: to damage them, or to put something there that is no object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace crosswake::test {

class raw_object {
public:
    /// Opens the object of that name, or makes an empty one, and holds it alive as a process does that has it open.
    explicit raw_object(const std::string& name);
    /// Removes it, if it was made here.
    ~raw_object();
    raw_object(const raw_object&) = delete;
    raw_object& operator=(const raw_object&) = delete;

    [[nodiscard]] std::size_t size() const;
    void resize(std::size_t bytes);
    void read(std::size_t offset, void* to, std::size_t bytes) const;
    void write(std::size_t offset, const void* from, std::size_t bytes);
    /// Whom it lets in, in the system's words.
    [[nodiscard]] std::string access() const;
    /// Removes it in the two steps of one who has found it dead; in between, nobody can tell whether it will go.
    void begin_removal();
    void finish_removal();
    /// Lets go: from then on nobody holds it who does not have it open.
    void let_go();

    template <class T>
    [[nodiscard]] T get(std::size_t offset) const {
        T value{};
        read(offset, &value, sizeof value);
        return value;
    }
    template <class T>
    void put(std::size_t offset, T value) {
        write(offset, &value, sizeof value);
    }

    [[nodiscard]] static bool exists(const std::string& name);

private:
    struct place; // where it is, in the system's own terms
    std::unique_ptr<place> place_;
};

} // namespace crosswake::test
