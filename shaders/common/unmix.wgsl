// The person's own colour in a pixel that may mix them with what is behind them.
//
// All in encoded colours: lenses mix light, but what a camera's curve, sharpening and codec leave of that is nearer the
// truth so: with squares the edges of tools/bench/refine.py have 2 % more error.

// A sample's colour, if it surely is of one side, with how surely. A side's sum is that of samples whose weights are 1.
fn surely(encoded: vec3f, share: f32, least: f32) -> vec4f {
    return vec4f(encoded, 1.0) * smoothstep(least, 1.0, share);
}

// How much the place of a pixel between two colours must say before the pixel counts as mixed: in squares of how far the
// colours are apart, by how far the pixel is off the line between them.
const OUTWEIGHS_PICTURE = 4.0;

// How far a camera's noise takes a pixel off that line.
const NOISE = 0.02;

// Of a pixel beside what surely is `person` and surely `behind`.
//
// If it mixes the two, it lies between them, and where says how much is person. That counts the more, the farther both
// are apart and the nearer the pixel is to the line between them: what is off the line is neither, and no mix.
//
// Without a sign of a mix a pixel's colour is its own, whatever the mask says: that is off by pixels, and to change a
// picture there is seen more than to leave it. Of a mix it is the likeliest that leaves the pixel as it is, where what
// is behind varies thirty times as much as a person's colours do from one pixel to the next.
fn unmixed(encoded: vec3f, person: vec4f, behind: vec4f) -> vec3f {
    let back = (behind.rgb + 0.01 * encoded) / (behind.a + 0.01);  // the pixel's own where there is no other
    let front = (person.rgb + 0.01 * encoded) / (person.a + 0.01);
    let way = front - back;
    let apart = dot(way, way);
    let place = saturate(dot(encoded - back, way) / max(apart, 1e-4));
    let off = encoded - back - place * way;
    let known = smoothstep(0.0, 0.5, min(person.a, behind.a));
    let weight = apart / (dot(off, off) + NOISE * NOISE);
    let other = (1.0 - place) * known * weight / (weight + OUTWEIGHS_PICTURE);
    let own = 1.0 - other;
    let kept = min(own / (own * own + 1000.0 * other * other), 1.0);
    return saturate(front + kept * (encoded - mix(back, front, own)));
}
