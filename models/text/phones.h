/* The 39 phones of cmudict (ARPAbet, US English) and silence: one numbering for voice and ears.
 *
 * A phone code is a byte: the phone in the low six bits, the stress of a vowel above them (0 none,
 * 1 primary, 2 secondary). Consonants and SIL carry no stress.
 *
 * Thread: any, for all functions. */
#ifndef LINNET_MODELS_PHONES_H
#define LINNET_MODELS_PHONES_H

#include <stdbool.h>
#include <stdint.h>

/* Name, is it a vowel. SIL first, the rest in alphabetical order. */
/* clang-format off */
#define PHONE_MAP(X)                                                                               \
    X(SIL, 0) X(AA, 1) X(AE, 1) X(AH, 1) X(AO, 1) X(AW, 1) X(AY, 1) X(B, 0) X(CH, 0) X(D, 0) \
    X(DH, 0) X(EH, 1) X(ER, 1) X(EY, 1) X(F, 0) X(G, 0) X(HH, 0) X(IH, 1) X(IY, 1) X(JH, 0) \
    X(K, 0) X(L, 0) X(M, 0) X(N, 0) X(NG, 0) X(OW, 1) X(OY, 1) X(P, 0) X(R, 0) X(S, 0) \
    X(SH, 0) X(T, 0) X(TH, 0) X(UH, 1) X(UW, 1) X(V, 0) X(W, 0) X(Y, 0) X(Z, 0) X(ZH, 0)
/* clang-format on */

enum phone {
#define PHONE_ENUM(name, vowel) PHONE_##name,
    PHONE_MAP(PHONE_ENUM)
#undef PHONE_ENUM
        PHONE_COUNT
};

/* "SIL" for 0, "AA" for 1, ...; "?" outside the list. */
const char *phone_name(unsigned phone);

/* PHONE_COUNT when the name is unknown. A trailing stress digit is not part of the name. */
unsigned phone_from_name(const char *name);

bool phone_is_vowel(unsigned phone);

static inline unsigned phone_of_code(uint8_t code)
{
    return code & 63;
}

static inline unsigned phone_stress_of_code(uint8_t code)
{
    return code >> 6;
}

static inline uint8_t phone_code(unsigned phone, unsigned stress)
{
    return (uint8_t)(phone | stress << 6);
}

#endif
