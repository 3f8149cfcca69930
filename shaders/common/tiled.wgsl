// Drawing only the tiles of one kind: an instance each.

#include "common/tile.wgsl"

@group(2) @binding(3) var tiles: texture_2d<f32>;

override TILE: u32 = EDGE_TILE;

fn is_of_kind(tile: vec2i) -> bool {
    return u32(textureLoad(tiles, tile, 0).r * 255.0 + 0.5) == TILE;
}

fn tile_at(instance: u32) -> vec2i {
    return vec2i(vec2u(instance % u32(TILES.x), instance / u32(TILES.x)));
}

// Whether this instance's tile is to be drawn.
fn is_drawn(instance: u32) -> bool {
    return is_of_kind(tile_at(instance));
}

// Whether it is one of those, or lies beside one.
fn is_near(instance: u32) -> bool {
    var near = false;
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            near |= is_of_kind(clamp(tile_at(instance) + vec2i(x, y), vec2i(0), vec2i(TILES) - 1));
        }
    }
    return near;
}

const NOTHING = Corner(vec4f(0.0, 0.0, 0.0, 1.0), vec2f(0.0));

// This instance's tile of the whole target with a margin around it, in uv, or nothing.
fn tile_of_whole(index: u32, instance: u32, margin: vec2f) -> Corner {
    if !is_drawn(instance) {
        return NOTHING;
    }
    let outwards = quad_corner(index) * 2.0 - 1.0;
    let uv = saturate(tile_corner(index, instance) + outwards * margin);
    return Corner(to_clip(uv), uv);
}

// This instance's tile of the whole target, in uv, where it or one beside it is of the kind: each pixel once, where tiles
// with a margin as wide as they are would draw it up to nine times.
fn near_tile_of_whole(index: u32, instance: u32) -> Corner {
    if !is_near(instance) {
        return NOTHING;
    }
    let uv = tile_corner(index, instance);
    return Corner(to_clip(uv), uv);
}
