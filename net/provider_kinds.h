/* One constructor a kind of provider; provider_create chooses. The configuration has been checked.
 *
 * Thread: as provider.h says. */
#ifndef LINNET_NET_PROVIDER_KINDS_H
#define LINNET_NET_PROVIDER_KINDS_H

#include "provider_create.h"

enum status provider_realtime_create(const struct provider_config *config,
                                     struct provider **ret_provider, struct error *ret_error);
enum status provider_responses_create(const struct provider_config *config,
                                      struct provider **ret_provider, struct error *ret_error);
enum status provider_chat_create(const struct provider_config *config,
                                 struct provider **ret_provider, struct error *ret_error);
enum status provider_gemini_create(const struct provider_config *config,
                                   struct provider **ret_provider, struct error *ret_error);
enum status provider_linnet_create(const struct provider_config *config,
                                   struct provider **ret_provider, struct error *ret_error);

#endif
