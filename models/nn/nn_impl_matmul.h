/* Part of nn_impl.h: matrix products, in tiles of panels by activation rows. Included by it alone.
 *
 * Thread: any for all functions. */

/* ---- tiles of a matrix product ---- */

/* Sums of one block: P panels x N rows. Q4_0 holds columns j and j + 16 in the two halves of a
 * byte. */
NN_INLINE void dot_block_q8(int P, int N, const uint8_t *values, size_t panel_bytes,
                            const int8_t *groups, vi (*sums)[NN_TILE_ROWS])
{
    NN_UNROLL
    for (int g = 0; g < 8; g++) {
        NN_UNROLL
        for (int p = 0; p < P; p++) {
            vq w = vq_load_q8(values + (size_t)p * panel_bytes + g * 64);
            NN_UNROLL
            for (int n = 0; n < N; n++)
                sums[p][n] = vi_dot_q8(sums[p][n], w, groups + (g * N + n) * 4);
        }
    }
}

NN_INLINE void dot_block_q4(int P, int N, const uint8_t *values, size_t panel_bytes,
                            const int8_t *groups, vi (*sums)[NN_TILE_ROWS])
{
    NN_UNROLL
    for (int g = 0; g < 4; g++) {
        NN_UNROLL
        for (int p = 0; p < P; p++) {
            vu low, high;
            vu_load_q4(values + (size_t)p * panel_bytes + g * 64, &low, &high);
            NN_UNROLL
            for (int n = 0; n < N; n++) {
                sums[p][n] = vi_dot_q4(sums[p][n], low, groups + (g * N + n) * 4);
                sums[p][n] = vi_dot_q4(sums[p][n], high, groups + ((g + 4) * N + n) * 4);
            }
        }
    }
}

NN_INLINE void dot_tile(int P, int N, bool q4, const struct nn_matrix *m, const uint8_t *panel,
                        const struct tile *t, vf (*acc)[NN_TILE_ROWS])
{
    const size_t block_bytes = q4 ? 256 : 512;
    const uint8_t *values = panel + nn_scales_bytes(m->cols);
    const int32_t offset = q4 ? -8 : -NN_Q8_OFFSET;
    for (size_t b = 0; b < m->cols / NN_BLOCK; b++) {
        vi sums[MAX_PANELS][NN_TILE_ROWS];
        NN_UNROLL
        for (int n = 0; n < N; n++) {
            vi start = vi_set1(offset ? offset * t->sums[b * (size_t)N + n] : 0);
            NN_UNROLL
            for (int p = 0; p < P; p++)
                sums[p][n] = start;
        }
        const int8_t *groups = t->groups + b * NN_BLOCK * (size_t)N;
        if (q4)
            dot_block_q4(P, N, values + b * block_bytes, m->panel_bytes, groups, sums);
        else
            dot_block_q8(P, N, values + b * block_bytes, m->panel_bytes, groups, sums);
        NN_UNROLL
        for (int p = 0; p < P; p++) {
            vf scale = vf_load_f16(panel + (size_t)p * m->panel_bytes + b * NN_PANEL * 2);
            NN_UNROLL
            for (int n = 0; n < N; n++) {
                vf both = vf_mul(scale, vf_set1(t->scales[b * (size_t)N + n]));
                acc[p][n] = vf_add(acc[p][n], vf_mul(vf_from_vi(sums[p][n]), both));
            }
        }
    }
}

NN_INLINE void float_tile(int P, int N, bool half, const struct nn_matrix *m, const uint8_t *panel,
                          const struct nn_in *x, vf (*acc)[NN_TILE_ROWS])
{
    const size_t item = half ? NN_PANEL * 2 : NN_PANEL * 4;
    for (size_t c = 0; c < m->cols; c++) {
        NN_UNROLL
        for (int p = 0; p < P; p++) {
            const uint8_t *at = panel + (size_t)p * m->panel_bytes + c * item;
            vf w = half ? vf_load_f16(at) : vf_load((const float *)(const void *)at);
            NN_UNROLL
            for (int n = 0; n < N; n++)
                acc[p][n] =
                    vf_add(acc[p][n], vf_mul(w, vf_set1(x->data[(size_t)n * x->stride + c])));
        }
    }
}

NN_INLINE void write_tile(int P, int N, uint32_t row, uint32_t rows, const struct nn_out *y,
                          vf (*acc)[NN_TILE_ROWS])
{
    NN_UNROLL
    for (int p = 0; p < P; p++) {
        uint32_t at = row + (uint32_t)p * NN_PANEL;
        size_t some = rows - at;
        vf bias = y->bias ? load_some(y->bias + at, some, 0.0f) : vf_zero();
        NN_UNROLL
        for (int n = 0; n < N; n++) {
            float *to = y->data + (size_t)n * y->stride + at;
            vf v = vf_add(acc[p][n], bias);
            if (y->add)
                v = vf_add(v, load_some(to, some, 0.0f));
            store_some(to, some, v);
        }
    }
}

/* What a tile function gets: one activation tile against all panels it can take, from `row` on. */
struct tile_job {
    const struct nn_matrix *matrix;
    const struct tile *tile; /* Q weights */
    struct nn_in x;          /* float weights */
    struct nn_out y;
    uint32_t row;
};

NN_INLINE void run_tile(int P, int N, enum gguf_type type, const struct tile_job *job)
{
    vf acc[MAX_PANELS][NN_TILE_ROWS];
    NN_UNROLL
    for (int p = 0; p < P; p++) {
        NN_UNROLL
        for (int n = 0; n < N; n++)
            acc[p][n] = vf_zero();
    }
    const struct nn_matrix *m = job->matrix;
    const uint8_t *panel = m->data + job->row / NN_PANEL * m->panel_bytes;
    if (type == GGUF_TYPE_Q8_0 || type == GGUF_TYPE_Q4_0)
        dot_tile(P, N, type == GGUF_TYPE_Q4_0, m, panel, job->tile, acc);
    else
        float_tile(P, N, type == GGUF_TYPE_F16, m, panel, &job->x, acc);
    write_tile(P, N, job->row, m->rows, &job->y, acc);
}

#define TILE_WIDTHS(X, P, T)                                                                       \
    X(P, 1, T)                                                                                     \
    X(P, 2, T)                                                                                     \
    X(P, 3, T)                                                                                     \
    X(P, 4, T)                                                                                     \
    X(P, 5, T)                                                                                     \
    X(P, 6, T)
#define TILE_CASE(P, N, T)                                                                         \
    case N:                                                                                        \
        if (N <= NN_TILE_ROWS)                                                                     \
            run_tile(P, N <= NN_TILE_ROWS ? N : 1, T, job);                                        \
        return;
#define TILE_FUNCTION(name, P, T)                                                                  \
    static void name(const struct tile_job *job, size_t width)                                     \
    {                                                                                              \
        switch (width) {                                                                           \
            TILE_WIDTHS(TILE_CASE, P, T)                                                           \
        }                                                                                          \
    }

TILE_FUNCTION(tiles_q8, NN_TILE_PANELS, GGUF_TYPE_Q8_0)
TILE_FUNCTION(tiles_q4, NN_TILE_PANELS, GGUF_TYPE_Q4_0)
TILE_FUNCTION(tiles_f32, NN_TILE_PANELS, GGUF_TYPE_F32)
TILE_FUNCTION(tiles_f16, NN_TILE_PANELS, GGUF_TYPE_F16)
#if NN_TILE_PANELS > 1
TILE_FUNCTION(last_q8, 1, GGUF_TYPE_Q8_0)
TILE_FUNCTION(last_q4, 1, GGUF_TYPE_Q4_0)
TILE_FUNCTION(last_f32, 1, GGUF_TYPE_F32)
TILE_FUNCTION(last_f16, 1, GGUF_TYPE_F16)
#else
#define last_q8 tiles_q8
#define last_q4 tiles_q4
#define last_f32 tiles_f32
#define last_f16 tiles_f16
#endif

/* A single float row is bound by the latency of its sums: more panels at once. */
static void float_row(const struct tile_job *job)
{
    if (job->matrix->type == GGUF_TYPE_F16)
        run_tile(FLOAT_PANELS, 1, GGUF_TYPE_F16, job);
    else
        run_tile(FLOAT_PANELS, 1, GGUF_TYPE_F32, job);
}

static void run_some(const struct tile_job *job, size_t width, bool last)
{
    switch (job->matrix->type) {
    case GGUF_TYPE_Q8_0:
        (last ? last_q8 : tiles_q8)(job, width);
        break;
    case GGUF_TYPE_Q4_0:
        (last ? last_q4 : tiles_q4)(job, width);
        break;
    case GGUF_TYPE_F16:
        (last ? last_f16 : tiles_f16)(job, width);
        break;
    default:
        (last ? last_f32 : tiles_f32)(job, width);
        break;
    }
}

/* Run one activation tile at the panels from job->row and return how many rows of the matrix were
 * done. */
static uint32_t step(const struct tile_job *job, size_t width)
{
    uint32_t left = job->matrix->rows - job->row;
    bool is_float = job->matrix->type == GGUF_TYPE_F32 || job->matrix->type == GGUF_TYPE_F16;
    if (is_float && width == 1 && left > (FLOAT_PANELS - 1) * NN_PANEL) {
        float_row(job);
        return FLOAT_PANELS * NN_PANEL;
    }
    bool last = left <= (NN_TILE_PANELS - 1) * NN_PANEL;
    run_some(job, width, last);
    return last ? NN_PANEL : NN_TILE_PANELS * NN_PANEL;
}

static size_t tile_width(size_t rows)
{
    return rows < NN_TILE_ROWS ? rows : NN_TILE_ROWS;
}

static void matmul_float(const struct nn_matrix *m, struct nn_in x, struct nn_out y)
{
    for (size_t done = 0; done < x.rows;) {
        size_t width = tile_width(x.rows - done);
        struct tile_job job = {m, NULL, {x.data + done * x.stride, width, x.stride}, y, 0};
        job.y.data = y.data + done * y.stride;
        while (job.row < m->rows)
            job.row += step(&job, width);
        done += width;
    }
}

/* At most NN_CHUNK rows: quantise them, then walk the weights once. */
static void matmul_chunk(const struct nn_matrix *m, struct nn_in x, struct nn_out y,
                         uint8_t *scratch)
{
    uint8_t *at = scratch;
    for (size_t done = 0; done < x.rows;) {
        size_t width = tile_width(x.rows - done);
        struct tile t = tile_at(at, m->cols, width);
        for (size_t i = 0; i < width; i++)
            quantise_row(x.data + (done + i) * x.stride, m->cols, &t, i);
        at += tile_bytes(m->cols, width);
        done += width;
    }
    for (uint32_t row = 0, next = 0; row < m->rows; row = next) {
        at = scratch;
        for (size_t done = 0; done < x.rows;) {
            size_t width = tile_width(x.rows - done);
            struct tile t = tile_at(at, m->cols, width);
            struct tile_job job = {m, &t, {NULL, 0, 0}, y, row};
            job.y.data = y.data + done * y.stride;
            next = row + step(&job, width);
            at += tile_bytes(m->cols, width);
            done += width;
        }
        if (next == row)
            return;
    }
}

static void matmul(const struct nn_matrix *matrix, struct nn_in x, struct nn_out y, void *scratch)
{
    if (matrix->type == GGUF_TYPE_F32 || matrix->type == GGUF_TYPE_F16) {
        matmul_float(matrix, x, y);
        return;
    }
    while (x.rows > 0) {
        struct nn_in part = {x.data, x.rows < NN_CHUNK ? x.rows : NN_CHUNK, x.stride};
        matmul_chunk(matrix, part, y, scratch);
        x.data += part.rows * x.stride;
        y.data += part.rows * y.stride;
        x.rows -= part.rows;
    }
}
