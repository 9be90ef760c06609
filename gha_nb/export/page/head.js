// Draws a baked avatar of gha_nb: reads the file, blends its bases on the GPU, sorts by depth here, splats with WebGL2. No dependency.
//   import { mountHead } from './head.js'; const head = await mountHead(canvas, 'head.baked'); head.set({ jawOpen: 0.5 });

const VERSION = 1, COLUMNS = [0, 1, 2, 10, 3, 4, 5, -1, 6, 7, 8, 9, 11, 12, 13, -1]; // four texels of a Gaussian, from the file's 14 columns
const SIZES = { F32: 4, F16: 2, I8: 1 }, ROW = 256, REACH = .35, NEAR = .08; // Gaussians in a row of a texture; how far a head moves over its shoulders, and the near plane, head units

/** Floats of 16 bits, as an array of 32 bits. */
function widen(halves) {
  return Float32Array.from(halves, h => {
    const sign = h >> 15 ? -1 : 1, exponent = h >> 10 & 31, m = h & 1023;
    if (exponent === 31) return m ? NaN : sign*Infinity;
    return sign*(exponent ? (1 + m/1024)*2**(exponent - 15) : m*2**-24);
  });
}

/** The parts of a .baked file (an ArrayBuffer); throws an Error with words for people. */
export function readBaked(buffer) {
  const broken = 'this file is damaged or was cut off on the way';
  if (buffer.byteLength < 8) throw new Error(broken);
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  let header, about;
  try { header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length))); about = JSON.parse(header.__metadata__.gha_nb); }
  catch { throw new Error(length > buffer.byteLength && length < 1e8 ? broken : 'this is not a baked avatar of gha_nb'); }
  if (about.kind !== 'gha_nb baked') throw new Error('this is not a baked avatar of gha_nb');
  if (!(about.version <= VERSION)) throw new Error(`this avatar has version ${about.version} and the page reads up to ${VERSION}: export the page again`);
  const tensors = {};
  delete header.__metadata__;
  for (const [name, { dtype, shape, data_offsets: [a, b] }] of Object.entries(header)) {
    if (8 + length + b > buffer.byteLength || b - a !== SIZES[dtype]*shape.reduce((x, y) => x*y, 1)) throw new Error(broken);
    const bytes = buffer.slice(8 + length + a, 8 + length + b);
    tensors[name] = dtype === 'I8' ? new Int8Array(bytes) : dtype === 'F32' ? new Float32Array(bytes) : widen(new Uint16Array(bytes));
  }
  const n = about.points, k = about.bases, e = about.expression_names?.length;
  for (const [name, size] of Object.entries({ means: 3*n, columns: 11*n, deltas: 14*n*k, units: 14*k, mix: k*(e + 6) }))
    if (tensors[name]?.length !== size) throw new Error(broken);
  if (tensors.share && tensors.share.length !== n) throw new Error(broken);
  return { ...about, tensors };
}

// Rigid motions: rotations are 9 numbers by rows, motions { R, t }.
const dot = (a, b) => a[0]*b[0] + a[1]*b[1] + a[2]*b[2], scaled = (v, s) => v.map(x => x*s), plus = (a, b) => a.map((x, i) => x + b[i]);
const cross = (a, b) => [a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]], unit = v => scaled(v, 1/(Math.hypot(...v) || 1));
export const apply = (R, v) => [0, 3, 6].map(i => R[i]*v[0] + R[i + 1]*v[1] + R[i + 2]*v[2]);
export const transposed = R => [R[0], R[3], R[6], R[1], R[4], R[7], R[2], R[5], R[8]];
export const product = (A, B) => [0, 3, 6].flatMap(i => [0, 1, 2].map(j => A[i]*B[j] + A[i + 1]*B[3 + j] + A[i + 2]*B[6 + j]));
export function rotation(r) {
  const a = Math.hypot(...r), [x, y, z] = unit(r), c = Math.cos(a), s = Math.sin(a), d = 1 - c;
  return [c + x*x*d, x*y*d - z*s, x*z*d + y*s, y*x*d + z*s, c + y*y*d, y*z*d - x*s, z*x*d - y*s, z*y*d + x*s, c + z*z*d];
}
const motion = p => ({ R: rotation(p.slice(0, 3)), t: p.slice(3) });
const after = (a, b) => ({ R: product(a.R, b.R), t: plus(apply(a.R, b.t), a.t) });
const inverse = m => { const R = transposed(m.R); return { R, t: scaled(apply(R, m.t), -1) }; };
export function rotvec(R) {
  const v = [R[7] - R[5], R[2] - R[6], R[3] - R[1]], sine = Math.hypot(...v)/2, angle = Math.atan2(sine, (R[0] + R[4] + R[8] - 1)/2);
  if (sine > 1e-6 || angle < 1) return scaled(v, sine > 1e-9 ? angle/(2*sine) : .5);
  const axis = [0, 4, 8].map(i => Math.sqrt(Math.max(0, (R[i] + 1)/2))); // half a turn
  return scaled(unit([axis[0], R[1] < 0 ? -axis[1] : axis[1], R[2] < 0 ? -axis[2] : axis[2]]), angle);
}
/** The screw motion of the torso in the head's space: axis, angle, moment and shift along the axis (geometry.torso_twist, move_partly). */
export function torsoScrew(about, pose, scale, torso) {
  const m = after(inverse(motion(pose)), after(motion(torso), after(inverse(motion(about.neutral_torso)), motion(about.neutral_pose))));
  const t = scaled(m.t, 1/scale), r = rotvec(m.R), angle = Math.hypot(...r);
  const f = angle < .05 ? 1/12 + angle*angle/720 : (1 - angle/2/Math.tan(angle/2))/(angle*angle), c = cross(r, t);
  const v = plus(plus(t, scaled(c, -.5)), scaled(cross(r, c), f)), a = Math.max(angle, 1e-6), u = scaled(r, 1/a);
  const along = scaled(u, dot(u, v));
  return { axis: u, angle: a, moment: scaled(plus(v, scaled(along, -1)), 1/a), along };
}

const QUAD = `#version 300 es
in vec2 corner; void main() { gl_Position = vec4(corner, 0, 1); }`;
const BLEND = `#version 300 es
precision highp float; precision highp sampler2D; precision highp sampler2DArray;
uniform sampler2D base, amounts; uniform sampler2DArray deltas; uniform int bases; out vec4 value;
void main() { // one texel of one Gaussian: mean and opacity, sizes and share, rotation, or colour
  ivec2 at = ivec2(gl_FragCoord.xy); int which = at.x & 3; value = texelFetch(base, at, 0);
  for (int k = 0; k < bases; k++) value += texelFetch(amounts, ivec2(which, k), 0)*texelFetch(deltas, ivec3(at, k), 0);
  if (which == 0) value.w = 1./(1. + exp(-value.w));
  if (which == 1) value.xyz = exp(value.xyz);
  if (which == 2) value = normalize(value);
}`;
const SPLAT = `#version 300 es
precision highp float; precision highp sampler2D;
in vec2 corner; in uint id; uniform sampler2D state; uniform mat3 R; uniform vec3 t, axis, moment, along; uniform float angle, near; uniform bool compensated;
uniform vec4 K, limits; uniform vec2 size; out vec2 offset; flat out vec3 conic; flat out vec4 color;
void main() {
  gl_Position = vec4(0, 0, 2, 1); // outside, unless it is seen
  int i = int(id); ivec2 at = ivec2((i & 255) << 2, i >> 8);
  vec4 mean = texelFetch(state, at, 0), s = texelFetch(state, at + ivec2(1, 0), 0), q = texelFetch(state, at + ivec2(2, 0), 0);
  float turn = s.w*angle, half_sine = sin(turn/2.);
  vec3 m = mean.xyz, w = cross(axis, m) + moment;
  m += sin(turn)*w + 2.*half_sine*half_sine*cross(axis, w) + s.w*along; // the torso's part, along its screw
  vec3 h = half_sine*axis; float c = cos(turn/2.);
  q = vec4(c*q.x - dot(h, q.yzw), c*q.yzw + q.x*h + cross(h, q.yzw));
  vec3 p = R*m + t; if (p.z <= near) return;
  float r = q.x, x = q.y, y = q.z, z = q.w;
  mat3 M = R*mat3(s.x*vec3(1. - 2.*(y*y + z*z), 2.*(x*y + r*z), 2.*(x*z - r*y)), s.y*vec3(2.*(x*y - r*z), 1. - 2.*(x*x + z*z), 2.*(y*z + r*x)),
                  s.z*vec3(2.*(x*z + r*y), 2.*(y*z - r*x), 1. - 2.*(x*x + y*y)));
  vec2 d = clamp(p.xy/p.z, limits.xy, limits.zw);
  vec3 b0 = K.x/p.z*vec3(1, 0, -d.x)*M, b1 = K.y/p.z*vec3(0, 1, -d.y)*M;
  float xx = dot(b0, b0), xy = dot(b0, b1), yy = dot(b1, b1), sharp = xx*yy - xy*xy;
  xx += .3; yy += .3; float det = xx*yy - xy*xy; if (!(det > 0.)) return;
  float opacity = compensated ? mean.w*sqrt(max(sharp, 0.)/det) : mean.w; if (opacity*255. <= 1.) return;
  vec2 reach = sqrt(2.*log(255.*opacity)*vec2(xx, yy)) + 1.;
  offset = corner*reach; vec2 pixel = K.xy*p.xy/p.z + K.zw + offset;
  gl_Position = vec4(2.*pixel.x/size.x - 1., 1. - 2.*pixel.y/size.y, 0, 1);
  conic = vec3(yy, -xy, xx)/det; color = vec4(texelFetch(state, at + ivec2(3, 0), 0).rgb, opacity);
}`;
const PIXEL = `#version 300 es
precision highp float; in vec2 offset; flat in vec3 conic; flat in vec4 color; out vec4 value;
void main() {
  float a = min(.999, color.a*exp(-.5*(conic.x*offset.x*offset.x + conic.z*offset.y*offset.y) - conic.y*offset.x*offset.y));
  if (a < 1./255.) discard;
  value = vec4(color.rgb*a, a);
}`;
const SHOW = `#version 300 es
precision highp float; uniform sampler2D picture, mark; uniform vec3 background; uniform vec2 size; uniform float amount; out vec4 value;
void main() {
  vec4 v = texelFetch(picture, ivec2(gl_FragCoord.xy), 0); vec3 c = clamp(v.rgb + (1. - v.a)*background, 0., 1.);
  if (amount > 0.) c += amount*(texture(mark, vec2(gl_FragCoord.x, size.y - gl_FragCoord.y)/max(size.x, size.y)).r - 128./255.); // the watermark
  value = vec4(clamp(c, 0., 1.), 1);
}`;

/** Splats one head into one canvas. `draw` takes a frame and a camera as gha_nb has them (OpenCV axes, pixels). */
export class Renderer {
  constructor(canvas, head) {
    const gl = canvas.getContext('webgl2', { antialias: false, alpha: false, depth: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error('this browser has no WebGL2, which the head is drawn with: try a newer browser, or switch hardware acceleration on');
    if (!gl.getExtension('EXT_color_buffer_float')) throw new Error('this graphics card cannot draw into float textures, which the head needs');
    Object.assign(this, { gl, head, count: head.points, background: head.background, ms: {} });
    const { points: n, bases: k, tensors: T } = head, rows = this.rows = Math.ceil(n/ROW);
    if (k > gl.getParameter(gl.MAX_ARRAY_TEXTURE_LAYERS) || rows > gl.getParameter(gl.MAX_TEXTURE_SIZE)) throw new Error('this head is too large for the graphics card');
    this.amounts = new Float32Array(16*k); this.scale = new Float32Array(16*k); // units in the order of texels; a signed byte reads as 1/127
    const base = new Float32Array(rows*ROW*16), deltas = new Int8Array(k*rows*ROW*16), motions = this.motions = new Int8Array(k*n*3);
    COLUMNS.forEach((c, j) => {
      if (c >= 0) for (let b = 0; b < k; b++) this.scale[16*b + j] = 127*T.units[14*b + c];
      for (let i = 0; i < n; i++) {
        base[16*i + j] = c < 0 ? (j === 7 && T.share ? T.share[i] : 0) : c < 3 ? T.means[3*i + c] : T.columns[11*i + c - 3];
        if (c >= 0) for (let b = 0; b < k; b++) deltas[(b*rows*ROW + i)*16 + j] = T.deltas[(b*n + i)*14 + c];
      }
    });
    for (let b = 0; b < k; b++) for (let i = 0; i < n; i++) for (let c = 0; c < 3; c++) motions[(b*n + i)*3 + c] = T.deltas[(b*n + i)*14 + c];
    Object.assign(this, { places: new Float32Array(3*n), depths: new Float32Array(n), keys: new Uint16Array(n), counts: new Uint32Array(65537), order: new Uint32Array(n) });
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.base = this.texture(gl.RGBA32F, ROW*4, rows, base); this.deltas = this.texture(gl.RGBA8_SNORM, ROW*4, rows, deltas, k);
    this.blended = this.texture(gl.RGBA32F, ROW*4, rows, null); this.amount = this.texture(gl.RGBA32F, 4, k, null);
    this.state = this.target(this.blended);
    this.programs = { blend: this.program(QUAD, BLEND), splat: this.program(SPLAT, PIXEL), show: this.program(QUAD, SHOW) };
    const corners = gl.createBuffer(); this.ids = gl.createBuffer();
    this.arrays = [false, true].map(splats => {
      const array = gl.createVertexArray(); gl.bindVertexArray(array);
      gl.bindBuffer(gl.ARRAY_BUFFER, corners); gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
      gl.enableVertexAttribArray(0); gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
      if (splats) { gl.bindBuffer(gl.ARRAY_BUFFER, this.ids); gl.bufferData(gl.ARRAY_BUFFER, 4*n, gl.STREAM_DRAW);
        gl.enableVertexAttribArray(1); gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_INT, 0, 0); gl.vertexAttribDivisor(1, 1); }
      return array;
    });
  }
  texture(format, width, height, data, layers) {
    const gl = this.gl, kind = layers ? gl.TEXTURE_2D_ARRAY : gl.TEXTURE_2D, t = gl.createTexture();
    gl.bindTexture(kind, t);
    for (const f of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(kind, f, gl.NEAREST);
    const type = { [gl.RGBA32F]: gl.FLOAT, [gl.RGBA8_SNORM]: gl.BYTE, [gl.RGBA16F]: gl.HALF_FLOAT }[format];
    if (layers) gl.texImage3D(kind, 0, format, width, height, layers, 0, gl.RGBA, type, data);
    else gl.texImage2D(kind, 0, format, width, height, 0, gl.RGBA, type, data);
    return t;
  }
  /** Put a watermark's pattern (a picture around grey 128) into what is drawn, or with amount 0 leave it out. */
  mark(bitmap, amount) {
    const gl = this.gl; this.amount_of_mark = amount;
    if (!bitmap) return;
    this.pattern ??= gl.createTexture(); gl.bindTexture(gl.TEXTURE_2D, this.pattern);
    for (const f of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, f, gl.LINEAR);
    for (const f of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, f, gl.CLAMP_TO_EDGE);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  }
  target(texture) {
    const gl = this.gl, f = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, f); gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    return f;
  }
  program(...sources) {
    const gl = this.gl, p = gl.createProgram();
    sources.forEach((source, i) => { const s = gl.createShader(i ? gl.FRAGMENT_SHADER : gl.VERTEX_SHADER); gl.shaderSource(s, source); gl.compileShader(s); gl.attachShader(p, s);
      if (!gl.getShaderParameter(s, gl.COMPILE_STATUS) && !gl.isContextLost()) throw new Error(`the graphics card refuses a shader: ${gl.getShaderInfoLog(s)}`); });
    gl.bindAttribLocation(p, 0, 'corner'); gl.bindAttribLocation(p, 1, 'id'); gl.linkProgram(p);
    const uniforms = {};
    for (let i = 0; i < gl.getProgramParameter(p, gl.ACTIVE_UNIFORMS); i++) { const { name } = gl.getActiveUniform(p, i); uniforms[name] = gl.getUniformLocation(p, name); }
    return { p, uniforms };
  }
  weights({ expression, pose, scale }) {
    const { mix } = this.head.tensors, { neutral_expression: e, neutral_pose: q, bases } = this.head, m = e.length + 6, w = new Float32Array(bases);
    const [low, high] = this.head.pose_range ?? [], within = (v, i) => low ? Math.min(Math.max(v, low[i]), high[i]) : v;
    const x = [...expression.map((v, i) => v - e[i]), ...pose.map((v, i) => within((v - q[i])/(i < 3 ? 1 : scale), i))];
    for (let k = 0; k < bases; k++) for (let i = 0; i < m; i++) w[k] += mix[k*m + i]*x[i];
    return w;
  }
  sort(w, view, screw) { // the drawn Gaussians, far to near
    const { places: m, motions, depths, keys, counts, order, count: n } = this, { means, units, share } = this.head.tensors, all = this.head.points;
    m.set(means);
    for (let k = 0; k < w.length; k++) {
      const x = w[k]*units[14*k], y = w[k]*units[14*k + 1], z = w[k]*units[14*k + 2], from = 3*k*all;
      for (let i = 0; i < 3*n; i += 3) { m[i] += x*motions[from + i]; m[i + 1] += y*motions[from + i + 1]; m[i + 2] += z*motions[from + i + 2]; }
    }
    const [a, b, c] = view.R.slice(6), { axis: [ux, uy, uz], moment: [px, py, pz], along, angle } = screw, shift = a*along[0] + b*along[1] + c*along[2];
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < n; i++) {
      const x = m[3*i], y = m[3*i + 1], z = m[3*i + 2]; let d = a*x + b*y + c*z;
      if (share && share[i] > 0) {
        const s = share[i]*angle, h = Math.sin(s/2), wx = uy*z - uz*y + px, wy = uz*x - ux*z + py, wz = ux*y - uy*x + pz;
        d += Math.sin(s)*(a*wx + b*wy + c*wz) + 2*h*h*(a*(uy*wz - uz*wy) + b*(uz*wx - ux*wz) + c*(ux*wy - uy*wx)) + share[i]*shift;
      }
      depths[i] = d; if (d < low) low = d; if (d > high) high = d;
    }
    const steps = 65535/Math.max(high - low, 1e-9);
    counts.fill(0);
    for (let i = 0; i < n; i++) { const k = (high - depths[i])*steps | 0; keys[i] = k; counts[k + 1]++; }
    for (let i = 0; i < 65536; i++) counts[i + 1] += counts[i];
    for (let i = 0; i < n; i++) order[counts[keys[i]]++] = i;
  }
  use({ p, uniforms }, frame, size, textures, values = {}) {
    const gl = this.gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame); gl.viewport(0, 0, ...size); gl.useProgram(p);
    Object.entries(textures).forEach(([name, [kind, t]], i) => { gl.activeTexture(gl.TEXTURE0 + i); gl.bindTexture(kind, t); gl.uniform1i(uniforms[name], i); });
    for (const [name, v] of Object.entries(values)) if (uniforms[name]) {
      if (name === 'bases' || name === 'compensated') gl.uniform1i(uniforms[name], v);
      else if (name === 'R') gl.uniformMatrix3fv(uniforms[name], true, v);
      else if (v.length) gl[`uniform${v.length}fv`](uniforms[name], v);
      else gl.uniform1f(uniforms[name], v);
    }
  }
  /** frame: { expression, pose, scale, torso }; camera: { K: 9 numbers, world_to_camera: 16, width, height } */
  draw({ expression, pose, scale, torso }, { K, world_to_camera: W, width, height }) {
    const gl = this.gl, started = performance.now(), about = this.head, flat = gl.TEXTURE_2D;
    const posed = after({ R: [0, 1, 2, 4, 5, 6, 8, 9, 10].map(i => W[i]), t: [W[3], W[7], W[11]] }, motion(pose)), view = { R: posed.R, t: scaled(posed.t, 1/scale) };
    const w = this.weights({ expression, pose, scale }), screw = torsoScrew(about, pose, scale, torso);
    this.sort(w, view, screw);
    const sorted = performance.now();
    for (let i = 0; i < this.amounts.length; i++) this.amounts[i] = this.scale[i]*w[i >> 4];
    gl.bindTexture(flat, this.amount); gl.texSubImage2D(flat, 0, 0, 0, 4, w.length, gl.RGBA, gl.FLOAT, this.amounts);
    if (gl.canvas.width !== width || gl.canvas.height !== height || !this.picture) {
      Object.assign(gl.canvas, { width, height });
      if (this.picture) { gl.deleteTexture(this.picture); gl.deleteFramebuffer(this.splatted); }
      this.splatted = this.target(this.picture = this.texture(gl.RGBA16F, width, height, null));
    }
    gl.disable(gl.BLEND); gl.bindVertexArray(this.arrays[0]);
    this.use(this.programs.blend, this.state, [ROW*4, this.rows], { base: [flat, this.base], deltas: [gl.TEXTURE_2D_ARRAY, this.deltas], amounts: [flat, this.amount] }, { bases: w.length });
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    const [fx, , cx, , fy, cy] = K, more = [.15*width/fx, .15*height/fy];
    this.use(this.programs.splat, this.splatted, [width, height], { state: [flat, this.blended] }, { ...view, ...screw, near: NEAR, K: [fx, fy, cx, cy], size: [width, height],
      limits: [-cx/fx - more[0], -cy/fy - more[1], (width - cx)/fx + more[0], (height - cy)/fy + more[1]], compensated: +about.antialiased });
    gl.clearColor(0, 0, 0, 0); gl.clear(gl.COLOR_BUFFER_BIT); gl.enable(gl.BLEND); gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindVertexArray(this.arrays[1]); gl.bindBuffer(gl.ARRAY_BUFFER, this.ids); gl.bufferSubData(gl.ARRAY_BUFFER, 0, this.order, 0, this.count);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
    gl.disable(gl.BLEND); gl.bindVertexArray(this.arrays[0]);
    this.use(this.programs.show, null, [width, height], { picture: [flat, this.picture], mark: [flat, this.pattern ?? this.picture] },
      { background: this.background, size: [width, height], amount: this.pattern ? this.amount_of_mark : 0 });
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    this.ms = { sort: sorted - started, submit: performance.now() - sorted };
  }
}

/** A camera on a sphere around the neutral head: turn and lift in radians, distance in head units, pictures in pixels. */
export function orbit(about, turn, lift, distance, width, height) {
  const R = rotation(about.neutral_pose.slice(0, 3)), center = about.neutral_pose.slice(3), s = about.neutral_scale;
  const back = apply(R, [Math.sin(turn)*Math.cos(lift), Math.sin(lift), Math.cos(turn)*Math.cos(lift)]), eye = plus(center, scaled(back, s*distance));
  const z = scaled(back, -1), x = unit(cross(z, apply(R, [0, 1, 0]))), y = cross(z, x), f = Math.min(width, height)/2/Math.tan(14*Math.PI/180);
  return { K: [f, 0, width/2, 0, f, height/2, 0, 0, 1], world_to_camera: [...x, -dot(x, eye), ...y, -dot(y, eye), ...z, -dot(z, eye), 0, 0, 0, 1], width, height };
}

/** A name without what differs from writer to writer: 'Jaw_Open' and 'jawOpen' are one. */
const key = name => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Show a head in a canvas; answers with an object that moves it (see head.d.ts). `source` is an address or an ArrayBuffer. */
export async function mountHead(canvas, source, { turn = 0, lift = 0, distance = 6.5, slow = 45, onframe } = {}) {
  let buffer = source;
  if (!(source instanceof ArrayBuffer)) {
    const answer = await fetch(source);
    if (!answer.ok) throw new Error(`there is no head at ${source} (${answer.status})`);
    buffer = await answer.arrayBuffer();
  }
  const about = readBaked(buffer), renderer = new Renderer(canvas, about), index = new Map(about.expression_names.map((n, i) => [key(n), i]));
  const neutral = () => ({ expression: [...about.neutral_expression], pose: [...about.neutral_pose], scale: about.neutral_scale, torso: [...about.neutral_torso] });
  const eye = { turn, lift, distance }, pointers = new Map(), [low, high] = about.expression_range;
  let frame = neutral(), due = 0, clip = null, began = 0, last = 0, late = 0, gone = false;
  const size = () => { const d = Math.min(window.devicePixelRatio || 1, 2), s = v => Math.max(64, Math.min(1024, Math.round(v*d))); return [s(canvas.clientWidth || about.resolution[0]), s(canvas.clientHeight || about.resolution[1])]; };
  const mixed = (a, b, u) => a.map((v, i) => v*(1 - u) + b[i]*u);
  function tick(now) {
    due = 0; if (gone) return;
    if (clip) {
      const at = Math.max(0, clip.clock ? clip.clock() : (now - began)/1000)*clip.fps, i = Math.floor(at), a = clip.frames[i % clip.frames.length], b = clip.frames[(i + 1) % clip.frames.length];
      if (!clip.loop && i >= clip.frames.length - 1) stop();
      for (const k of ['expression', 'pose', 'torso']) frame[k] = mixed(a[k], b[k], at - i);
      late = last && now - last > slow ? late + 1 : Math.max(0, late - 1); last = now;
      if (late > 15 && renderer.count > 1500) { renderer.count = Math.max(1500, Math.round(renderer.count*.75)); late = 0; } // the most important ones come first
    }
    if (!gl.isContextLost()) renderer.draw(frame, orbit(about, eye.turn, eye.lift, eye.distance, ...size()));
    onframe?.(controls);
    if (clip) show();
  }
  const show = () => { due ||= requestAnimationFrame(tick); }, gl = renderer.gl;
  const stop = () => { clip = null; last = late = 0; };
  const look = (dt, dl, zoom = 1) => { eye.turn += dt; eye.lift = Math.max(-1.3, Math.min(1.3, eye.lift + dl)); eye.distance = Math.max(2.5, Math.min(20, eye.distance*zoom)); show(); };
  const events = {
    pointerdown: e => { canvas.setPointerCapture?.(e.pointerId); pointers.set(e.pointerId, [e.clientX, e.clientY]); },
    pointermove: e => {
      const was = pointers.get(e.pointerId); if (!was) return;
      const now = [e.clientX, e.clientY], other = [...pointers].find(([id]) => id !== e.pointerId)?.[1];
      if (other) look(0, 0, Math.hypot(was[0] - other[0], was[1] - other[1])/Math.max(1, Math.hypot(now[0] - other[0], now[1] - other[1])));
      else look((was[0] - now[0])/150, (now[1] - was[1])/150);
      pointers.set(e.pointerId, now);
    },
    pointerup: e => pointers.delete(e.pointerId), pointercancel: e => pointers.delete(e.pointerId),
    wheel: e => { e.preventDefault(); look(0, 0, Math.exp(e.deltaY/1000)); },
    dblclick: () => controls.front(),
    keydown: e => {
      const step = { ArrowLeft: [.1, 0], ArrowRight: [-.1, 0], ArrowUp: [0, .1], ArrowDown: [0, -.1], '+': [0, 0, .9], '-': [0, 0, 1.1] }[e.key];
      if (step) { e.preventDefault(); look(...step); } else if (e.key === '0') controls.front();
    },
    webglcontextlost: e => { e.preventDefault(); }, // the page says it; a reload brings it back
  };
  for (const [name, f] of Object.entries(events)) canvas.addEventListener(name, f, name === 'wheel' ? { passive: false } : undefined);
  const watcher = window.ResizeObserver && new ResizeObserver(show); watcher?.observe(canvas);
  const limit = (i, v) => Math.max(Math.min(low[i], 0), Math.min(high[i], Number(v) || 0));
  function full(f) { // a frame of a clip: coefficients by name or in order; what is missing is neutral
    const res = neutral(), e = f.expression ?? {};
    if (Array.isArray(e)) { if (e.length !== res.expression.length) throw new Error(`the clip has ${e.length} coefficients and the head ${res.expression.length}`); res.expression = e.map(Number); }
    else for (const [n, v] of Object.entries(e)) if (index.has(key(n))) res.expression[index.get(key(n))] = limit(index.get(key(n)), v);
    for (const k of ['pose', 'torso']) if (f[k]) { if (f[k].length !== 6) throw new Error(`the ${k} of a clip has 6 numbers`); res[k] = f[k].map(Number); }
    return res;
  }
  const controls = {
    about, renderer, eye,
    get frame() { return frame; },
    get playing() { return Boolean(clip); },
    set(values) { // coefficients by name, clamped to what was seen in training; answers with the names that are unknown
      const unknown = [];
      for (const [n, v] of Object.entries(values)) { const i = index.get(key(n)); if (i === undefined) unknown.push(n); else frame.expression[i] = limit(i, v); }
      show(); return unknown;
    },
    turnHead(x = 0, y = 0, z = 0) { // radians about the head's own axes, from neutral: nod, turn, tilt
      const R = product(rotation(about.neutral_pose.slice(0, 3)), product(rotation([0, y, 0]), product(rotation([x, 0, 0]), rotation([0, 0, z]))));
      frame.pose = [...rotvec(R), ...about.neutral_pose.slice(3)]; show();
    },
    follow(values, R, shift = [0, 0, 0]) { // a tracked face: coefficients by name; its turn and shift (metres) since neutral, in the neutral head's axes
      const home = rotation(about.neutral_pose.slice(0, 3)), far = Math.hypot(...shift)/about.neutral_scale, near = far > REACH ? REACH/far : 1; // the torso stays
      stop(); frame.pose = [...rotvec(product(home, R)), ...plus(about.neutral_pose.slice(3), scaled(apply(home, shift), near))];
      return controls.set(values);
    },
    reset() { stop(); frame = neutral(); show(); },
    front() { Object.assign(eye, { turn, lift, distance }); show(); },
    play({ fps = 25, frames, loop = true, clock }) { // see head.d.ts
      if (!Array.isArray(frames) || !frames.length || !(fps > 0)) throw new Error('a clip has "fps" and a list of "frames"');
      clip = { fps, frames: frames.map(full), loop, clock }; began = performance.now(); show();
    },
    stop() { stop(); show(); },
    background(rgb) { renderer.background = rgb; show(); },
    draw: show,
    destroy() { gone = true; stop(); watcher?.disconnect(); for (const [name, f] of Object.entries(events)) canvas.removeEventListener(name, f); gl.getExtension('WEBGL_lose_context')?.loseContext(); },
  };
  show();
  return controls;
}
