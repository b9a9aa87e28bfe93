/* Memory for libcrypto: the C library's, with a few record buffers kept per thread. A session that
   holds no buffers while idle (SSL_MODE_RELEASE_BUFFERS) takes and returns one of about 17 KB for
   each record: from the heap, these would cost time and leave holes between the sessions. */
#pragma once
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>

enum {
    co_block_bytes = 18 * 1024, /* a record of 16 KiB with its header, padding and tag */
    co_block_least = 16 * 1024,
    co_blocks_max = 4 /* one to read, one to write, and two for a handshake's messages */
};

typedef struct co_blocks {
    int count;
    void *block[co_blocks_max];
} co_blocks;

/* This thread's list. Each module that imports this header gets lists of its own; only those of
   the module whose functions are set are used. A variable outside a function would not be emitted
   for Swift. */
static inline co_blocks *co_kept_blocks(void) {
    static _Thread_local co_blocks kept;
    return &kept;
}

static inline void *co_allocate(size_t count, const char *file, int line) {
    (void)file;
    (void)line;
    if (count < co_block_least || count > co_block_bytes) return malloc(count);
    co_blocks *kept = co_kept_blocks();
    return kept->count > 0 ? kept->block[--kept->count] : malloc(co_block_bytes);
}

static inline void co_release(void *block, const char *file, int line) {
    (void)file;
    (void)line;
    if (block == NULL) return;
    size_t usable = malloc_usable_size(block);
    co_blocks *kept = co_kept_blocks();
    if (usable >= co_block_bytes && usable < co_block_bytes + 64 && kept->count < co_blocks_max)
        kept->block[kept->count++] = block;
    else
        free(block);
}

static inline void *co_reallocate(void *block, size_t count, const char *file, int line) {
    if (block == NULL) return co_allocate(count, file, line);
    if (count == 0) {
        co_release(block, file, line);
        return NULL;
    }
    return realloc(block, count);
}

/* Takes effect before libcrypto's first allocation only; returns whether it did. */
static inline int co_use_kept_blocks(void) {
    return CRYPTO_set_mem_functions(co_allocate, co_reallocate, co_release);
}
