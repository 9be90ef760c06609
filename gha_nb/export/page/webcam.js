// Moves a head by a webcam: MediaPipe's face landmarker, which lies beside the page, finds the face; nothing leaves the machine.
//   import { followWebcam } from './webcam.js'; const camera = await followWebcam(head, video, { say: console.log }); camera.stop();
import { apply, product, rotation, rotvec, transposed } from './head.js';

const CALIBRATION = 2, PATIENCE = .3, REST = .4; // seconds: for neutral, without a face before the head rests, and how fast it does
const CAMERA = {
  NotAllowedError: 'the camera was not allowed. Allow it for this page in the browser, then try again',
  NotFoundError: 'no camera was found. Connect one, then try again',
  NotReadableError: 'the camera is busy: another program uses it. Close that one, then try again',
};

/** The one-euro filter (Casiez, Roussel, Vogel 2012): what is still is smoothed more than what moves. Cutoff in Hz, times in seconds. */
export class OneEuro {
  constructor(cutoff, beta) { Object.assign(this, { cutoff, beta, x: null, v: [] }); }
  step(x, dt) {
    if (!this.x) this.v = (this.x = [...x]).map(() => 0);
    const share = f => 1/(1 + 1/(2*Math.PI*f*dt));
    return this.x = x.map((value, i) => {
      this.v[i] += share(1)*((value - this.x[i])/dt - this.v[i]);
      return this.x[i] + share(this.cutoff + this.beta*Math.abs(this.v[i]))*(value - this.x[i]);
    });
  }
  ease(factor) { this.x = this.x?.map(v => v*factor) ?? null; this.v.fill(0); return this.x; }
}

/** What MediaPipe says of one face: scores by name, rotation of the head to the camera (9 numbers by rows), place in metres. */
export function faceOf(result, i) {
  const m = result.facialTransformationMatrixes[i].data, at = c => [m[4*c], m[4*c + 1], m[4*c + 2]]; // by columns, centimetres
  const [x, y, z] = [0, 1, 2].map(c => { const v = at(c), n = Math.hypot(...v); return v.map(k => k/n); });
  return { scores: Object.fromEntries(result.faceBlendshapes[i].categories.map(c => [c.categoryName, c.score])),
    R: [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]], t: at(3).map(v => v/100) };
}

/** From faces to a head that moves: calibrates for two seconds, smooths, rests where nobody is seen. `see` takes a result and seconds. */
export class Follower {
  constructor(head, say = () => {}) {
    const simple = n => n.toLowerCase().replace(/[^a-z0-9]/g, '');
    Object.assign(this, { head, say, known: new Map(head.about.expression_names.map((n, i) => [simple(n), [n, i]])), simple, said: '' });
    this.calibrate();
  }
  /** Take what comes in the next two seconds for neutral. */
  calibrate() { Object.assign(this, { faces: [], since: null, still: null, last: null, seen: null, face: new OneEuro(1.5, 3), turn: new OneEuro(1, 2), place: new OneEuro(1, 20) }); }
  tell(text) { if (text !== this.said) this.say(this.said = text); }
  see(result, now) {
    const count = result.faceLandmarks?.length ?? 0, dt = Math.max(.001, Math.min(.2, now - (this.last ?? now - .03)));
    this.last = now;
    if (!count) return this.rest(now, dt);
    const wide = points => { const x = points.map(p => p.x); return Math.max(...x) - Math.min(...x); };
    const largest = result.faceLandmarks.reduce((best, p, i) => wide(p) > wide(result.faceLandmarks[best]) ? i : best, 0), face = faceOf(result, largest);
    this.seen = now;
    if (!this.still) return this.learn(face, now);
    const { scores, R, t } = this.still, names = Object.keys(scores).filter(n => this.known.has(this.simple(n)));
    this.names = names;
    const values = this.face.step(names.map(n => Math.max(0, ((face.scores[n] ?? 0) - scores[n])/Math.max(.2, 1 - scores[n]))), dt);
    const turn = this.turn.step(rotvec(product(transposed(R), face.R)), dt), place = this.place.step(apply(transposed(R), face.t.map((v, i) => v - t[i])), dt);
    this.move(values, turn, place);
    this.tell(count > 1 ? `${count} faces are seen: the largest one moves the head` : names.length ? 'Tracking. Nothing leaves this machine'
      : 'Tracking the turn of the head alone: its coefficients do not have the names of ARKit');
  }
  move(values, turn, place) {
    const rest = this.head.about.neutral_expression, set = {};
    this.names.forEach((n, i) => { const [name, k] = this.known.get(this.simple(n)); set[name] = rest[k] + values[i]; });
    this.head.follow(set, rotation(turn), place);
  }
  learn(face, now) {
    this.since ??= now; this.faces.push(face);
    const left = CALIBRATION - (now - this.since);
    if (left > 0 || this.faces.length < 5) return this.tell(`Look at the camera with a calm face: ${Math.max(1, Math.ceil(left))}`);
    const mean = lists => lists[0].map((_, i) => lists.reduce((s, v) => s + v[i], 0)/lists.length), [first] = this.faces;
    const names = Object.keys(first.scores), score = mean(this.faces.map(f => names.map(n => f.scores[n] ?? 0)));
    const turn = mean(this.faces.map(f => rotvec(product(transposed(first.R), f.R))));
    this.still = { scores: Object.fromEntries(names.map((n, i) => [n, score[i]])), R: product(first.R, rotation(turn)), t: mean(this.faces.map(f => f.t)) };
  }
  rest(now, dt) {
    if (this.seen !== null && now - this.seen < PATIENCE) return;
    this.tell('No face is seen: the head rests');
    if (!this.still) { this.faces = []; this.since = null; return; } // it begins again
    const [values, turn, place] = [this.face, this.turn, this.place].map(f => f.ease(Math.exp(-dt/REST)));
    if (values) this.move(values, turn, place);
  }
}

/** Ask for the camera, load the tracker, and follow the face; answers with { stop, calibrate }. Throws an Error with words for people. */
export async function followWebcam(head, video, { say = () => {}, base = 'tracker/', onstop = () => {} } = {}) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error('the browser gives a camera only to pages that come over https or from this machine (localhost)');
  let stream, tracker, gone = false;
  const stop = () => { gone = true; stream?.getTracks().forEach(t => t.stop()); video.srcObject = null; onstop(); tracker?.close(); tracker = null; };
  say('Waiting for the camera');
  try { stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: 'user' } }); }
  catch (e) { throw new Error(CAMERA[e.name] ?? `the camera cannot be used (${e.message || e.name})`); }
  try {
    say('Loading the face tracker');
    const at = new URL(base, document.baseURI), { FaceLandmarker, FilesetResolver } = await import(new URL('vision_bundle.mjs', at).href);
    const files = await FilesetResolver.forVisionTasks(new URL('wasm', at).href);
    tracker = await FaceLandmarker.createFromOptions(files, { baseOptions: { modelAssetPath: new URL('face_landmarker.task', at).href }, runningMode: 'VIDEO', numFaces: 2,
      outputFaceBlendshapes: true, outputFacialTransformationMatrixes: true });
    video.srcObject = stream; await video.play();
  } catch (e) { stop(); throw new Error(`the face tracker cannot be loaded (${e.message || e.type || e})`); }
  const follower = new Follower(head, say), next = () => { if (!gone) (video.requestVideoFrameCallback?.bind(video) ?? requestAnimationFrame)(step); };
  stream.getVideoTracks()[0].addEventListener('ended', () => { stop(); say('The camera has gone away', true); });
  function step() {
    if (gone) return;
    const now = performance.now();
    try { if (video.videoWidth) follower.see(tracker.detectForVideo(video, now), now/1000); } catch (e) { stop(); say(`The face tracker has stopped (${e.message})`, true); }
    next();
  }
  next();
  return { stop, calibrate: () => follower.calibrate(), follower };
}
