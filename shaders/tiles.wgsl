// Which parts of a picture are empty, which solid, and which hold an edge: one pixel per tile.
//
// Only tiles with an edge need the matte and the person's own colour worked out for every pixel; solid ones are a plain
// picture, and empty ones are not drawn at all. On a talking head that is 10 %, 35 % and 55 % of the tiles.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tile.wgsl"
#include "common/picture.wgsl"
#include "common/matte.wgsl"

struct Sorting {
    reading: Reading,
    cutout: Cutout,
    least: f32,  // at or below this value nothing is seen
    most: f32,   // at or above it all is
    reach: f32,  // how far a neighbour counts, in texels of the matte
}

@group(1) @binding(0) var<uniform> sorting: Sorting;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

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
            return textureLoad(matte_texture, texel, 0).aa * FARTHEST;  // the distance, of sixteen pixels each
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

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let size = source_size();
    let tile = floor(corner.position.xy);
    // Some texels more to each side, since samples reach into their neighbours.
    let first = vec2i(max(floor(tile / TILES * size) - sorting.reach, vec2f(0.0)));
    let last = vec2i(min(ceil((tile + 1.0) / TILES * size) - 1.0 + sorting.reach, size - 1.0));
    var span = vec2f(1.0, 0.0);
    for (var y = first.y; y <= last.y; y++) {
        for (var x = first.x; x <= last.x; x++) {
            let value = span_at(vec2i(x, y));
            span = vec2f(min(span.x, value.x), max(span.y, value.y));
        }
    }
    var kind = EDGE_TILE;
    if span.y <= sorting.least {
        kind = EMPTY_TILE;
    } else if span.x >= sorting.most {
        kind = SOLID_TILE;
    }
    return vec4f(f32(kind) / 255.0);
}
