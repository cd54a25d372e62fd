/* Advanced SIMD and VFP: float multiply-add and reciprocal steps, fixed-point dot products, byte blending, interleaved
   loads, a scalar double-precision series. */
#include "bench.h"
#include <arm_neon.h>

enum { COUNT = 4096 };
static float xs[COUNT], ys[COUNT];
static int16_t as[COUNT], bs[COUNT];
static uint8_t pixels[4 * COUNT], over[4 * COUNT];

int main(void)
{
    uint32_t state = 5, sum = 0;
    for (int i = 0; i < COUNT; i++) {
        uint32_t x = next_random(&state);
        xs[i] = (float)(x & 0xffff) * (1.0f / 65536.0f);
        ys[i] = (float)(x >> 16) * (1.0f / 65536.0f);
        as[i] = (int16_t)x;
        bs[i] = (int16_t)(x >> 16);
        for (int lane = 0; lane < 4; lane++) {
            pixels[4 * i + lane] = (uint8_t)(x >> 8 * lane);
            over[4 * i + lane] = (uint8_t)(x >> (24 - 8 * lane));
        }
    }
    for (int round = 0; round < 1500; round++) {
        float32x4_t scale = vdupq_n_f32(0.9990234375f);
        for (int i = 0; i < COUNT; i += 4) {
            float32x4_t x = vld1q_f32(xs + i), y = vld1q_f32(ys + i);
            y = vmlaq_f32(y, x, scale);
            y = vminq_f32(vmulq_f32(y, vrecpsq_f32(x, scale)), vdupq_n_f32(2.0f));
            vst1q_f32(ys + i, y);
        }
        int32x4_t dot = vdupq_n_s32(0);
        for (int i = 0; i < COUNT; i += 4)
            dot = vmlal_s16(dot, vld1_s16(as + i), vld1_s16(bs + i));
        sum += (uint32_t)(vgetq_lane_s32(dot, 0) + vgetq_lane_s32(dot, 3));
        for (int i = 0; i < 4 * COUNT; i += 32) {
            uint8x8x4_t under = vld4_u8(pixels + i), top = vld4_u8(over + i);
            for (int lane = 0; lane < 3; lane++) {
                uint16x8_t mixed = vmull_u8(top.val[lane], top.val[3]);
                mixed = vmlal_u8(mixed, under.val[lane], vmvn_u8(top.val[3]));
                under.val[lane] = vrshrn_n_u16(mixed, 8);
            }
            under.val[3] = vqadd_u8(under.val[3], top.val[3]);
            vst4_u8(pixels + i, under);
        }
        double series = 1.0, term = 1.0;
        for (int i = 1; i < 400; i++) {
            term = term * (double)xs[i] / (double)i;
            series += term;
        }
        sum ^= (uint32_t)(series * 1048576.0);
    }
    for (int i = 0; i < COUNT; i++)
        sum = sum * 31 + pixels[4 * i] + (uint32_t)(ys[i] * 1024.0f);
    report("neon", sum);
    return 0;
}
