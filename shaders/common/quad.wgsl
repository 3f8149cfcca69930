// Where a layer lies: a parallelogram on the stage, and which part of its picture it shows.

struct Quad {
    origin: vec2f,     // its corner in fractions of the target
    axis_x: vec2f,     // along its upper side
    axis_y: vec2f,     // along its left side
    uv_origin: vec2f,  // what is seen at that corner
    uv_x: vec2f,
    uv_y: vec2f,
}

struct Corner {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
}

// Two triangles, the second the first turned by a half: corners (0, 0), (1, 0), (0, 1), (1, 1), (0, 1), (1, 0) for index
// 0 to 5.
fn quad_corner(index: u32) -> vec2f {
    let corner = min(index, 6u - index);
    return vec2f(f32(corner & 1u), f32(corner >> 1u));
}

// From fractions of the target (y down) to clip space (y up).
fn to_clip(position: vec2f) -> vec4f {
    return vec4f(position.x * 2.0 - 1.0, 1.0 - position.y * 2.0, 0.0, 1.0);
}

fn place(quad: Quad, index: u32) -> Corner {
    let q = quad_corner(index);
    return Corner(
        to_clip(quad.origin + q.x * quad.axis_x + q.y * quad.axis_y),
        quad.uv_origin + q.x * quad.uv_x + q.y * quad.uv_y,
    );
}

// Where a point of the picture lies in fractions of the target: uv = uv_origin + s·uv_x + t·uv_y, solved for (s, t).
fn uv_to_target(quad: Quad, uv: vec2f) -> vec2f {
    let d = uv - quad.uv_origin;
    let determinant = quad.uv_x.x * quad.uv_y.y - quad.uv_x.y * quad.uv_y.x;
    let s = (d.x * quad.uv_y.y - d.y * quad.uv_y.x) / determinant;
    let t = (d.y * quad.uv_x.x - d.x * quad.uv_x.y) / determinant;
    return quad.origin + s * quad.axis_x + t * quad.axis_y;
}

// The whole target, for passes that fill one texture from others.
fn whole(index: u32) -> Corner {
    let q = quad_corner(index);
    return Corner(to_clip(q), q);
}
