// Before the first step, where a mask is older than the picture that is shown: moved to where the picture has by now what
// the mask was made of. From each pixel of the picture shown, back to where that was in the picture before, and on from
// there; so a mask is sampled once, however old, and does not blur.

#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var mask: texture_2d<f32>;
@group(2) @binding(1) var motions: texture_2d<f32>;  // from each picture to the next, as fractions, under each other

struct Route {
    pictures: u32,  // how many were shown since the one that the mask was made of
    newest: u32,    // where the motion to the picture shown is among the others
    kept: u32,      // how many there are; the one before the first is the last
}

@group(1) @binding(0) var<uniform> route: Route;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let kept = f32(route.kept);
    let border = 0.5 * kept / f32(textureDimensions(motions).y);  // samples must not reach into another motion
    var at = corner.uv;
    for (var ago = 0u; ago < route.pictures; ago++) {
        let above = f32((route.newest + route.kept - ago) % route.kept);
        let y = (above + clamp(at.y, border, 1.0 - border)) / kept;
        at -= textureSampleLevel(motions, linear_sampler, vec2f(at.x, y), 0.0).rg;
    }
    return textureSampleLevel(mask, linear_sampler, at, 0.0);
}
