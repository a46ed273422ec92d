// thread_stack: what another thread of the process executes now, as lines of text.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace crema::detail {

/* How it works, on Linux with glibc: the thread gets a real-time signal that nobody else uses. The handler, which
   allocates nothing and takes no lock, notes the return addresses (the unwinder is loaded beforehand); the thread that
   asked waits for them and turns them into text. Names come from the symbols that the program exports and, in a file
   that is not stripped, from its table of symbols; what has no name reads "program+0x1234", as addr2line takes it.

   A system call that sleeps in the interrupted thread may end with EINTR. Elsewhere there is nothing to see. */

// Makes ready: chooses the signal, loads the unwinder. Before the first capture, not in a signal handler.
CREMA_DECL void prepare_thread_stacks();

// Returns the stack of a thread, innermost function first; empty when it does not answer within `patience`. The thread
// must not end meanwhile. One capture at a time.
CREMA_DECL std::vector<std::string> stack_of(std::thread::native_handle_type thread,
                                             std::chrono::milliseconds patience);

} // namespace crema::detail

#if CREMA_BODIES
#if CREMA_LINUX && defined(__GLIBC__)
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

namespace crema::detail {

struct stack_request {
    enum : int { idle, asked, running, done };
    static constexpr int room = 96;
    std::atomic<int> state{idle};
    int signal = 0;
    int count = 0;
    void* interrupted = nullptr; // the instruction
    void* frames[room] = {};
};
CREMA_DECL stack_request& current_stack_request() noexcept {
    static constinit stack_request request;
    return request;
}

CREMA_DECL void note_stack(int, siginfo_t*, void* context) {
    auto& r = current_stack_request();
    int expected = stack_request::asked;
    if (!r.state.compare_exchange_strong(expected, stack_request::running, std::memory_order_acq_rel))
        return; // too late
    const int saved = errno;
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    r.interrupted = reinterpret_cast<void*>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
    r.interrupted = reinterpret_cast<void*>(machine.pc);
#else
    (void)machine;
#endif
    r.count = ::backtrace(r.frames, stack_request::room);
    errno = saved;
    r.state.store(stack_request::done, std::memory_order_release);
}

CREMA_DECL void prepare_thread_stacks() {
    auto& r = current_stack_request();
    static const int chosen = [] {
        void* frame[1];
        ::backtrace(frame, 1); // loads the unwinder
        for (int s = SIGRTMIN + 4; s <= SIGRTMAX; ++s) {
            struct sigaction now {};
            if (::sigaction(s, nullptr, &now) != 0) continue;
            if ((now.sa_flags & SA_SIGINFO) || now.sa_handler != SIG_DFL) continue;
            struct sigaction mine {};
            mine.sa_sigaction = note_stack;
            mine.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
            sigfillset(&mine.sa_mask);
            if (::sigaction(s, &mine, nullptr) == 0) return s;
        }
        return 0;
    }();
    r.signal = chosen;
}

// The functions of an executable that are in its table of symbols.
class symbol_table {
public:
    explicit symbol_table(const char* file) {
        const int fd = ::open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return;
        struct stat about {};
        if (::fstat(fd, &about) == 0 && about.st_size > 0) {
            size_ = static_cast<std::size_t>(about.st_size);
            void* const p = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
            if (p != MAP_FAILED) data_ = static_cast<const char*>(p);
        }
        ::close(fd);
        if (data_) find();
    }
    symbol_table(const symbol_table&) = delete;
    symbol_table& operator=(const symbol_table&) = delete;
    ~symbol_table() {
        if (data_) ::munmap(const_cast<char*>(data_), size_);
    }
    // The name of the function at this address of the file; null when there is none.
    const char* name(std::uintptr_t at) const {
        for (std::size_t i = 0; i < count_; ++i) {
            const auto& s = symbols_[i];
            if ((s.st_info & 0xf) != STT_FUNC || at < s.st_value || at - s.st_value >= s.st_size) continue;
            if (s.st_name >= names_size_) continue;
            return names_ + s.st_name;
        }
        return nullptr;
    }

private:
    bool holds(std::uint64_t offset, std::uint64_t size) const { return offset <= size_ && size <= size_ - offset; }
    void find() {
        using header = ElfW(Ehdr);
        using section = ElfW(Shdr);
        if (!holds(0, sizeof(header)) || std::memcmp(data_, ELFMAG, SELFMAG) != 0) return;
        const auto& h = *reinterpret_cast<const header*>(data_);
        if (h.e_shentsize != sizeof(section) || !holds(h.e_shoff, std::uint64_t{h.e_shnum} * sizeof(section))) return;
        const auto* const sections = reinterpret_cast<const section*>(data_ + h.e_shoff);
        for (unsigned i = 0; i < h.e_shnum; ++i) {
            const auto& s = sections[i];
            if (s.sh_type != SHT_SYMTAB || s.sh_link >= h.e_shnum || !holds(s.sh_offset, s.sh_size)) continue;
            const auto& strings = sections[s.sh_link];
            if (!holds(strings.sh_offset, strings.sh_size) || strings.sh_size == 0 ||
                data_[strings.sh_offset + strings.sh_size - 1] != '\0')
                continue;
            symbols_ = reinterpret_cast<const ElfW(Sym)*>(data_ + s.sh_offset);
            count_ = s.sh_size / sizeof(ElfW(Sym));
            names_ = data_ + strings.sh_offset;
            names_size_ = strings.sh_size;
        }
    }
    const char* data_ = nullptr;
    std::size_t size_ = 0;
    const ElfW(Sym)* symbols_ = nullptr;
    std::size_t count_ = 0;
    const char* names_ = nullptr;
    std::size_t names_size_ = 0;
};

CREMA_DECL std::string describe_frame(void* frame, bool is_return) {
    auto at = reinterpret_cast<std::uintptr_t>(frame);
    if (is_return) --at; // within the call
    Dl_info info{};
    void* extra = nullptr;
    char text[64];
    if (!::dladdr1(reinterpret_cast<void*>(at), &info, &extra, RTLD_DL_LINKMAP) || !info.dli_fname) {
        std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(at));
        return text;
    }
    const auto base = static_cast<const link_map*>(extra)->l_addr;
    const bool program = static_cast<const link_map*>(extra)->l_name[0] == '\0';
    static const symbol_table own("/proc/self/exe");
    const char* symbol = info.dli_sname;
    if (program)
        if (const char* better = own.name(at - base)) symbol = better;
    std::string_view file = info.dli_fname;
    file.remove_prefix(file.rfind('/') + 1);
    std::snprintf(text, sizeof text, "+0x%llx", static_cast<unsigned long long>(at - base));
    const auto place = std::string(file) + text;
    if (!symbol) return place;
    int failed = 0;
    char* const readable = abi::__cxa_demangle(symbol, nullptr, nullptr, &failed);
    std::string line = readable && failed == 0 ? readable : symbol;
    std::free(readable);
    if (line.size() > 200) line.replace(197, line.npos, "...");
    return line + " (" + place + ")";
}

CREMA_DECL std::vector<std::string> stack_of(std::thread::native_handle_type thread,
                                             std::chrono::milliseconds patience) {
    auto& r = current_stack_request();
    std::vector<std::string> lines;
    if (r.signal == 0) return lines;
    r.state.store(stack_request::asked, std::memory_order_release);
    if (::pthread_kill(thread, r.signal) != 0) {
        r.state.store(stack_request::idle, std::memory_order_relaxed);
        return lines;
    }
    const auto until = std::chrono::steady_clock::now() + patience;
    while (r.state.load(std::memory_order_acquire) != stack_request::done) {
        int expected = stack_request::asked;
        if (std::chrono::steady_clock::now() > until &&
            r.state.compare_exchange_strong(expected, stack_request::idle, std::memory_order_acq_rel))
            return lines; // a handler that comes later does nothing
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    // the handler and the frame of the signal stand above
    auto* const end = r.frames + r.count;
    auto* begin = std::find(r.frames, end, r.interrupted);
    if (begin == end) begin = r.frames + std::min(r.count, 2);
    for (auto* f = begin; f != end; ++f) lines.push_back(describe_frame(*f, f != begin));
    r.state.store(stack_request::idle, std::memory_order_relaxed);
    return lines;
}

} // namespace crema::detail
#else
namespace crema::detail {
CREMA_DECL void prepare_thread_stacks() {}
CREMA_DECL std::vector<std::string> stack_of(std::thread::native_handle_type, std::chrono::milliseconds) { return {}; }
} // namespace crema::detail
#endif
#endif
