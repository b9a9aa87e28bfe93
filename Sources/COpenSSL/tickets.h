/* One session ticket key (RFC 5077 section 4) and its use on the contexts of OpenSSL's callback. */
#pragma once
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

typedef struct co_ticket_key {
    unsigned char name[16];
    unsigned char cipher[32];
    unsigned char mac[32];
} co_ticket_key;

/* AES-256-CBC under HMAC-SHA-256, as the callback's contexts demand. Returns 1, or 0 on failure. */
static inline int co_ticket_start(
    const co_ticket_key *key, const EVP_CIPHER *cipher, const unsigned char *iv,
    EVP_CIPHER_CTX *ctx, EVP_MAC_CTX *mac, int encrypt) {
    OSSL_PARAM params[2];
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    params[1] = OSSL_PARAM_construct_end();
    if (EVP_CipherInit_ex2(ctx, cipher, key->cipher, iv, encrypt, NULL) != 1) return 0;
    return EVP_MAC_init(mac, key->mac, sizeof key->mac, params) == 1;
}

/* A MAC context for HMAC-SHA-256 under one key, restarted with a NULL key for each message. */
static inline int co_hmac_start(EVP_MAC_CTX *mac, const unsigned char *key, size_t count) {
    OSSL_PARAM params[2];
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    params[1] = OSSL_PARAM_construct_end();
    return EVP_MAC_init(mac, key, count, params) == 1;
}
