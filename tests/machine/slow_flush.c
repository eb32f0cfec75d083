/* Preloaded into a server: its disk is slow, held up, failing or full, as a test says while it runs.

   DISK_CONTROL in the environment names a file of 32-bit numbers that the test shares (tests/machine/disk.py has the
   same list). Files of others, and sockets, are left alone. */

#define _GNU_SOURCE
#include "store_files.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>

struct control {
    atomic_int flush_ms;   /* how much longer each flush takes */
    atomic_int hold;       /* while not 0, no flush goes on */
    atomic_int fail_flush; /* while not 0, each flush fails with EIO, and flushes nothing */
    atomic_int skip;       /* while not 0, no flush flushes anything, and each says that it did */
    atomic_int fail_write; /* while not 0, each write fails with this number of an error */
    atomic_int fail_read;  /* the same of reads */
    atomic_int held;       /* how many flushes are held up now */
    atomic_int begun;      /* how many flushes have begun, in all lives */
};

static pthread_once_t opened = PTHREAD_ONCE_INIT;
static struct control *control;

static void open_control(void) {
    const char *path = getenv("DISK_CONTROL");
    int descriptor = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) abort(); /* a test that seems to slow the disk and does not would be worse */
    void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (shared == MAP_FAILED) abort();
    close(descriptor);
    control = shared;
}

static void pause_ms(int ms) {
    struct timespec left = {ms / 1000, (ms % 1000) * 1000000L};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {}
}

/* A flush that is slowed and held up as the test says, and then done, failed or left out. */
static int flush(int descriptor, int (*real)(int)) {
    char name[NAME_BYTES_MAX];
    if (!name_of(descriptor, name)) return real(descriptor);
    pthread_once(&opened, open_control);
    atomic_fetch_add(&control->begun, 1);
    pause_ms(control->flush_ms);
    if (control->hold) {
        atomic_fetch_add(&control->held, 1);
        while (control->hold) pause_ms(1);
        atomic_fetch_sub(&control->held, 1);
    }
    if (control->fail_flush) {
        errno = EIO;
        return -1;
    }
    return control->skip ? 0 : real(descriptor);
}

/* Whether a file of the store's fails now, with an error of that number. */
static int fails(int descriptor, atomic_int *error) {
    char name[NAME_BYTES_MAX];
    if (!*error || !name_of(descriptor, name)) return 0;
    errno = *error;
    return 1;
}

static int fails_to_write(int descriptor) {
    pthread_once(&opened, open_control);
    return fails(descriptor, &control->fail_write);
}

static int fails_to_read(int descriptor) {
    pthread_once(&opened, open_control);
    return fails(descriptor, &control->fail_read);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int descriptor) { return flush(descriptor, REAL(fsync)); }

int fdatasync(int descriptor) { return flush(descriptor, REAL(fdatasync)); }

ssize_t write(int descriptor, const void *data, size_t bytes) {
    return fails_to_write(descriptor) ? -1 : REAL(write)(descriptor, data, bytes);
}

ssize_t pwrite(int descriptor, const void *data, size_t bytes, off_t at) {
    return fails_to_write(descriptor) ? -1 : REAL(pwrite)(descriptor, data, bytes, at);
}

ssize_t pwrite64(int descriptor, const void *data, size_t bytes, off64_t at) {
    return fails_to_write(descriptor) ? -1 : REAL(pwrite64)(descriptor, data, bytes, at);
}

ssize_t read(int descriptor, void *data, size_t bytes) {
    return fails_to_read(descriptor) ? -1 : REAL(read)(descriptor, data, bytes);
}

ssize_t pread(int descriptor, void *data, size_t bytes, off_t at) {
    return fails_to_read(descriptor) ? -1 : REAL(pread)(descriptor, data, bytes, at);
}

ssize_t pread64(int descriptor, void *data, size_t bytes, off64_t at) {
    return fails_to_read(descriptor) ? -1 : REAL(pread64)(descriptor, data, bytes, at);
}
