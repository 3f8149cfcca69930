// A texture over another of the same size, pixel by pixel.

#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var from_texture: texture_2d<f32>;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    return textureLoad(from_texture, vec2i(corner.position.xy), 0);
}
