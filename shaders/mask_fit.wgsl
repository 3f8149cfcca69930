// Second step: around every mask pixel, the line alpha = a · colour + b that fits the mask best.
//
// The colour guided filter of He, Sun and Tang (2010), equations 19 to 21, at the mask's size as in their "Fast Guided
// Filter" (2015). Evaluated later with the full picture's colours, the lines bring back edges the mask has lost.

#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var guide: texture_2d<f32>;  // the picture, and in alpha how much is seen

struct Fit {
    refine: f32,   // 0 keeps the mask as it is
    epsilon: f32,  // variance of colour that counts as flat
}

@group(1) @binding(0) var<uniform> fit: Fit;

const RADIUS = 2;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let centre = vec2i(corner.position.xy);
    let last = vec2i(textureDimensions(guide)) - 1;

    // Where all around is seen or nothing is, there is no edge to fit: most of the mask. Four gathers see all but what lies
    // straight above, below or beside, and nothing that narrow is alone. A software GPU works out both sides of an if, but
    // leaves a loop when no pixel goes on with it: a third of the time.
    let own = textureLoad(guide, centre, 0).a;
    var least = own;
    var most = own;
    for (var y = -1; y <= RADIUS; y += 3) {
        for (var x = -1; x <= RADIUS; x += 3) {
            let between = vec2f(centre + vec2i(x, y)) / vec2f(last + 1);
            let four = textureGather(3, guide, linear_sampler, between);
            least = min(least, min(min(four.x, four.y), min(four.z, four.w)));
            most = max(most, max(max(four.x, four.y), max(four.z, four.w)));
        }
    }
    let is_edge = most > 0.0 && least < 1.0 && fit.refine > 0.0;

    var colour = vec3f(0.0);
    var alpha = 0.0;
    var colour_alpha = vec3f(0.0);
    var squares = vec3f(0.0);  // rr, gg, bb
    var products = vec3f(0.0); // rg, rb, gb
    for (var y = -RADIUS; is_edge && y <= RADIUS; y++) {
        for (var x = -RADIUS; x <= RADIUS; x++) {
            let here = textureLoad(guide, clamp(centre + vec2i(x, y), vec2i(0), last), 0);
            let i = here.rgb;
            colour += i;
            alpha += here.a;
            colour_alpha += i * here.a;
            squares += i * i;
            products += i.rrg * i.gbb;
        }
    }
    if !is_edge {
        return vec4f(0.0, 0.0, 0.0, own);
    }
    let share = 1.0 / f32((2 * RADIUS + 1) * (2 * RADIUS + 1));
    colour *= share;
    alpha *= share;
    let covariance = colour_alpha * share - colour * alpha;
    let s = squares * share - colour * colour + fit.epsilon;
    let p = products * share - colour.rrg * colour.gbb;

    // Inverse of the symmetric matrix (s.r p.rg p.rb; p.rg s.g p.gb; p.rb p.gb s.b) by its cofactors.
    let c0 = vec3f(s.y * s.z - p.z * p.z, p.y * p.z - p.x * s.z, p.x * p.z - p.y * s.y);
    let c1 = vec3f(c0.y, s.x * s.z - p.y * p.y, p.x * p.y - s.x * p.z);
    let c2 = vec3f(c0.z, c1.z, s.x * s.y - p.x * p.x);
    let determinant = s.x * c0.x + p.x * c0.y + p.y * c0.z;
    let a = vec3f(dot(c0, covariance), dot(c1, covariance), dot(c2, covariance)) / max(determinant, 1e-12);
    let line = vec4f(a, alpha - dot(a, colour));
    return mix(vec4f(0.0, 0.0, 0.0, own), line, fit.refine);
}
