/* Preloaded into a server: what it does to its store's files and says to its clients, in order, with content.

   RECORD in the environment is the begin of a path; each life appends to a file of its own, RECORD.0, RECORD.1, …
   An entry is a header, a name and data (tests/machine/record.py reads it). A mutex is held over each act and its
   entry, so that their order is the true one; over a flush it is not, so a flush has two entries, of its begin and
   of its end. A process that is killed may leave the last entry torn, or its last write without an entry. */

#define _GNU_SOURCE
#include "store_files.h"
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

struct header {
    uint32_t kind; /* a letter */
    uint32_t name_bytes;
    uint64_t position; /* where a write begins, how long a file is now, or the number of a flush */
    uint64_t data_bytes;
};

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;
static uint64_t flushes;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void open_record(void) {
    char path[PATH_MAX];
    const char *begin = getenv("RECORD");
    for (int life = 0; record < 0; life++) {
        snprintf(path, sizeof path, "%s.%d", begin == NULL ? "" : begin, life);
        record = REAL(open)(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (record < 0 && errno != EEXIST) abort(); /* a test without a record would prove nothing */
    }
}

static void append(char kind, const char *name, uint64_t position, const void *data, size_t bytes) {
    struct header header = {(uint32_t)kind, (uint32_t)strlen(name), position, bytes};
    struct iovec parts[] = {{&header, sizeof header}, {(void *)name, strlen(name)}, {(void *)data, bytes}};
    int error = errno;
    if (record < 0) open_record();
    if (REAL(writev)(record, parts, 3) != (ssize_t)(sizeof header + strlen(name) + bytes)) abort();
    errno = error;
}

/* A client of this process is named by its port. */
static int name_of_client(int descriptor, char name[NAME_BYTES_MAX]) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getpeername(descriptor, (struct sockaddr *)&address, &length) != 0) return 0;
    int port = address.ss_family == AF_INET    ? ntohs(((struct sockaddr_in *)&address)->sin_port)
               : address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port)
                                               : 0;
    snprintf(name, NAME_BYTES_MAX, "%d", port);
    return port != 0;
}

#define SAID(result, call, data)                                                                                       \
    char name[NAME_BYTES_MAX];                                                                                         \
    int error = errno;                                                                                                 \
    if (!name_of_client(descriptor, name)) {                                                                           \
        errno = error;                                                                                                 \
        return call;                                                                                                   \
    }                                                                                                                  \
    pthread_mutex_lock(&order);                                                                                        \
    ssize_t result = call;                                                                                             \
    if (result > 0) append('S', name, 0, data, (size_t)result);                                                        \
    pthread_mutex_unlock(&order);                                                                                      \
    return result

ssize_t send(int descriptor, const void *data, size_t bytes, int flags) {
    SAID(sent, REAL(send)(descriptor, data, bytes, flags), data);
}

ssize_t sendto(int descriptor, const void *data, size_t bytes, int flags, const struct sockaddr *to, socklen_t length) {
    SAID(sent, REAL(sendto)(descriptor, data, bytes, flags, to, length), data);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    char name[NAME_BYTES_MAX];
    int error = errno;
    if (!name_of_client(descriptor, name)) {
        errno = error;
        return REAL(sendmsg)(descriptor, message, flags);
    }
    pthread_mutex_lock(&order);
    ssize_t sent = REAL(sendmsg)(descriptor, message, flags), left = sent;
    for (size_t part = 0; left > 0; part++) {
        size_t length = message->msg_iov[part].iov_len < (size_t)left ? message->msg_iov[part].iov_len : (size_t)left;
        append('S', name, 0, message->msg_iov[part].iov_base, length);
        left -= (ssize_t)length;
    }
    pthread_mutex_unlock(&order);
    return sent;
}

/* Not within the mutex: it might block a thread. What is said in answer comes later all the same. */
ssize_t recv(int descriptor, void *data, size_t bytes, int flags) {
    char name[NAME_BYTES_MAX];
    ssize_t got = REAL(recv)(descriptor, data, bytes, flags);
    if (got > 0 && !(flags & MSG_PEEK) && name_of_client(descriptor, name)) {
        pthread_mutex_lock(&order);
        append('H', name, 0, data, (size_t)got);
        pthread_mutex_unlock(&order);
    }
    return got;
}

#define WROTE(call, at)                                                                                                \
    pthread_mutex_lock(&order);                                                                                        \
    uint64_t position = (uint64_t)(at);                                                                                \
    ssize_t wrote = call;                                                                                              \
    if (wrote > 0) append('W', name, position, data, (size_t)wrote);                                                   \
    pthread_mutex_unlock(&order);                                                                                      \
    return wrote

ssize_t write(int descriptor, const void *data, size_t bytes) {
    char name[NAME_BYTES_MAX];
    int error = errno;
    if (!name_of(descriptor, name)) {
        errno = error;
        SAID(sent, REAL(write)(descriptor, data, bytes), data);
    }
    WROTE(REAL(write)(descriptor, data, bytes), lseek(descriptor, 0, SEEK_CUR));
}

ssize_t pwrite(int descriptor, const void *data, size_t bytes, off_t at) {
    char name[NAME_BYTES_MAX];
    if (!name_of(descriptor, name)) return REAL(pwrite)(descriptor, data, bytes, at);
    WROTE(REAL(pwrite)(descriptor, data, bytes, at), at);
}

ssize_t pwrite64(int descriptor, const void *data, size_t bytes, off64_t at) {
    char name[NAME_BYTES_MAX];
    if (!name_of(descriptor, name)) return REAL(pwrite64)(descriptor, data, bytes, at);
    WROTE(REAL(pwrite64)(descriptor, data, bytes, at), at);
}

/* Append an entry for an act on a file that has succeeded. */
#define DID(kind, call, position, data, bytes)                                                                         \
    pthread_mutex_lock(&order);                                                                                        \
    int status = call;                                                                                                 \
    if (status == 0) append(kind, name, (uint64_t)(position), data, bytes);                                            \
    pthread_mutex_unlock(&order);                                                                                      \
    return status

int ftruncate(int descriptor, off_t length) {
    char name[NAME_BYTES_MAX];
    if (!name_of(descriptor, name)) return REAL(ftruncate)(descriptor, length);
    DID('T', REAL(ftruncate)(descriptor, length), length, "", 0);
}

int ftruncate64(int descriptor, off64_t length) {
    char name[NAME_BYTES_MAX];
    if (!name_of(descriptor, name)) return REAL(ftruncate64)(descriptor, length);
    DID('T', REAL(ftruncate64)(descriptor, length), length, "", 0);
}

int unlink(const char *path) {
    char name[NAME_BYTES_MAX];
    if (!name_of_path(path, name)) return REAL(unlink)(path);
    DID('U', REAL(unlink)(path), 0, "", 0);
}

int rename(const char *path, const char *new_path) {
    char name[NAME_BYTES_MAX], new_name[NAME_BYTES_MAX];
    if (!name_of_path(path, name) || !name_of_path(new_path, new_name)) return REAL(rename)(path, new_path);
    DID('R', REAL(rename)(path, new_path), 0, new_name, strlen(new_name));
}

#define FLUSHED(function)                                                                                              \
    char name[NAME_BYTES_MAX];                                                                                         \
    if (!name_of(descriptor, name)) return REAL(function)(descriptor);                                                 \
    pthread_mutex_lock(&order);                                                                                        \
    uint64_t number = flushes++;                                                                                       \
    append('B', name, number, "", 0);                                                                                  \
    pthread_mutex_unlock(&order);                                                                                      \
    int status = REAL(function)(descriptor);                                                                           \
    pthread_mutex_lock(&order);                                                                                        \
    if (status == 0) append('E', name, number, "", 0);                                                                 \
    pthread_mutex_unlock(&order);                                                                                      \
    return status

int fsync(int descriptor) { FLUSHED(fsync); }

int fdatasync(int descriptor) { FLUSHED(fdatasync); }

/* A file that was not there before is an entry of its folder, which a power cut may take back. */
#define OPENED(call)                                                                                                   \
    char name[NAME_BYTES_MAX];                                                                                         \
    mode_t mode = 0;                                                                                                   \
    if (flags & O_CREAT) {                                                                                             \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode = va_arg(more, mode_t);                                                                                   \
        va_end(more);                                                                                                  \
    }                                                                                                                  \
    if (!(flags & O_CREAT) || !name_of_path(path, name)) return call;                                                  \
    pthread_mutex_lock(&order);                                                                                        \
    struct stat found;                                                                                                 \
    int was_there = stat(path, &found) == 0;                                                                           \
    int descriptor = call;                                                                                             \
    if (descriptor >= 0 && !was_there) append('C', name, 0, "", 0);                                                    \
    pthread_mutex_unlock(&order);                                                                                      \
    return descriptor

int open(const char *path, int flags, ...) { OPENED(REAL(open)(path, flags, mode)); }

int open64(const char *path, int flags, ...) { OPENED(REAL(open64)(path, flags, mode)); }

int openat(int folder, const char *path, int flags, ...) {
    OPENED(REAL(openat)(folder, path, flags, mode));
}

int openat64(int folder, const char *path, int flags, ...) {
    OPENED(REAL(openat64)(folder, path, flags, mode));
}
