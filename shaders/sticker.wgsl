// A picture over what a display already shows: a logo, or an operator's panel. Encoded values, as the display's own.

#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var sticker_texture: texture_2d<f32>;

struct Sticker {
    quad: Quad,
    opacity: f32,
}

@group(1) @binding(0) var<uniform> sticker: Sticker;

// A texel is a pixel, and colour is premultiplied: a panel that was drawn for this display. Else straight alpha.
override PANEL: bool = false;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return place(sticker.quad, index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    if PANEL {
        let texel = vec2i(corner.uv * vec2f(textureDimensions(sticker_texture)));
        return textureLoad(sticker_texture, texel, 0) * sticker.opacity;
    }
    let colour = textureSampleLevel(sticker_texture, linear_sampler, corner.uv, 0.0);
    return vec4f(colour.rgb * colour.a, colour.a) * sticker.opacity;
}
