// Light from all around in nine numbers a colour: real spherical harmonics up to order 2.
// Ramamoorthi and Hanrahan 2001, "An Efficient Representation for Irradiance Environment Maps".
//
// Directions are those of the stage: right, down, towards the viewer.

const HARMONICS = 9u;

const PI = 3.14159265;

// The basis function of this index in a direction of length 1.
fn harmonic(index: u32, d: vec3f) -> f32 {
    switch index {
        case 0u: { return 0.282095; }
        case 1u: { return 0.488603 * d.y; }
        case 2u: { return 0.488603 * d.z; }
        case 3u: { return 0.488603 * d.x; }
        case 4u: { return 1.092548 * d.x * d.y; }
        case 5u: { return 1.092548 * d.y * d.z; }
        case 6u: { return 0.315392 * (3.0 * d.z * d.z - 1.0); }
        case 7u: { return 1.092548 * d.x * d.z; }
        default: { return 0.546274 * (d.x * d.x - d.y * d.y); }
    }
}

// What Lambert's cosine makes of a band, over π: under light that is the same all around a white surface shows it as it is.
fn cosine_lobe(index: u32) -> f32 {
    return select(select(0.25, 2.0 / 3.0, index < 4u), 1.0, index == 0u);
}

// What a white surface that faces `normal` shows under light whose coefficients are multiplied by `cosine_lobe` already.
fn reflected(light: array<vec3f, 9>, normal: vec3f) -> vec3f {
    let n = normal;
    return 0.282095 * light[0]
        + 0.488603 * (n.y * light[1] + n.z * light[2] + n.x * light[3])
        + 1.092548 * (n.x * n.y * light[4] + n.y * n.z * light[5] + n.x * n.z * light[7])
        + 0.315392 * (3.0 * n.z * n.z - 1.0) * light[6]
        + 0.546274 * (n.x * n.x - n.y * n.y) * light[8];
}
