/* X.509 pieces that OpenSSL offers as macros, stacks or variadic calls. RFC 5280. */
#pragma once
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

static inline EVP_PKEY *co_generate_p256(OSSL_LIB_CTX *library) {
    return EVP_PKEY_Q_keygen(library, NULL, "EC", "P-256");
}

static inline EVP_PKEY *co_generate_rsa(OSSL_LIB_CTX *library, size_t bits) {
    return EVP_PKEY_Q_keygen(library, NULL, "RSA", bits);
}

/* Refuses encrypted keys: without it OpenSSL would ask for a passphrase on the terminal. */
static inline int co_no_passphrase(char *buffer, int size, int writing, void *asked) {
    (void)buffer;
    (void)size;
    (void)writing;
    if (asked != NULL) *(int *)asked = 1;
    return -1;
}

/* The private key in PEM text; `encrypted` tells whether one was found that needs a passphrase. */
static inline EVP_PKEY *co_read_key(BIO *bio, OSSL_LIB_CTX *library, int *encrypted) {
    return PEM_read_bio_PrivateKey_ex(bio, NULL, co_no_passphrase, encrypted, library, NULL);
}

/* The next certificate in PEM text, or NULL; `ended` tells a clean end from an error. */
static inline X509 *co_read_certificate(BIO *bio, OSSL_LIB_CTX *library, int *ended) {
    *ended = 0;
    X509 *fresh = X509_new_ex(library, NULL);
    if (fresh == NULL) return NULL;
    X509 *read = PEM_read_bio_X509(bio, &fresh, co_no_passphrase, NULL);
    if (read != NULL) return read;
    unsigned long code = ERR_peek_last_error();
    *ended = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    X509_free(fresh);
    return NULL;
}

static inline X509 *co_decode_certificate(
    OSSL_LIB_CTX *library, const unsigned char *der, long count) {
    const unsigned char *position = der;
    X509 *fresh = X509_new_ex(library, NULL);
    if (fresh == NULL) return NULL;
    X509 *read = d2i_X509(&fresh, &position, count);
    if (read == NULL) {
        X509_free(fresh);
        return NULL;
    }
    if (position != der + count) {
        X509_free(read);
        return NULL;
    }
    return read;
}

static inline EVP_PKEY *co_decode_key(OSSL_LIB_CTX *library, const unsigned char *der, long count) {
    const unsigned char *position = der;
    return d2i_AutoPrivateKey_ex(NULL, &position, count, library, NULL);
}

/* Bytes of a memory BIO, which stay its own. */
static inline long co_bio_bytes(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

static inline GENERAL_NAMES *co_names(X509 *x) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
}
static inline int co_names_count(GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/* The type of a name, with its bytes for DNS, URI and IP names and NULL for any other type. */
static inline int co_name_at(
    GENERAL_NAMES *names, int index, const unsigned char **bytes, int *count) {
    int type = 0;
    void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), &type);
    *bytes = NULL;
    *count = 0;
    if (value != NULL && (type == GEN_DNS || type == GEN_URI || type == GEN_IPADD)) {
        *bytes = ASN1_STRING_get0_data((ASN1_STRING *)value);
        *count = ASN1_STRING_length((ASN1_STRING *)value);
    }
    return type;
}

/* Seconds since 1970, or 0 in `ok` when the time cannot be read. */
static inline long long co_seconds(const ASN1_TIME *time, int *ok) {
    struct tm parts;
    *ok = time != NULL && ASN1_TIME_to_tm(time, &parts) == 1;
    return *ok ? (long long)timegm(&parts) : 0;
}

/* Adds an extension by its OpenSSL name and value. Returns 1, or 0 on failure. */
static inline int co_add_extension(X509 *x, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL) return 0;
    int added = X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}
