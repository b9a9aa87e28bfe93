/* What a server asks about the certificates of its clients. RFC 5280 section 6. */
#pragma once
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

/* The next revocation list in PEM text, or NULL; `ended` tells a clean end from an error. */
static inline X509_CRL *co_read_revocations(BIO *bio, OSSL_LIB_CTX *library, int *ended) {
    *ended = 0;
    X509_CRL *fresh = X509_CRL_new_ex(library, NULL);
    if (fresh == NULL) return NULL;
    X509_CRL *read = PEM_read_bio_X509_CRL(bio, &fresh, NULL, NULL);
    if (read != NULL) return read;
    unsigned long code = ERR_peek_last_error();
    *ended = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    X509_CRL_free(fresh);
    return NULL;
}

static inline STACK_OF(X509) *co_chain_new(void) { return sk_X509_new_null(); }
/* Borrows the certificate. */
static inline int co_chain_push(STACK_OF(X509) *chain, X509 *x) {
    return sk_X509_push(chain, x) > 0;
}
static inline void co_chain_free(STACK_OF(X509) *chain) { sk_X509_free(chain); }

/* What the client sent behind its own certificate, as long as the session lives. */
static inline int co_peer_chain_count(const SSL *s) {
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(s);
    return chain == NULL ? 0 : sk_X509_num(chain);
}
static inline X509 *co_peer_chain_at(const SSL *s, int index) {
    return sk_X509_value(SSL_get_peer_cert_chain(s), index);
}

/* Verifies a client's certificate at a time: X509_V_OK, or what is wrong with it. */
static inline int co_verify_client(
    OSSL_LIB_CTX *library, X509_STORE *store, X509 *leaf, STACK_OF(X509) *further, long long now,
    int depth, int checks_revocation) {
    X509_STORE_CTX *context = X509_STORE_CTX_new_ex(library, NULL);
    if (context == NULL) return X509_V_ERR_OUT_OF_MEM;
    int code = X509_V_ERR_UNSPECIFIED;
    if (X509_STORE_CTX_init(context, store, leaf, further) == 1
        && X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) == 1) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
        X509_VERIFY_PARAM_set_time(param, (time_t)now);
        X509_VERIFY_PARAM_set_depth(param, depth);
        X509_VERIFY_PARAM_set_auth_level(param, 2);
        if (checks_revocation)
            X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
        int verified = X509_verify_cert(context);
        code = X509_STORE_CTX_get_error(context);
        if (verified != 1 && code == X509_V_OK) code = X509_V_ERR_UNSPECIFIED;
    }
    X509_STORE_CTX_free(context);
    return code;
}

/* A ticket holds the client's own certificate and none of those between it and its authority, so a
   session with such is not resumed: a chain of two is a certificate and its authority. */
static inline int co_no_ticket_for_long_chain(int verified, X509_STORE_CTX *context) {
    if (verified == 1 && X509_STORE_CTX_get_error_depth(context) == 0
        && sk_X509_num(X509_STORE_CTX_get0_chain(context)) > 2) {
        SSL *s = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());
        if (s == NULL || SSL_set_num_tickets(s, 0) != 1) return 0;
    }
    return verified;
}

/* A name as RFC 4514 writes it, with what is not ASCII escaped. */
static inline int co_write_name(BIO *bio, const X509_NAME *name) {
    return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0;
}

static inline int co_write_serial(BIO *bio, X509 *x) {
    return i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(x)) > 0;
}
