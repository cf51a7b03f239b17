/* Part of nn_impl.h: element-wise functions, norms, attention. Included by it alone.
 *
 * Thread: any for all functions. */

/* ---- functions of one value ---- */

/* exp by n = round(x / ln 2) and a polynomial on the rest; coefficients of the Cephes library's
 * expf. */
NN_INLINE vf vf_exp(vf x)
{
    x = vf_min(vf_max(x, vf_set1(-87.3f)), vf_set1(88.3f));
    vi n = vi_from_vf(vf_mul(x, vf_set1(1.44269504f)));
    vf whole = vf_from_vi(n);
    vf r = vf_sub(x, vf_mul(whole, vf_set1(0.693359375f)));
    r = vf_sub(r, vf_mul(whole, vf_set1(-2.12194440e-4f)));
    vf y = vf_set1(1.9875691500e-4f);
    y = vf_add(vf_mul(y, r), vf_set1(1.3981999507e-3f));
    y = vf_add(vf_mul(y, r), vf_set1(8.3334519073e-3f));
    y = vf_add(vf_mul(y, r), vf_set1(4.1665795894e-2f));
    y = vf_add(vf_mul(y, r), vf_set1(1.6666665459e-1f));
    y = vf_add(vf_mul(y, r), vf_set1(5.0000001201e-1f));
    y = vf_add(vf_add(vf_mul(vf_mul(y, r), r), r), vf_set1(1.0f));
    return vf_mul(y, vf_exp2i(n));
}

NN_INLINE vf vf_relu(vf x)
{
    return vf_max(x, vf_zero());
}

NN_INLINE vf vf_sigmoid(vf x)
{
    vf one = vf_set1(1.0f);
    return vf_div(one, vf_add(one, vf_exp(vf_sub(vf_zero(), x))));
}

NN_INLINE vf vf_tanh(vf x)
{
    vf one = vf_set1(1.0f), two = vf_set1(2.0f);
    return vf_sub(one, vf_div(two, vf_add(one, vf_exp(vf_mul(two, x)))));
}

NN_INLINE vf vf_silu(vf x)
{
    return vf_mul(x, vf_sigmoid(x));
}

/* erf by Abramowitz and Stegun 7.1.26, absolute error 1.5e-7. */
NN_INLINE vf vf_gelu(vf x)
{
    vf one = vf_set1(1.0f);
    vf z = vf_mul(x, vf_set1(0.70710678f)), a = vf_abs(z);
    vf t = vf_div(one, vf_add(one, vf_mul(a, vf_set1(0.3275911f))));
    vf p = vf_set1(1.061405429f);
    p = vf_add(vf_mul(p, t), vf_set1(-1.453152027f));
    p = vf_add(vf_mul(p, t), vf_set1(1.421413741f));
    p = vf_add(vf_mul(p, t), vf_set1(-0.284496736f));
    p = vf_add(vf_mul(p, t), vf_set1(0.254829592f));
    vf erf = vf_sub(one, vf_mul(vf_mul(p, t), vf_exp(vf_sub(vf_zero(), vf_mul(a, a)))));
    return vf_mul(vf_mul(x, vf_set1(0.5f)), vf_add(one, vf_copysign(erf, z)));
}

NN_INLINE void map(float *x, size_t n, vf (*function)(vf))
{
    for (size_t i = 0; i < n; i += NN_PANEL)
        store_some(x + i, n - i, function(load_some(x + i, n - i, 0.0f)));
}

static void activate(enum nn_activation activation, float *x, size_t n)
{
    switch (activation) {
    case NN_RELU:
        map(x, n, vf_relu);
        break;
    case NN_SIGMOID:
        map(x, n, vf_sigmoid);
        break;
    case NN_TANH:
        map(x, n, vf_tanh);
        break;
    case NN_SILU:
        map(x, n, vf_silu);
        break;
    case NN_GELU:
        map(x, n, vf_gelu);
        break;
    case NN_EXP:
        map(x, n, vf_exp);
        break;
    }
}

/* ---- functions of two vectors ---- */

static void swiglu(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i += NN_PANEL) {
        vf g = load_some(gate + i, n - i, 0.0f), u = load_some(up + i, n - i, 0.0f);
        store_some(gate + i, n - i, vf_mul(vf_silu(g), u));
    }
}

static void add(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += NN_PANEL)
        store_some(y + i, n - i,
                   vf_add(load_some(y + i, n - i, 0.0f), load_some(x + i, n - i, 0.0f)));
}

static void multiply(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += NN_PANEL)
        store_some(y + i, n - i,
                   vf_mul(load_some(y + i, n - i, 0.0f), load_some(x + i, n - i, 0.0f)));
}

static void scale_shift(float *y, const float *scale, const float *shift, size_t n)
{
    for (size_t i = 0; i < n; i += NN_PANEL) {
        vf scaled = vf_mul(load_some(y + i, n - i, 0.0f), load_some(scale + i, n - i, 0.0f));
        store_some(y + i, n - i, vf_add(scaled, load_some(shift + i, n - i, 0.0f)));
    }
}

static float dot(const float *x, const float *y, size_t n)
{
    vf sum = vf_zero();
    for (size_t i = 0; i < n; i += NN_PANEL)
        sum = vf_add(sum, vf_mul(load_some(x + i, n - i, 0.0f), load_some(y + i, n - i, 0.0f)));
    return vf_reduce_add(sum);
}

/* ---- norms ---- */

static float sum_of(const float *x, size_t n)
{
    vf sum = vf_zero();
    for (size_t i = 0; i < n; i += NN_PANEL)
        sum = vf_add(sum, load_some(x + i, n - i, 0.0f));
    return vf_reduce_add(sum);
}

static float largest_of(const float *x, size_t n)
{
    vf most = vf_set1(-FLT_MAX);
    for (size_t i = 0; i < n; i += NN_PANEL)
        most = vf_max(most, load_some(x + i, n - i, -FLT_MAX));
    return vf_reduce_max(most);
}

static void softmax(float *x, size_t n)
{
    vf most = vf_set1(largest_of(x, n));
    for (size_t i = 0; i < n; i += NN_PANEL)
        store_some(x + i, n - i, vf_exp(vf_sub(load_some(x + i, n - i, 0.0f), most)));
    vf inverse = vf_set1(1.0f / sum_of(x, n));
    for (size_t i = 0; i < n; i += NN_PANEL)
        store_some(x + i, n - i, vf_mul(load_some(x + i, n - i, 0.0f), inverse));
}

static void log_softmax(float *x, size_t n)
{
    float largest = largest_of(x, n);
    vf most = vf_set1(largest), sum = vf_zero();
    size_t whole = n - n % NN_PANEL;
    for (size_t i = 0; i < whole; i += NN_PANEL)
        sum = vf_add(sum, vf_exp(vf_sub(vf_load(x + i), most)));
    if (whole < n) {
        float rest[NN_PANEL] = {0};
        store_tail(rest, n - whole, vf_exp(vf_sub(load_tail(x + whole, n - whole, 0.0f), most)));
        sum = vf_add(sum, vf_load(rest));
    }
    /* log in double, so that no libm's last bit reaches the result. */
    vf shift = vf_set1(largest + (float)log((double)vf_reduce_add(sum)));
    for (size_t i = 0; i < n; i += NN_PANEL)
        store_some(x + i, n - i, vf_sub(load_some(x + i, n - i, 0.0f), shift));
}

static void rms_norm(const float *x, const float *weight, float eps, float *y, size_t n)
{
    vf scale = vf_set1(1.0f / sqrtf(dot(x, x, n) / (float)n + eps));
    for (size_t i = 0; i < n; i += NN_PANEL) {
        vf v = vf_mul(load_some(x + i, n - i, 0.0f), scale);
        store_some(y + i, n - i, vf_mul(v, load_some(weight + i, n - i, 0.0f)));
    }
}

static void layer_norm(float *x, const float *weight, const float *bias, float eps, size_t n)
{
    vf mean = vf_set1(sum_of(x, n) / (float)n);
    for (size_t i = 0; i < n; i += NN_PANEL)
        store_some(x + i, n - i, vf_sub(load_some(x + i, n - i, 0.0f), mean));
    vf scale = vf_set1(1.0f / sqrtf(dot(x, x, n) / (float)n + eps));
    for (size_t i = 0; i < n; i += NN_PANEL) {
        vf v = vf_mul(vf_mul(load_some(x + i, n - i, 0.0f), scale),
                      load_some(weight + i, n - i, 0.0f));
        store_some(x + i, n - i, vf_add(v, load_some(bias + i, n - i, 0.0f)));
    }
}

/* ---- convolution over time ---- */

static void depthwise(const struct nn_depthwise *conv, const float *x, size_t frames, float *y)
{
    const uint32_t width = conv->width;
    for (size_t t = 0; t < frames; t++, x += width, y += width) {
        for (uint32_t c = 0; c < width; c += NN_PANEL) {
            size_t some = width - c;
            vf sum = conv->bias ? load_some(conv->bias + c, some, 0.0f) : vf_zero();
            for (uint32_t k = 0; k < conv->kernel; k++) {
                size_t at = (size_t)k * width + c;
                vf product =
                    vf_mul(load_some(conv->weight + at, some, 0.0f), load_some(x + at, some, 0.0f));
                sum = vf_add(sum, product);
            }
            store_some(y + c, some, sum);
        }
    }
}

/* ---- attention ---- */

/* scores[head of the group][position] = scale * q . k, by the float matrix kernel over the packed
 * keys. */
static void attend_scores(const struct nn_query *query, const float *q, const float *keys,
                          uint32_t head_size, uint32_t group)
{
    struct nn_matrix k = {GGUF_TYPE_F32, query->n_positions, head_size,
                          (size_t)head_size * NN_PANEL * 4, (uint8_t *)(uintptr_t)keys};
    size_t stride = (query->n_positions + NN_PANEL - 1) / NN_PANEL * NN_PANEL;
    matmul_float(&k, (struct nn_in){q, group, head_size},
                 (struct nn_out){query->scores, stride, NULL, false});
    for (uint32_t h = 0; h < group; h++) {
        float *s = query->scores + h * stride;
        for (size_t i = 0; i < query->n_positions; i += NN_PANEL)
            vf_store(s + i, vf_mul(vf_load(s + i), vf_set1(query->scale)));
        softmax(s, query->n_positions);
    }
}

/* y = sum over positions of weight * value, 16 values of the head at a time. */
static void attend_values(const float *weights, const float *values, uint32_t n, uint32_t head_size,
                          float *y)
{
    size_t stride = (head_size + NN_PANEL - 1) / NN_PANEL * NN_PANEL;
    for (uint32_t i = 0; i < head_size; i += NN_PANEL) {
        vf sum = vf_zero();
        for (uint32_t p = 0; p < n; p++)
            sum = vf_add(sum, vf_mul(vf_set1(weights[p]), vf_load(values + p * stride + i)));
        store_some(y + i, head_size - i, sum);
    }
}

static void attend(const struct nn_kv *kv, const struct nn_query *query, float *y)
{
    uint32_t group = query->heads / kv->heads, size = kv->head_size;
    size_t key_floats = nn_kv_floats(1, size, kv->context);
    size_t stride = (query->n_positions + NN_PANEL - 1) / NN_PANEL * NN_PANEL;
    for (uint32_t h = 0; h < kv->heads; h++) {
        attend_scores(query, query->q + (size_t)h * group * size, kv->keys + h * key_floats, size,
                      group);
        for (uint32_t g = 0; g < group; g++)
            attend_values(query->scores + g * stride, kv->values + h * key_floats,
                          query->n_positions, size, y + ((size_t)h * group + g) * size);
    }
}
