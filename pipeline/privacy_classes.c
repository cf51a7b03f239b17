#include "privacy_classes.h"

#include <ctype.h>
#include <string.h>

/* ---- numbers; matched in the reading with joined digits ---- */

bool is_card_number(const char *digits, size_t length)
{
    int sum = 0;
    for (size_t i = 0; i < length; i++) {
        int value = digits[length - 1 - i] - '0';
        if (value < 0 || value > 9)
            return false;
        if (i % 2 == 1)
            value = value > 4 ? 2 * value - 9 : 2 * value;
        sum += value;
    }
    return length > 0 && sum % 10 == 0;
}

/* The shortest account number with country code and check digits has 15 signs (Norway); all have at
 * least ten digits, which no English words have. */
static bool is_iban(const char *match, size_t length)
{
    size_t digits = 0;
    for (size_t i = 0; i < length; i++)
        digits += isdigit((unsigned char)match[i]) != 0;
    return digits >= 10;
}

static const struct class_pattern card_patterns[] = {
    {"(?<!\\d)\\d{13,19}(?!\\d)", is_card_number},
    {NULL, NULL},
};

static const struct class_pattern account_patterns[] = {
    {"(?<!\\d)\\d{9,}(?!\\d)", NULL},
    {"\\b[a-z]{2}\\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,4})?\\b", is_iban},
    {"\\b(?:pin|cvv|cvc|passcode|pass ?code|security code|password|account|routing|sort code|card|"
     "member|policy|customer|licen[cs]e|passport|social security|ssn|tax)"
     "(?: (?:number|code|no|id))?\\.?(?: is| was|:| =| equals)? #?[a-z]{0,3}\\d[a-z0-9]{2,}\\b",
     NULL},
    {"\\bpass(?:word|phrase)(?: is|:| =) ?\\S+(?: \\S+){0,3}", NULL},
    {NULL, NULL},
};

static const struct class_pattern phone_patterns[] = {
    {"(?<!\\d)\\+?\\d{7,15}(?!\\d)", NULL},
    {NULL, NULL},
};

/* ---- location ---- */

static const struct class_pattern location_patterns[] = {
    {"\\b\\d{1,5}[a-z]?,? "
     "(?!minutes?\\b|hours?\\b|seconds?\\b|miles?\\b|meters?\\b|km\\b|percent\\b)"
     "(?:[\\w'.]+ ){1,4}(?:street|st|road|rd|avenue|ave|lane|boulevard|blvd|crescent|terrace)\\b",
     NULL},
    {"\\b\\d{1,5}[a-z]?,? "
     "(?!minutes?\\b|hours?\\b|seconds?\\b|miles?\\b|meters?\\b|km\\b|percent\\b)"
     "[\\w']+ (?:drive|court|square|gardens|row|close|place|way)\\b",
     NULL},
    {"\\b\\w+(?:stra\xc3\x9f"
     "e|strasse|gasse|allee|platz) \\d{1,4}[a-z]?\\b",
     NULL},
    {"\\b(?-i:[A-Z]{1,2}\\d[A-Z\\d]? ?\\d[A-Z]{2})\\b", NULL},
    {"\\b(?-i:[A-Z]{2}) \\d{5}(?:-\\d{4})?\\b", NULL},
    {"\\b(?:zip|postal|post) ?(?:code)?(?: is|:)? ?[a-z]{0,2}\\d[a-z0-9 ]{2,6}\\b", NULL},
    {"-?\\b\\d{1,3}\\.\\d{3,}\xc2\xb0?[ ,;]+-?\\d{1,3}\\.\\d{3,}", NULL},
    {"\\b(?:i|we) (?:live|reside|stay|am staying|are staying|moved|am|are) (?:at|near|on|to|by) "
     "(?:\\d[\\w'-]*|[\\w'-]+ ?(?:street|road|avenue|lane))(?: [\\w'-]+){0,4}",
     NULL},
    {"\\b(?:i|we) (?:live|reside) (?:in|at|on|near|by) [\\w'-]+(?: [\\w'-]+){0,3}", NULL},
    {"\\b(?:my|our|his|her|their) (?:\\w+ )?(?:address|location|postcode|zip code) is "
     "[\\w'-]+(?:,? [\\w'-]+){0,7}",
     NULL},
    {NULL, NULL},
};

static const char *const location_words[] = {
    "my address",  "our address",     "home address",     "my location",
    "my postcode", "my zip code",     "where i live",     "where we live",
    "my street",   "my neighborhood", "my neighbourhood", NULL,
};

/* ---- health ---- */

static const char *const health_words[] = {
    "abortion*",
    "abscess*",
    "ache*",
    "aching",
    "acne",
    "addict*",
    "adhd",
    "aids",
    "alcoholi*",
    "allerg*",
    "alzheimer*",
    "amputat*",
    "anemi*",
    "anaemi*",
    "angina",
    "anorexi*",
    "antibiotic*",
    "antidepress*",
    "anxiety",
    "appendicitis",
    "arrhythmi*",
    "arthritis",
    "asperger*",
    "asthma*",
    "autis*",
    "backache*",
    "biops*",
    "bipolar",
    "bleeding",
    "blood clot*",
    "blood count*",
    "blood pressure",
    "blood sugar",
    "blood test*",
    "body mass index",
    "broken arm",
    "broken leg",
    "bronchitis",
    "bulimi*",
    "cancer*",
    "cardiac",
    "cardiolog*",
    "cataract*",
    "chemo",
    "chemotherap*",
    "chest pain*",
    "chickenpox",
    "chlamydia",
    "cholesterol",
    "chronic pain",
    "cirrhosis",
    "clinic",
    "colonoscop*",
    "concussion",
    "constipat*",
    "contracepti*",
    "covid*",
    "crohn*",
    "dementia",
    "dentist*",
    "depressed",
    "depression",
    "dermatolog*",
    "diabet*",
    "diagnos*",
    "dialysis",
    "diarrhea",
    "diarrhoea",
    "dizzy",
    "dizziness",
    "doctor's appointment",
    "doctor appointment",
    "doctors appointment",
    "my doctor",
    "the doctor",
    "a doctor",
    "dosage",
    "eating disorder*",
    "eczema",
    "emergency room",
    "endometriosis",
    "epilep*",
    "erectile*",
    "fainted",
    "fever",
    "fertility",
    "fibromyalgia",
    "flu",
    "fracture*",
    "gastritis",
    "gonorrh*",
    "gout",
    "gynecolog*",
    "gynaecolog*",
    "headache*",
    "hearing loss",
    "heart attack*",
    "heart condition*",
    "heart disease*",
    "heart rate",
    "heart surgery",
    "hemorrhoid*",
    "hepatitis",
    "hernia",
    "herpes",
    "high blood pressure",
    "hiv",
    "hormone therap*",
    "hospital*",
    "hypertensi*",
    "hypochondri*",
    "ibuprofen",
    "illness*",
    "implant*",
    "incontinen*",
    "infection*",
    "infertil*",
    "inflamm*",
    "influenza",
    "inhaler*",
    "injur*",
    "inject*",
    "insomnia",
    "insulin",
    "kidney stone*",
    "laxative*",
    "leukemia",
    "leukaemia",
    "lupus",
    "lyme disease",
    "lymphoma",
    "mammogram*",
    "medical*",
    "medicat*",
    "medicine*",
    "melanoma",
    "menopaus*",
    "menstrua*",
    "mental health",
    "migraine*",
    "miscarr*",
    "morphine",
    "multiple sclerosis",
    "my period",
    "my pills",
    "nausea*",
    "nauseous",
    "obes*",
    "oncolog*",
    "opioid*",
    "osteopor*",
    "overdose*",
    "pacemaker*",
    "painkiller*",
    "panic attack*",
    "paracetamol",
    "paralys*",
    "paranoi*",
    "parkinson*",
    "patholog*",
    "penicillin",
    "physiotherap*",
    "pneumonia",
    "pregnan*",
    "prescription*",
    "prostat*",
    "prozac",
    "psoriasis",
    "psychiatr*",
    "psycholog*",
    "psychosis",
    "psychotherap*",
    "ptsd",
    "radiotherap*",
    "rash",
    "rehab",
    "rheumat*",
    "schizo*",
    "sclerosis",
    "seizure*",
    "self harm",
    "sexually "
    "transmitted*",
    "shingles",
    "sick leave",
    "sinusitis",
    "sleep apnea",
    "sleep apnoea",
    "sore throat",
    "sprain*",
    "std",
    "stds",
    "steroid*",
    "stomach ache",
    "stomach pain*",
    "stroke",
    "suicid*",
    "surgeon*",
    "surger*",
    "swollen",
    "symptom*",
    "syphilis",
    "tablets",
    "temperature of "
    "a hundred",
    "therapist*",
    "therapy",
    "thyroid*",
    "tinnitus",
    "toothache*",
    "transplant*",
    "tubercul*",
    "tumor*",
    "tumour*",
    "ulcer*",
    "ultrasound",
    "unwell",
    "urolog*",
    "vaccin*",
    "vasectomy",
    "vertigo",
    "viagra",
    "vomit*",
    "wheelchair",
    "x ray",
    "xanax",
    "zoloft",
    NULL,
};

/* ---- the table ---- */

static const struct privacy_class classes[] = {
    {"names", "[name]", true, NULL, {NULL}},
    {"words", "[private]", false, NULL, {NULL}},
    {"numbers", "[number]", false, NULL, {card_patterns, account_patterns, phone_patterns}},
    {"card", "[number]", false, NULL, {card_patterns}},
    {"account", "[number]", false, NULL, {account_patterns}},
    {"phone", "[number]", false, NULL, {phone_patterns}},
    {"health", "[health]", false, health_words, {NULL}},
    {"location", "[place]", false, location_words, {location_patterns}},
    {"addresses", "[place]", false, location_words, {location_patterns}},
    {NULL, NULL, false, NULL, {NULL}},
};

const struct privacy_class *privacy_class_find(const char *name)
{
    for (const struct privacy_class *class = classes; class->name; class ++) {
        if (strcmp(class->name, name) == 0)
            return class;
    }
    return NULL;
}
