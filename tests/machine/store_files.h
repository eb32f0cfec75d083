/* Which descriptors are the store's: shared by the libraries that are preloaded into a server.

   STORE_PATH in the environment is the store's file, its path without links. A file of the store is named by what
   follows in its path: "" the database, "-wal", "-journal"; "/" is the folder that they stand in. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES_MAX 64

static int name_of_path(const char *path, char name[NAME_BYTES_MAX]) {
    const char *store = getenv("STORE_PATH");
    if (store == NULL) return 0;
    size_t length = strlen(store);
    const char *slash = strrchr(store, '/');
    if (slash != NULL && strlen(path) == (size_t)(slash - store) && strncmp(path, store, slash - store) == 0) {
        strcpy(name, "/");
        return 1;
    }
    if (strncmp(path, store, length) != 0) return 0;
    const char *rest = path + length;
    if (*rest != '\0' && *rest != '-') return 0;
    if (strcmp(rest, "-shm") == 0 || strlen(rest) >= NAME_BYTES_MAX) return 0; /* shared memory, of no life but this */
    strcpy(name, rest);
    return 1;
}

/* Tell whether a descriptor is a file of the store's, or its folder, and what it is called. */
static int name_of(int descriptor, char name[NAME_BYTES_MAX]) {
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t got = readlink(link, path, sizeof path - 1);
    if (got <= 0) return 0;
    path[got] = '\0';
    return name_of_path(path, name);
}
