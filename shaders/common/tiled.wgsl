// Drawing only the tiles of one kind: an instance for each run of them, from the list that `tiles.wgsl` has made.

#include "common/tile.wgsl"

struct Listed {
    grid: Grid,
    draws: array<vec4u, LISTS>,
    tiles: array<u32>,
}

@group(3) @binding(0) var<storage, read> listed: Listed;

override TILE: u32 = EDGE_TILE;

// How much beside its tiles is drawn too, of a tile.
override BESIDE: f32 = 0.0;

// A corner of this instance's tiles, in uv.
fn tile_corner(index: u32, instance: u32) -> vec2f {
    let run = listed.tiles[list_start(listed.grid, TILE) + instance];
    let first = vec2f(vec2u(run >> 8u & 255u, run >> 16u)) - BESIDE;
    let size = vec2f(1.0, f32(run & 255u)) + 2.0 * BESIDE;
    return saturate((first + quad_corner(index) * size) * listed.grid.size);
}

// This instance's tiles of the whole target, in uv.
fn tile_of_whole(index: u32, instance: u32) -> Corner {
    let uv = tile_corner(index, instance);
    return Corner(to_clip(uv), uv);
}
