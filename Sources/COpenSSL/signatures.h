/* Public keys made of their parts, and signatures over messages: EVP calls that take parameters by
   name or allocate on the way. RFC 7518, RFC 8017, RFC 8032. */
#pragma once
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

/* A key of parameters; NULL when they make none. Takes the builder over. */
static inline EVP_PKEY *co_key_of(
    OSSL_LIB_CTX *library, const char *kind, OSSL_PARAM_BLD *builder) {
    OSSL_PARAM *parameters = builder == NULL ? NULL : OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(library, kind, NULL);
    EVP_PKEY *key = NULL;
    if (parameters != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1
        && EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static inline EVP_PKEY *co_rsa_public(
    OSSL_LIB_CTX *library, const unsigned char *n, int n_count, const unsigned char *e,
    int e_count) {
    BIGNUM *modulus = BN_bin2bn(n, n_count, NULL);
    BIGNUM *exponent = BN_bin2bn(e, e_count, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (modulus != NULL && exponent != NULL && builder != NULL && BN_is_odd(exponent)
        && !BN_is_one(exponent) && BN_num_bits(exponent) <= 64 && BN_is_odd(modulus)
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        key = co_key_of(library, "RSA", builder);
    } else {
        OSSL_PARAM_BLD_free(builder);
    }
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

/* A key on a named curve, of an uncompressed point; NULL when the point is not on it. */
static inline EVP_PKEY *co_ec_public(
    OSSL_LIB_CTX *library, const char *group, const unsigned char *point, size_t count) {
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder == NULL
        || OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1
        || OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, count) != 1) {
        OSSL_PARAM_BLD_free(builder);
        return NULL;
    }
    EVP_PKEY *key = co_key_of(library, "EC", builder);
    if (key == NULL) return NULL;
    EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(library, key, NULL);
    int good = check != NULL && EVP_PKEY_public_check(check) == 1;
    EVP_PKEY_CTX_free(check);
    if (good) return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* The first SubjectPublicKeyInfo in PEM text. */
static inline EVP_PKEY *co_read_public(BIO *bio, OSSL_LIB_CTX *library) {
    return PEM_read_bio_PUBKEY_ex(bio, NULL, NULL, NULL, library, NULL);
}

static inline EVP_PKEY *co_decode_public(
    OSSL_LIB_CTX *library, const unsigned char *der, long count) {
    const unsigned char *position = der;
    EVP_PKEY *key = d2i_PUBKEY_ex(NULL, &position, count, library, NULL);
    if (key != NULL && position != der + count) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

static inline int co_key_is(EVP_PKEY *key, const char *kind) { return EVP_PKEY_is_a(key, kind); }

/* Whether the key's curve is called so. */
static inline int co_key_has_group(EVP_PKEY *key, const char *group) {
    char name[64] = {0};
    size_t count = 0;
    return EVP_PKEY_get_group_name(key, name, sizeof name, &count) == 1 && strcmp(name, group) == 0;
}

/* Whether the signature is right. `digest` is NULL for Edwards curves; `pss` asks for RSASSA-PSS
   with a salt as long as the digest. */
static inline int co_verify(
    OSSL_LIB_CTX *library, EVP_PKEY *key, const char *digest, int pss,
    const unsigned char *signature, size_t signature_count, const unsigned char *message,
    size_t message_count) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    int good = context != NULL
               && EVP_DigestVerifyInit_ex(context, &parameters, digest, library, NULL, key, NULL)
                      == 1;
    if (good && pss)
        good = EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1
               && EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good
           && EVP_DigestVerify(
                  context, signature, signature_count, message, message_count) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

/* Two numbers of equal length as the DER of an ECDSA signature. Returns its bytes, to be freed with
   OPENSSL_free, or NULL; zero is no part of a signature. */
static inline unsigned char *co_ecdsa_der(const unsigned char *parts, int half, int *count) {
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(parts, half, NULL);
    BIGNUM *s = BN_bin2bn(parts + half, half, NULL);
    unsigned char *der = NULL;
    if (signature != NULL && r != NULL && s != NULL && !BN_is_zero(r) && !BN_is_zero(s)
        && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL;
        *count = i2d_ECDSA_SIG(signature, &der);
        if (*count <= 0) der = NULL;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return der;
}

static inline void co_free_bytes(unsigned char *bytes) { OPENSSL_free(bytes); }

/* Whether `code` is the HMAC of the message, compared in constant time. */
static inline int co_hmac_is(
    OSSL_LIB_CTX *library, const char *digest, const unsigned char *key, size_t key_count,
    const unsigned char *message, size_t message_count, const unsigned char *code,
    size_t code_count) {
    unsigned char made[EVP_MAX_MD_SIZE];
    size_t count = 0;
    if (EVP_Q_mac(library, "HMAC", NULL, digest, NULL, key, key_count, message, message_count, made,
                  sizeof made, &count) == NULL)
        return 0;
    int good = count == code_count && CRYPTO_memcmp(made, code, count) == 0;
    OPENSSL_cleanse(made, sizeof made);
    return good;
}

/* SipHash-2-4 of 16 bytes under a key of 16 bytes: the context starts again each time. */
static inline int co_siphash(
    EVP_MAC_CTX *context, const unsigned char *key, const unsigned char *bytes, size_t count,
    unsigned char *out) {
    size_t written = 0;
    return EVP_MAC_init(context, key, 16, NULL) == 1 && EVP_MAC_update(context, bytes, count) == 1
           && EVP_MAC_final(context, out, &written, 16) == 1 && written == 16;
}
