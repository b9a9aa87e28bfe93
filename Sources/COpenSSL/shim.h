/* OpenSSL 3's headers, and its macros and variadic calls as functions that Swift can call. */
#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "allocator.h"
#include "certificates.h"
#include "client_certificates.h"
#include "signatures.h"
#include "tickets.h"
#include "window_bio.h"

/* Process-wide start: no configuration file of the system may weaken or change TLS here, and worker
   threads may still run while the process exits. */
static inline int co_start(void) {
    return OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
}

static inline void co_ctx_set_modes(SSL_CTX *c) {
    SSL_CTX_set_mode(
        c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
               | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY
               | SSL_MODE_NO_AUTO_CHAIN);
}
static inline int co_ctx_set_min_version(SSL_CTX *c, int v) {
    return SSL_CTX_set_min_proto_version(c, v);
}
static inline int co_ctx_set_max_version(SSL_CTX *c, int v) {
    return SSL_CTX_set_max_proto_version(c, v);
}
static inline int co_ctx_set_groups(SSL_CTX *c, const char *list) {
    return (int)SSL_CTX_set1_groups_list(c, list);
}
static inline void co_ctx_set_cache_mode(SSL_CTX *c, long mode) {
    SSL_CTX_set_session_cache_mode(c, mode);
}
static inline void co_ctx_set_cert_list_max(SSL_CTX *c, long bytes) {
    SSL_CTX_set_max_cert_list(c, bytes);
}
static inline int co_ctx_set_verify_store(SSL_CTX *c, X509_STORE *s) {
    return (int)SSL_CTX_set1_verify_cert_store(c, s);
}
static inline int co_ctx_add_chain(SSL_CTX *c, X509 *x) {
    return (int)SSL_CTX_add1_chain_cert(c, x);
}
static inline int co_ctx_set_signatures(SSL_CTX *c, const char *list) {
    return (int)SSL_CTX_set1_sigalgs_list(c, list);
}
static inline int co_set_server_name(SSL *s, const char *name) {
    return (int)SSL_set_tlsext_host_name(s, name);
}

static inline void co_ctx_on_server_name(
    SSL_CTX *c, int (*callback)(SSL *, int *, void *), void *argument) {
    SSL_CTX_set_tlsext_servername_callback(c, callback);
    SSL_CTX_set_tlsext_servername_arg(c, argument);
}

static inline int co_error_library(unsigned long code) { return ERR_GET_LIB(code); }
static inline int co_error_reason(unsigned long code) { return ERR_GET_REASON(code); }

/* The names of a bundle's certificates, sent to clients that are asked for a certificate. */
static inline int co_ctx_offer_authority(SSL_CTX *c, X509 *x) {
    return SSL_CTX_add_client_CA(c, x);
}

/* The server's order of ciphers, with ChaCha20 for clients without AES hardware, which put it
   first. */
static inline uint64_t co_option_server_order(void) {
    return SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;
}
static inline uint64_t co_option_no_compression(void) { return SSL_OP_NO_COMPRESSION; }
static inline uint64_t co_option_no_renegotiation(void) { return SSL_OP_NO_RENEGOTIATION; }
static inline uint64_t co_option_no_ticket(void) { return SSL_OP_NO_TICKET; }
