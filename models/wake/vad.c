#include "vad.h"

struct vad_config vad_config_default(void)
{
    return (struct vad_config){.on = 0.5f, .off = 0.35f, .onset_frames = 4, .hangover_frames = 12};
}

void vad_init(struct vad *vad, const struct vad_config *config)
{
    *vad = (struct vad){.config = *config};
}

bool vad_step(struct vad *vad, float probability)
{
    /* A click inside a pause does not shorten the pause: only speech does. */
    vad->quiet = vad->speech && probability >= vad->config.off ? 0 : vad->quiet + 1;
    bool against = vad->speech ? probability < vad->config.off : probability >= vad->config.on;
    vad->run = against ? vad->run + 1 : 0;
    uint32_t needed = vad->speech ? vad->config.hangover_frames : vad->config.onset_frames;
    if (against && vad->run >= needed) {
        vad->speech = !vad->speech;
        vad->run = 0;
    }
    return vad->speech;
}

uint64_t vad_silence_frames(const struct vad *vad)
{
    return vad->speech ? 0 : vad->quiet;
}
