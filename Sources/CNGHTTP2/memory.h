/* Memory for nghttp2's sessions. Small blocks are kept by size, per thread, when they are freed:
   each request needs a dozen of the same few sizes. What a session needs only while it works, the
   table of its streams and the frame that it writes, stands on pages of its own, which an idle
   session gives back to the system without being told the difference. */
#pragma once
#include <malloc.h>
#include <nghttp2/nghttp2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    cn_step = 16,                /* what the heap's own sizes differ by */
    cn_classes = 129,            /* blocks of up to 2 KiB are kept */
    cn_kept_bytes_max = 1 << 20, /* of all kept blocks of a thread */

    cn_table_bytes = 4096,           /* nghttp2's table of streams, as long as there are few */
    cn_frame_bytes = 9 + 1 + 16384,  /* the frame that is being written */
    cn_table_at = 8,                 /* so no address in a slot is one that the heap gives */
    cn_frame_at = cn_table_at + cn_table_bytes + cn_step,
    cn_slot_bytes = 24 * 1024,
    cn_slab_slots = 64,
    cn_warm_slots_max = 8 /* free slots that keep their pages, for the next connections */
};

typedef struct cn_block {
    struct cn_block *next;
} cn_block;

/* One thread's blocks and slots. */
typedef struct cn_pool {
    cn_block *kept[cn_classes];
    size_t kept_bytes;
    /* Free slots; the last `warm` of them still have their pages. */
    uint8_t **slots;
    size_t slot_count, slot_room, warm;
} cn_pool;

/* The memory of one session: its slot, and which parts of that nghttp2 has. */
typedef struct cn_memory {
    uint8_t *slot;
    int has_table, has_frame;
} cn_memory;

/* A variable outside a function would not be emitted for Swift. */
static inline cn_pool *cn_this_pool(void) {
    static _Thread_local cn_pool pool;
    return &pool;
}

static inline int cn_is_in_slot(const void *block) {
    return ((uintptr_t)block & (cn_step - 1)) == 8;
}

/* The class of a block that holds so many bytes: the heap gives 16 n + 8. */
static inline size_t cn_class_holding(size_t count) {
    size_t index = (count + 7) / cn_step;
    return index ? index : 1;
}

static inline void *cn_allocate_small(size_t count) {
    size_t index = cn_class_holding(count);
    if (index >= cn_classes) return malloc(count);
    cn_pool *pool = cn_this_pool();
    cn_block *block = pool->kept[index];
    if (block == NULL) return malloc(index * cn_step + 8);
    pool->kept[index] = block->next;
    pool->kept_bytes -= index * cn_step + 8;
    return block;
}

static inline void *cn_allocate(size_t count, void *user) {
    cn_memory *memory = user;
    if (count == cn_frame_bytes && memory->slot != NULL && !memory->has_frame) {
        memory->has_frame = 1;
        return memory->slot + cn_frame_at;
    }
    return cn_allocate_small(count);
}

static inline void cn_release(void *block, void *user) {
    if (block == NULL) return;
    if (cn_is_in_slot(block)) {
        /* A table that was outgrown is not zero, and is not given again. */
        cn_memory *memory = user;
        if ((uint8_t *)block == memory->slot + cn_frame_at) memory->has_frame = 0;
        return;
    }
    size_t index = (malloc_usable_size(block) - 8) / cn_step;
    cn_pool *pool = cn_this_pool();
    size_t count = index * cn_step + 8;
    if (index == 0 || index >= cn_classes || pool->kept_bytes + count > cn_kept_bytes_max) {
        free(block);
        return;
    }
    ((cn_block *)block)->next = pool->kept[index];
    pool->kept[index] = block;
    pool->kept_bytes += count;
}

static inline void *cn_allocate_zeroed(size_t items, size_t size, void *user) {
    size_t count;
    if (__builtin_mul_overflow(items, size, &count)) return NULL;
    cn_memory *memory = user;
    /* The table of streams, once; the slot's pages are zero. */
    if (count == cn_table_bytes && memory->slot != NULL && !memory->has_table) {
        memory->has_table = 1;
        return memory->slot + cn_table_at;
    }
    void *block = cn_allocate_small(count);
    if (block != NULL) memset(block, 0, count);
    return block;
}

/* What may be written to a block of either kind. */
static inline size_t cn_bytes_held(void *block, const cn_memory *memory) {
    if (!cn_is_in_slot(block)) return malloc_usable_size(block);
    int is_table = (uint8_t *)block == memory->slot + cn_table_at;
    return is_table ? cn_table_bytes : cn_frame_bytes;
}

static inline void *cn_reallocate(void *block, size_t count, void *user) {
    if (block == NULL) return cn_allocate(count, user);
    if (count == 0) {
        cn_release(block, user);
        return NULL;
    }
    size_t held = cn_bytes_held(block, user);
    if (count <= held) return block;
    void *moved = cn_allocate_small(count);
    if (moved == NULL) return NULL;
    memcpy(moved, block, held);
    cn_release(block, user);
    return moved;
}

/* More slots, of pages that nobody has touched. Returns whether there are any. */
static inline int cn_add_slab(cn_pool *pool) {
    size_t room = pool->slot_room + cn_slab_slots;
    uint8_t **slots = realloc(pool->slots, room * sizeof *slots);
    if (slots == NULL) return 0;
    pool->slots = slots;
    uint8_t *slab = mmap(NULL, (size_t)cn_slab_slots * cn_slot_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slab == MAP_FAILED) return 0;
    madvise(slab, (size_t)cn_slab_slots * cn_slot_bytes, MADV_NOHUGEPAGE);
    pool->slot_room = room;
    for (size_t index = 0; index < cn_slab_slots; index++)
        pool->slots[pool->slot_count++] = slab + index * cn_slot_bytes;
    return 1;
}

/* Gives the session its slot. Without one it lives on the heap alone. */
static inline void cn_begin(cn_memory *memory) {
    cn_pool *pool = cn_this_pool();
    memset(memory, 0, sizeof *memory);
    if (pool->slot_count == 0 && !cn_add_slab(pool)) return;
    memory->slot = pool->slots[--pool->slot_count];
    if (pool->warm > 0) {
        pool->warm--;
        memset(memory->slot + cn_table_at, 0, cn_table_bytes);
    }
}

/* Takes the slot back: the session is gone. */
static inline void cn_end(cn_memory *memory) {
    if (memory->slot == NULL) return;
    cn_pool *pool = cn_this_pool();
    int stays_warm = pool->warm < cn_warm_slots_max && pool->slot_count < pool->slot_room;
    if (!stays_warm) madvise(memory->slot, cn_slot_bytes, MADV_DONTNEED);
    /* A session that ends on another thread than it began on may find no room there: then the
       addresses are lost, and nothing else. */
    if (pool->slot_count < pool->slot_room) {
        size_t place = pool->slot_count++;
        if (stays_warm) {
            pool->warm++;
        } else {
            /* It goes below those that kept their pages. */
            pool->slots[place] = pool->slots[place - pool->warm];
            place -= pool->warm;
        }
        pool->slots[place] = memory->slot;
    }
    memory->slot = NULL;
}

/* Gives the slot's pages back as long as nothing stands there: no stream is open and no frame is
   unsent. They come back zeroed, which for nghttp2's table means empty. */
static inline void cn_rest(cn_memory *memory) {
    if (memory->slot != NULL) madvise(memory->slot, cn_slot_bytes, MADV_DONTNEED);
}

/* Frees this thread's kept blocks: the next requests take theirs from the heap again. */
static inline void cn_trim(void) {
    cn_pool *pool = cn_this_pool();
    for (size_t index = 0; index < cn_classes; index++) {
        while (pool->kept[index] != NULL) {
            cn_block *block = pool->kept[index];
            pool->kept[index] = block->next;
            free(block);
        }
    }
    pool->kept_bytes = 0;
}

/* nghttp2_session_server_new2 or nghttp2_session_client_new2, with this memory. */
static inline int cn_session_new(nghttp2_session **session,
                                 const nghttp2_session_callbacks *callbacks, void *user,
                                 const nghttp2_option *options, int is_server, cn_memory *memory) {
    nghttp2_mem functions = {memory, cn_allocate, cn_release, cn_allocate_zeroed, cn_reallocate};
    return is_server ? nghttp2_session_server_new3(session, callbacks, user, options, &functions)
                     : nghttp2_session_client_new3(session, callbacks, user, options, &functions);
}
