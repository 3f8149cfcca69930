// A Gaussian blur along one axis; two of them make a round one.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/picture.wgsl"

struct Blur {
    reading: Reading,
    axis: vec2f,     // one target pixel along the axis, in uv
    sigma: f32,      // standard deviation in target pixels
    reach: f32,      // taps to either side
}

@group(1) @binding(0) var<uniform> blur: Blur;

// Whether the source is a camera's picture, to be turned into light on the way.
override DECODE: bool = false;

// Whether two taps are had with one filtered sample, which lies between them as their weights do: of light, in a source of
// the target's size.
override PAIRS: bool = false;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

fn light_at(uv: vec2f) -> vec4f {
    let value = picture(blur.reading, uv);
    if DECODE {
        return vec4f(decode_srgb(value.rgb) * value.a, value.a);
    }
    return value;
}

fn weight(distance: f32) -> f32 {
    return exp(-0.5 * (distance * distance) / (blur.sigma * blur.sigma));
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    var sum = light_at(corner.uv);
    var weights = 1.0;
    for (var i = 1.0; i <= blur.reach; i += select(1.0, 2.0, PAIRS)) {
        let farther = select(0.0, weight(i + 1.0), PAIRS);
        let both = weight(i) + farther;
        let away = blur.axis * (i + farther / both);
        sum += (light_at(corner.uv + away) + light_at(corner.uv - away)) * both;
        weights += 2.0 * both;
    }
    return sum / weights;
}
