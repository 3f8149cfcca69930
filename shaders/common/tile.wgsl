// A picture in tiles, sorted by what a matte does in them, and a list of each kind: runs of tiles, one below the other.

const EMPTY_TILE = 0u;
const EDGE_TILE = 1u;
const SOLID_TILE = 2u;
const AROUND_TILE = 3u;  // an edge, or at most two tiles from one
const PAST_TILE = 4u;    // empty now, and an edge or solid the last time: there something is to be erased
const CALM_TILE = 5u;    // an edge the last time, and none now
const LISTS = 6u;

const WAS_SOLID = 1u;  // what a tile was the last time
const WAS_EDGE = 1u << 31u;

struct Grid {
    size: vec2f,   // of a tile, in uv
    count: vec2u,  // tiles across and down
}

// Where in the buffer a list begins. In place of one of empty tiles there stands for each tile which lists it is in, a bit
// each, while they are made, and then what it was.
fn list_start(grid: Grid, kind: u32) -> u32 {
    return kind * grid.count.x * grid.count.y;
}

fn run_of(row: u32, column: u32, length: u32) -> u32 {
    return row << 16u | column << 8u | length;
}
