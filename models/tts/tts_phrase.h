/* From words with punctuation to the phones the acoustic net reads, sentence by sentence. Inside of
 * models/tts.
 *
 * A sentence opens and closes with silence; a comma is a silence inside. Columns of a phone: phone
 * (phones.h), stress 0-2, place in its word (1 first, 2 last, 3 both and for silence), break that
 * ends its phrase (2 comma, 3 end of sentence; 0 and 1 are pauses and commas that only recordings
 * have), words left in the phrase 0-4, words since its start 0-4. Twin: linguistics.py.
 *
 * Thread: any; no allocation. */
#ifndef LINNET_MODELS_TTS_PHRASE_H
#define LINNET_MODELS_TTS_PHRASE_H

#include "g2p.h"
#include "tts_net.h"

enum tts_ending { TTS_ENDING_FALL, TTS_ENDING_RISE };

struct tts_sentence {
    struct tts_phone phones[TTS_PHONES_MAX];
    size_t count;
    enum tts_ending ending; /* RISE: a question that is answered by yes or no */
};

/* Read the next sentence of normalised text (normalise.h) from *cursor on and move the cursor
 * behind it. A sentence too long for the net is cut between words. Returns false when there is
 * nothing more to say; the sentence is then empty. */
bool tts_phrase_next(const struct g2p *g2p, const char **cursor, struct tts_sentence *ret_sentence);

#endif
