// What a full or broken disk does to a process: its n-th call that writes below a folder fails. Loaded by LD_PRELOAD.
//
// REFUSE_BELOW is the folder, REFUSE_AT the n (0: none), REFUSE_ERROR the number of the error, REFUSE_MARK a file that
// appears when a call was refused. With REFUSE_EXCHANGE no two names can be exchanged, as on NFS. `refuse_at` sets n
// anew, and begins to count again. A process that ends writes how many calls there were to REFUSE_TOTAL.<its number>.

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long wanted = -1, counted = 0;

extern "C" void refuse_at(long n) {
    wanted = n;
    __atomic_store_n(&counted, 0, __ATOMIC_SEQ_CST);
}

extern "C" long refuse_counted() { return counted; }

__attribute__((destructor)) static void tell() {
    const char *total = getenv("REFUSE_TOTAL");
    if (!total) return;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.%d", total, getpid());
    int file = syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    dprintf(file, "%ld", counted);
    syscall(SYS_close, file);
}

static bool is_below(const char *path) {
    const char *folder = getenv("REFUSE_BELOW");
    return folder && path && strstr(path, folder);
}

static bool is_refused(bool below) {
    if (!below) return false;
    if (wanted < 0) wanted = getenv("REFUSE_AT") ? atol(getenv("REFUSE_AT")) : 0;
    if (__atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST) != wanted) return false;
    if (const char *mark = getenv("REFUSE_MARK"))
        syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, mark, O_CREAT | O_WRONLY, 0644));
    errno = getenv("REFUSE_ERROR") ? atoi(getenv("REFUSE_ERROR")) : ENOSPC;
    return true;
}

static bool is_open_below(int handle) {
    char link[64], path[PATH_MAX + 1];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t size = readlink(link, path, PATH_MAX);
    errno = kept;
    if (size <= 0) return false;
    path[size] = 0;
    return is_below(path);
}

template <typename F> static F next(const char *name) { return reinterpret_cast<F>(dlsym(RTLD_NEXT, name)); }

#define REFUSABLE(kind, name, parameters, arguments, below, failed)                                                    \
    extern "C" kind name parameters {                                                                                  \
        static auto real = next<kind(*) parameters>(#name);                                                            \
        if (is_refused(below)) return failed;                                                                          \
        return real arguments;                                                                                         \
    }

REFUSABLE(ssize_t, write, (int file, const void *from, size_t size), (file, from, size), is_open_below(file), -1)
REFUSABLE(ssize_t, pwrite64, (int file, const void *from, size_t size, off64_t at), (file, from, size, at),
          is_open_below(file), -1)
REFUSABLE(ssize_t, writev, (int file, const iovec *from, int count), (file, from, count), is_open_below(file), -1)
REFUSABLE(ssize_t, sendfile64, (int to, int from, off64_t *at, size_t size), (to, from, at, size), is_open_below(to),
          -1)
REFUSABLE(size_t, fwrite, (const void *from, size_t size, size_t count, FILE *file), (from, size, count, file),
          is_open_below(fileno(file)), 0)
REFUSABLE(int, fsync, (int file), (file), is_open_below(file), -1)
REFUSABLE(int, fdatasync, (int file), (file), is_open_below(file), -1)
REFUSABLE(int, ftruncate64, (int file, off64_t size), (file, size), is_open_below(file), -1)
REFUSABLE(int, mkdir, (const char *path, mode_t mode), (path, mode), is_below(path), -1)
REFUSABLE(int, rename, (const char *from, const char *to), (from, to), is_below(to), -1)

extern "C" int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    static auto real = next<int (*)(int, const char *, int, const char *, unsigned)>("renameat2");
    if (getenv("REFUSE_EXCHANGE")) {
        errno = EINVAL;
        return -1;
    }
    return is_refused(is_below(to)) ? -1 : real(a, from, b, to, flags);
}
