/* hiredis' reader with reply objects of our own: a flat list of nodes in the order in which they
   came, and the text of them all in one run of bytes. Both have bounds, so that a server cannot
   make us hold more. The functions that create objects are the same in 0.14 and 1.x but for the
   type of an array's count. RESP2 only: nothing else is asked for. */
#pragma once
#include <hiredis/hiredis.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct ch_node {
    int type;          /* REDIS_REPLY_* */
    int children;      /* of an array */
    long long integer;
    size_t offset;     /* of a string, status or error in the text */
    size_t length;
} ch_node;

typedef struct ch_reader {
    redisReader *reader;
    redisReplyObjectFunctions functions;
    ch_node *nodes;
    int count, nodes_max;
    char *text;
    size_t used, text_max;
} ch_reader;

static inline ch_node *ch_add(const redisReadTask *task, int type) {
    ch_reader *own = (ch_reader *)task->privdata;
    if (own->count >= own->nodes_max) return NULL;
    ch_node *node = &own->nodes[own->count++];
    memset(node, 0, sizeof *node);
    node->type = type;
    return node;
}

static void *ch_create_string(const redisReadTask *task, char *text, size_t length) {
    ch_reader *own = (ch_reader *)task->privdata;
    if (length > own->text_max - own->used) return NULL;
    ch_node *node = ch_add(task, task->type);
    if (node == NULL) return NULL;
    memcpy(own->text + own->used, text, length);
    node->offset = own->used;
    node->length = length;
    own->used += length;
    return node;
}

#if HIREDIS_MAJOR >= 1
static void *ch_create_array(const redisReadTask *task, size_t count) {
#else
static void *ch_create_array(const redisReadTask *task, int count) {
#endif
    ch_reader *own = (ch_reader *)task->privdata;
    if (count > (unsigned)own->nodes_max) return NULL;
    ch_node *node = ch_add(task, REDIS_REPLY_ARRAY);
    if (node != NULL) node->children = (int)count;
    return node;
}

static void *ch_create_integer(const redisReadTask *task, long long value) {
    ch_node *node = ch_add(task, REDIS_REPLY_INTEGER);
    if (node != NULL) node->integer = value;
    return node;
}

static void *ch_create_nil(const redisReadTask *task) { return ch_add(task, REDIS_REPLY_NIL); }

/* Nodes are forgotten together, when the next reply begins. */
static void ch_free_object(void *object) { (void)object; }

static inline void ch_reader_free(ch_reader *own) {
    if (own == NULL) return;
    if (own->reader != NULL) redisReaderFree(own->reader);
    free(own->nodes);
    free(own->text);
    free(own);
}

/* NULL when there is no memory. */
static inline ch_reader *ch_reader_new(int nodes_max, size_t text_max) {
    ch_reader *own = (ch_reader *)calloc(1, sizeof *own);
    if (own == NULL) return NULL;
    own->nodes_max = nodes_max;
    own->text_max = text_max;
    own->nodes = (ch_node *)calloc((size_t)nodes_max, sizeof(ch_node));
    own->text = (char *)malloc(text_max);
    own->functions.createString = ch_create_string;
    own->functions.createArray = ch_create_array;
    own->functions.createInteger = ch_create_integer;
    own->functions.createNil = ch_create_nil;
    own->functions.freeObject = ch_free_object;
    own->reader = redisReaderCreateWithFunctions(&own->functions);
    if (own->nodes == NULL || own->text == NULL || own->reader == NULL) {
        ch_reader_free(own);
        return NULL;
    }
    own->reader->privdata = own;
    return own;
}

/* Returns 0, or -1 when the bytes are too many or the reader has failed before. */
static inline int ch_reader_feed(ch_reader *own, const char *bytes, size_t length) {
    size_t held = own->reader->len - own->reader->pos;
    if (own->reader->err != 0 || length > own->text_max || held > own->text_max - length) return -1;
    return redisReaderFeed(own->reader, bytes, length) == REDIS_OK ? 0 : -1;
}

/* Returns 1 when a whole reply stands in the nodes, 0 when bytes are missing, -1 for what is no
   reply or too large a one. */
static inline int ch_reader_next(ch_reader *own) {
    void *reply = NULL;
    if (own->reader->ridx == -1) {
        own->count = 0;
        own->used = 0;
    }
    if (redisReaderGetReply(own->reader, &reply) != REDIS_OK) return -1;
    return reply == NULL ? 0 : 1;
}
