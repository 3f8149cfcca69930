// The colours on either side of a matte's edge: the person's own, and what was behind.
//
// Both lie in one small texture, the person's in its left half, as sums of colours that are surely of that side, with the
// sums of their weights in alpha; `sides.wgsl` makes it.

#include "common/colour.wgsl"
#include "common/frame.wgsl"

@group(2) @binding(9) var sides: texture_2d<f32>;

struct Sides {
    person: vec3f,
    behind: vec3f,
    sure: f32,  // 0 where one of them is not known
    deep: f32,  // 1 where all around is person
}

fn sides_at(uv: vec2f) -> Sides {
    // Half a texel from the seam, over which a filtered sample must not reach.
    let margin = 0.5 / vec2f(textureDimensions(sides));
    let x = clamp(uv.x * 0.5, margin.x, 0.5 - margin.x);
    let person = textureSampleLevel(sides, linear_sampler, vec2f(x, uv.y), 0.0);
    let behind = textureSampleLevel(sides, linear_sampler, vec2f(x + 0.5, uv.y), 0.0);
    let known = min(person.a, behind.a);
    return Sides(
        person.rgb / max(person.a, 1e-4),
        behind.rgb / max(behind.a, 1e-4),
        smoothstep(0.002, 0.02, known),
        smoothstep(0.6, 0.95, person.a),
    );
}

// How much of a pixel is person, if it mixes the two: its place on the line from one colour to the other.
fn share_of_person(at: Sides, encoded: vec3f) -> f32 {
    let way = at.person - at.behind;
    return saturate(dot(encoded - at.behind, way) / max(dot(way, way), 1e-3));
}

// The person's own colour in a pixel of which `alpha` is person: their colour beside the edge, and of what the pixel
// differs from the mix of both sides, which is the person's detail, as much as is person (Forte 2021, "Approximate Fast
// Foreground Colour Estimation", equation 5, with weight 1 at alpha 1).
//
// Cameras have hue at half size only and bleed it several pixels over an edge, farther than alpha says. So near the edge
// detail may differ in any hue but that of what was behind, and the less is person the less in brightness towards it.
fn own_colour(at: Sides, encoded: vec3f, alpha: f32) -> vec3f {
    let across = at.behind - at.person;
    let bled = across - luminance(across);
    var detail = encoded - mix(at.behind, at.person, alpha);
    let share = dot(chroma(detail), chroma(bled)) / max(dot(chroma(bled), chroma(bled)), 1e-3);
    detail -= bled * (max(share, 0.0) * (1.0 - at.deep));
    let bright = luminance(detail);
    detail -= select(0.0, bright, bright * luminance(across) > 0.0) * (1.0 - at.deep) * (1.0 - alpha);
    return mix(encoded, saturate(at.person + alpha * detail), at.sure);
}
