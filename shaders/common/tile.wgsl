// A picture in tiles, sorted by what a matte does in them.

const TILES = vec2f(40.0, 24.0);

// A corner of a tile, in uv.
fn tile_corner(index: u32, instance: u32) -> vec2f {
    let tile = vec2u(instance % u32(TILES.x), instance / u32(TILES.x));
    return (vec2f(tile) + quad_corner(index)) / TILES;
}

const EMPTY_TILE = 0u;
const EDGE_TILE = 1u;
const SOLID_TILE = 2u;
