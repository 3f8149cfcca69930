// Which parts of a picture are empty, which solid, and which hold an edge; and lists of runs of them.
//
// Only tiles with an edge need the matte and the person's own colour worked out for every pixel; solid ones are a plain
// picture, and empty ones are not drawn at all. On a talking head that is 10 %, 35 % and 55 % of the tiles.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/tile.wgsl"
#include "common/picture.wgsl"
#include "common/matte.wgsl"

struct Sorting {
    reading: Reading,
    cutout: Cutout,
    least: f32,       // at or below this value nothing is seen
    most: f32,        // at or above it all is
    reach: f32,       // how far a neighbour counts, in texels of the matte
    fine_reach: f32,  // and in texels of `fine`
}

@group(1) @binding(0) var<uniform> sorting: Sorting;

struct Draw {
    vertices: u32,
    instances: atomic<u32>,
    first_vertex: u32,
    first_instance: u32,
}

// As `Listed` in common/tiled.wgsl.
struct Lists {
    grid: Grid,
    draws: array<Draw, LISTS>,
    tiles: array<atomic<u32>>,
}

@group(3) @binding(0) var<storage, read_write> lists: Lists;

// Alpha, and whether it decides where the matte leaves it open.
@group(2) @binding(3) var fine: texture_2d<f32>;
override FINE: bool = false;

const HALF_LEVEL = 0.5 / 255.0;

// The least and the greatest that a texel can amount to.
fn span_at(texel: vec2i) -> vec2f {
    switch MATTE {
        case TEXTURE: {
            return textureLoad(matte_texture, texel, 0).rr;
        }
        case GUIDED: {
            let line = textureLoad(matte_texture, texel, 0);
            let sloped = dot(abs(line.rgb), vec3f(1.0)) > 1e-4;
            return select(line.aa, vec2f(0.0, 1.0), sloped);
        }
        case KEY: {
            return vec2f(0.0);  // below
        }
        default: {
            return textureLoad(plane_0, texel, 0).aa;
        }
    }
}

fn source_size() -> vec2f {
    if MATTE == NONE {
        return vec2f(textureDimensions(plane_0));
    }
    return vec2f(textureDimensions(matte_texture));
}

// The texels that a tile lies on, and so many more to each side, since samples reach into their neighbours.
fn texels_of(tile: vec2u, size: vec2f, reach: f32) -> vec4i {
    let texels = lists.grid.size * size;
    let first = max(floor(vec2f(tile) * texels) - reach, vec2f(0.0));
    let last = min(ceil(vec2f(tile + 1u) * texels) - 1.0 + reach, size - 1.0);
    return vec4i(vec2i(first), vec2i(last));
}

@compute @workgroup_size(8, 8)
fn cs_sort(@builtin(global_invocation_id) id: vec3u) {
    let count = lists.grid.count;
    if any(id.xy >= count) {
        return;
    }
    let index = id.y * count.x + id.x;
    if index == 0u {
        for (var kind = 0u; kind < LISTS; kind++) {
            atomicStore(&lists.draws[kind].instances, 0u);
        }
    }
    let size = source_size();
    let box = texels_of(id.xy, size, sorting.reach);
    let first = box.xy;
    let last = box.zw;
    var span = vec2f(1.0, 0.0);
    if MATTE == KEY {
        // The distance, of sixteen pixels each; four at once are had at half the cost.
        for (var y = first.y; y <= last.y; y += 2) {
            for (var x = first.x; x <= last.x; x += 2) {
                let corner = vec2f(min(vec2i(x, y) + 1, last)) / size;
                span = with_four(span, FARTHEST * textureGather(3, matte_texture, linear_sampler, corner));
            }
        }
    }
    for (var y = first.y; MATTE != KEY && y <= last.y; y++) {
        for (var x = first.x; x <= last.x; x++) {
            let value = span_at(vec2i(x, y));
            span = vec2f(min(span.x, value.x), max(span.y, value.y));
        }
    }
    var is_empty = span.y <= sorting.least;
    var is_solid = span.x >= sorting.most;
    if FINE && !is_empty && !is_solid {
        span = fine_span(id.xy);
        is_empty = span.y < HALF_LEVEL;
        is_solid = span.x > 1.0 - HALF_LEVEL;
    }
    if is_empty {
        return;
    }
    mark(id.xy, 0, select(EDGE_TILE, SOLID_TILE, is_solid));
    if MATTE == KEY && !is_solid {
        mark(id.xy, 2, AROUND_TILE);
    }
}

// The least and the greatest of a span and four more.
fn with_four(span: vec2f, four: vec4f) -> vec2f {
    let least = min(min(four.x, four.y), min(four.z, four.w));
    let most = max(max(four.x, four.y), max(four.z, four.w));
    return vec2f(min(span.x, least), max(span.y, most));
}

// The least and the greatest alpha in a tile.
fn fine_span(tile: vec2u) -> vec2f {
    let size = vec2f(textureDimensions(fine));
    let box = texels_of(tile, size, sorting.fine_reach);
    var span = vec2f(1.0, 0.0);
    for (var y = box.y; y <= box.w; y += 2) {
        for (var x = box.x; x <= box.z; x += 2) {
            let corner = vec2f(min(vec2i(x, y) + 1, box.zw)) / size;
            span = with_four(span, textureGather(0, fine, linear_sampler, corner));
        }
    }
    return span;
}

// Put all tiles that are at most so far from one into a list.
fn mark(tile: vec2u, reach: i32, list: u32) {
    let first = max(vec2i(tile) - reach, vec2i(0));
    let last = min(vec2i(tile) + reach, vec2i(lists.grid.count) - 1);
    for (var y = first.y; y <= last.y; y++) {
        for (var x = first.x; x <= last.x; x++) {
            atomicOr(&lists.tiles[u32(y) * lists.grid.count.x + u32(x)], 1u << list);
        }
    }
}

// One column each: a CPU spends 3 µs on a quad beside its pixels, so tiles one below the other are drawn as one. People
// are tall: there are half as many runs as in rows.
@compute @workgroup_size(8)
fn cs_list(@builtin(global_invocation_id) id: vec3u) {
    let count = lists.grid.count;
    let column = id.x;
    if column >= count.x {
        return;
    }
    var starts: array<u32, LISTS>;  // where the run of each list began
    var before = 0u;
    for (var row = 0u; row <= count.y; row++) {
        var here = 0u;
        if row < count.y {
            let own = &lists.tiles[row * count.x + column];
            here = atomicLoad(own);
            let is_edge = (here & (1u << EDGE_TILE)) != 0u;
            let is_solid = (here & (1u << SOLID_TILE)) != 0u;
            let is_past = (here & (WAS_EDGE | WAS_SOLID)) != 0u && !is_edge && !is_solid;
            let is_calm = (here & WAS_EDGE) != 0u && !is_edge;
            atomicStore(own, select(select(0u, WAS_SOLID, is_solid), WAS_EDGE, is_edge));
            here &= ~(WAS_EDGE | WAS_SOLID);
            here |= select(0u, 1u << PAST_TILE, is_past) | select(0u, 1u << CALM_TILE, is_calm);
        }
        let changed = here ^ before;
        for (var list = EDGE_TILE; changed != 0u && list < LISTS; list++) {
            if (changed >> list & 1u) == 0u {
                continue;
            }
            if (here >> list & 1u) != 0u {
                starts[list] = row;
            } else {
                let place = atomicAdd(&lists.draws[list].instances, 1u);
                let run = run_of(starts[list], column, row - starts[list]);
                atomicStore(&lists.tiles[list_start(lists.grid, list) + place], run);
            }
        }
        before = here;
    }
}
