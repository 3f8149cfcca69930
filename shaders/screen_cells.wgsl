// How the screen is lit, first step: its mean colour in each of a few cells, with how much of it is seen in alpha.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/key.wgsl"

@group(2) @binding(0) var keyed: texture_2d<f32>;

struct Cells {
    screen: vec3f,
    most: f32,    // distance in hue and saturation up to which a colour may be this screen in another light
    size: vec2f,
    surely: f32,  // a distance from what is known of the screen that surely is screen
    hardly: f32,  // and one that is not
}

const SAMPLES = 8;  // along an axis, in a cell

@group(1) @binding(0) var<uniform> cells: Cells;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let size = vec2f(textureDimensions(keyed));
    let cell = floor(corner.position.xy);
    var sum = vec4f(0.0);
    for (var y = 0; y < SAMPLES; y++) {
        for (var x = 0; x < SAMPLES; x++) {
            let within = (vec2f(f32(x), f32(y)) + 0.5) / f32(SAMPLES);
            let here = textureLoad(keyed, vec2i((cell + within) / cells.size * size), 0);
            sum += vec4f(here.rgb, 1.0) * (1.0 - smoothstep(cells.surely, cells.hardly, here.a * FARTHEST));
        }
    }
    let area = f32(SAMPLES * SAMPLES);
    let mean = sum.rgb / max(sum.a, 1e-4);
    // In the light of the screen that was named: only hue and saturation tell whether it is one.
    let named = max(cells.screen.r, max(cells.screen.g, cells.screen.b));
    let value = max(mean.r, max(mean.g, mean.b));
    let as_named = mean * (named / max(value, 1e-3));
    let is_screen = key_distance(screen_scale(cells.screen), 0.0, as_named) < cells.most && value > 0.3 * named;
    return select(vec4f(0.0), sum / area, is_screen);
}
