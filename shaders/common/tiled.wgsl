// Drawing only the tiles of one kind: an instance each.

#include "common/tile.wgsl"

@group(2) @binding(3) var tiles: texture_2d<f32>;

override TILE: u32 = EDGE_TILE;

// Whether this instance's tile is to be drawn.
fn is_drawn(instance: u32) -> bool {
    let tile = vec2u(instance % u32(TILES.x), instance / u32(TILES.x));
    return u32(textureLoad(tiles, tile, 0).r * 255.0 + 0.5) == TILE;
}

// This instance's tile of the whole target with a margin around it, in uv, or nothing.
fn tile_of_whole(index: u32, instance: u32, margin: vec2f) -> Corner {
    if !is_drawn(instance) {
        return Corner(vec4f(0.0, 0.0, 0.0, 1.0), vec2f(0.0));
    }
    let outwards = quad_corner(index) * 2.0 - 1.0;
    let uv = saturate(tile_corner(index, instance) + outwards * margin);
    return Corner(to_clip(uv), uv);
}
