/* The rows of the configuration's section `privacy`, for help, man page and sample; privacy_read
 * reads it.
 *
 * Thread: any. */
#ifndef LINNET_PIPELINE_PRIVACY_SECTION_H
#define LINNET_PIPELINE_PRIVACY_SECTION_H

#include "option_section.h"

extern const struct option_section privacy_section;

#endif
