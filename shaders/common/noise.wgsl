// Random numbers, smooth noise, and a flow that goes round and never out of nowhere.

// PCG (Jarzynski and Olano 2020, "Hash Functions for GPU Rendering"): three independent numbers, 0 to 1.
fn random(seed: vec3u) -> vec3f {
    var v = seed * 1664525u + 1013904223u;
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v ^= v >> vec3u(16u);
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    return vec3f(v >> vec3u(8u)) / 16777216.0;
}

fn lattice(cell: vec3i) -> f32 {
    return random(bitcast<vec3u>(cell)).x * 2.0 - 1.0;
}

// Value noise of −1 to 1, and its slopes: the quintic between eight lattice points, differentiated.
fn noise(p: vec3f) -> vec4f {
    let cell = vec3i(floor(p));
    let f = p - floor(p);
    let u = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
    let du = 30.0 * f * f * (f * (f - 2.0) + 1.0);
    let a = lattice(cell);
    let b = lattice(cell + vec3i(1, 0, 0));
    let c = lattice(cell + vec3i(0, 1, 0));
    let d = lattice(cell + vec3i(1, 1, 0));
    let e = lattice(cell + vec3i(0, 0, 1));
    let g = lattice(cell + vec3i(1, 0, 1));
    let h = lattice(cell + vec3i(0, 1, 1));
    let i = lattice(cell + vec3i(1, 1, 1));
    let x = b - a;
    let y = c - a;
    let z = e - a;
    let xy = a - b - c + d;
    let yz = a - c - e + h;
    let zx = a - b - e + g;
    let xyz = b + c + e + i - a - d - g - h;
    return vec4f(
        a + x * u.x + y * u.y + z * u.z + xy * u.x * u.y + yz * u.y * u.z + zx * u.z * u.x + xyz * u.x * u.y * u.z,
        du * vec3f(
            x + xy * u.y + zx * u.z + xyz * u.y * u.z,
            y + yz * u.z + xy * u.x + xyz * u.z * u.x,
            z + zx * u.x + yz * u.y + xyz * u.x * u.y,
        ),
    );
}

// The curl of a noise potential: a flow without sources, since the divergence of a curl is nothing.
// Bridson, Hourihan and Nordenstam 2007, "Curl-Noise for Procedural Fluid Flow".
fn curl_noise(place: vec2f, time: f32) -> vec2f {
    let wide = noise(vec3f(place, 0.5 * time));
    let fine = noise(vec3f(place * 2.17 + 31.7, time + 11.3));
    let slope = wide.yz + 0.5 * fine.yz;  // the second is half as high and twice as steep
    return vec2f(slope.y, -slope.x);
}
