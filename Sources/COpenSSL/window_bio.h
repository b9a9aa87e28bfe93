/* A BIO over two flat windows: ciphertext in, ciphertext out. It owns no memory and does no I/O. */
#pragma once
#include <openssl/bio.h>
#include <string.h>

typedef struct co_window {
    const unsigned char *in;
    size_t in_count;
    unsigned char *out;
    size_t out_count;
    size_t out_capacity;
} co_window;

static inline int co_window_read(BIO *bio, char *to, size_t count, size_t *taken) {
    co_window *w = (co_window *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (w->in_count == 0) {
        BIO_set_retry_read(bio);
        *taken = 0;
        return 0;
    }
    size_t n = count < w->in_count ? count : w->in_count;
    memcpy(to, w->in, n);
    w->in += n;
    w->in_count -= n;
    *taken = n;
    return 1;
}

static inline int co_window_write(BIO *bio, const char *from, size_t count, size_t *put) {
    co_window *w = (co_window *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    size_t room = w->out_capacity - w->out_count;
    if (room == 0) {
        BIO_set_retry_write(bio);
        *put = 0;
        return 0;
    }
    size_t n = count < room ? count : room;
    memcpy(w->out + w->out_count, from, n);
    w->out_count += n;
    *put = n;
    return 1;
}

static inline long co_window_ctrl(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static inline int co_window_create(BIO *bio) {
    BIO_set_init(bio, 1);
    return 1;
}

/* Called once per process: the type numbers that OpenSSL hands out are few. */
static inline BIO_METHOD *co_window_method(void) {
    int type = BIO_get_new_index();
    if (type == -1) return NULL;
    BIO_METHOD *method = BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "window");
    if (method == NULL) return NULL;
    if (BIO_meth_set_read_ex(method, co_window_read)
        && BIO_meth_set_write_ex(method, co_window_write)
        && BIO_meth_set_ctrl(method, co_window_ctrl)
        && BIO_meth_set_create(method, co_window_create))
        return method;
    BIO_meth_free(method);
    return NULL;
}
