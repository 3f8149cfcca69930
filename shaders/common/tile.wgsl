// A picture in tiles, sorted by what a matte does in them.

const TILES = vec2f(40.0, 24.0);

const EMPTY_TILE = 0u;
const EDGE_TILE = 1u;
const SOLID_TILE = 2u;
