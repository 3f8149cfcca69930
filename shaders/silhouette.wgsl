// The person's alpha, small, and how bright they are: for light, particles and whatever wants a shape and no picture.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/picture.wgsl"
#include "common/matte.wgsl"

struct Silhouette {
    reading: Reading,
    cutout: Cutout,
    kept_from: vec2f,  // outside of this nothing is person
    kept_to: vec2f,
}

@group(1) @binding(0) var<uniform> person: Silhouette;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let encoded = picture(person.reading, corner.uv).rgb;
    let alpha = matte(person.cutout, corner.uv, encoded);
    let kept = all(corner.uv >= person.kept_from) && all(corner.uv <= person.kept_to);
    let seen = select(0.0, alpha, kept);
    return vec4f(seen, seen * luminance(encoded), 0.0, 1.0);
}
