// Makes writes of one process fail, as a full or a broken disk does. Loaded with LD_PRELOAD.
//
// FAILING_CONTROL names a file that the test and the process share: how many calls are still to fail, with which error,
// and which files it is about: those whose path has the text in it, or ends with it where the text ends with '$'. Counts how
// often such a file was flushed to the disk.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
  long left;
  long error;
  char path[256];
  long flushes;
};

static struct control *control(void) {
  static struct control *shared;
  static int tried;
  if (!tried) {
    tried = 1;
    const char *name = getenv("FAILING_CONTROL");
    int file = name ? open(name, O_RDWR) : -1;
    if (file >= 0) {
      void *map = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      if (map != MAP_FAILED) shared = map;
      close(file);
    }
  }
  return shared;
}

static int is_meant(const char *path, const char *wanted) {
  size_t length = strlen(path), end = strlen(wanted);
  if (end == 0) return 0;
  if (wanted[end - 1] != '$') return strstr(path, wanted) != NULL;
  end--;
  return length >= end && strncmp(path + length - end, wanted, end) == 0;
}

static int is_about(struct control *c, int file) {
  char link[64], path[512];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_meant(path, c->path);
}

// Whether this call is to fail; errno says why then.
static int fails(int file) {
  struct control *c = control();
  if (!c || __atomic_load_n(&c->left, __ATOMIC_SEQ_CST) <= 0 || !is_about(c, file)) return 0;
  if (__atomic_fetch_sub(&c->left, 1, __ATOMIC_SEQ_CST) <= 0) return 0;
  errno = (int)c->error;
  return 1;
}

ssize_t write(int file, const void *data, size_t size) {
  return fails(file) ? -1 : syscall(SYS_write, file, data, size);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
  return fails(file) ? -1 : syscall(SYS_pwrite64, file, data, size, at);
}
ssize_t pwrite(int file, const void *data, size_t size, off_t at) { return pwrite64(file, data, size, at); }
ssize_t writev(int file, const struct iovec *parts, int count) {
  return fails(file) ? -1 : syscall(SYS_writev, file, parts, count);
}

static int flush(int file, long call) {
  if (fails(file)) return -1;
  int done = (int)syscall(call, file);
  struct control *c = control();
  if (done == 0 && c && c->path[0] && is_about(c, file)) __atomic_fetch_add(&c->flushes, 1, __ATOMIC_SEQ_CST);
  return done;
}

int fsync(int file) { return flush(file, SYS_fsync); }
int fdatasync(int file) { return flush(file, SYS_fdatasync); }
int ftruncate64(int file, off64_t size) { return fails(file) ? -1 : (int)syscall(SYS_ftruncate, file, size); }
int ftruncate(int file, off_t size) { return ftruncate64(file, size); }
