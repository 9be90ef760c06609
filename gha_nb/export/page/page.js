// The page around a head: sliders, presets, clips, recording, and messages from a page that embeds it (?embed).
import { mountHead } from './head.js';

const $ = id => document.getElementById(id), { head: source, clip: clipAddress, tracker, mark, payload, amount } = document.querySelector('main').dataset;
const say = (text, wrong) => { $('notice').textContent = text; $('notice').setAttribute('role', wrong ? 'alert' : 'status'); };
const still = matchMedia('(prefers-reduced-motion: reduce)'), title = document.title;
const PRESETS = {
  Smile: { mouthSmileLeft: .9, mouthSmileRight: .9, cheekSquintLeft: .5, cheekSquintRight: .5 }, 'Open mouth': { jawOpen: .8 },
  Surprise: { browInnerUp: .9, browOuterUpLeft: .8, browOuterUpRight: .8, eyeWideLeft: .8, eyeWideRight: .8, jawOpen: .35 },
  Frown: { browDownLeft: .9, browDownRight: .9, mouthFrownLeft: .8, mouthFrownRight: .8 }, Blink: { eyeBlinkLeft: 1, eyeBlinkRight: 1 },
  Pucker: { mouthPucker: .9 }, 'Look left': { eyeLookOutLeft: .8, eyeLookInRight: .8 },
};
const letters = text => Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer; // of the page with everything inside
const inside = id => document.getElementById(id)?.textContent.trim();

async function start() {
  if (new URLSearchParams(location.search).has('embed')) document.documentElement.classList.add('embed');
  const kept = inside('head-data'), head = await mountHead($('head'), kept ? letters(kept) : source, { onframe });
  const { about } = head, [low, high] = about.expression_range, sliders = new Map();
  window.head = head; // for the console, and for tests
  say('');
  for (const id of ['play', 'neutral', 'front', 'webcam']) $(id).disabled = false;
  $('record').disabled = !(window.MediaRecorder && $('head').captureStream);
  $('background').value = '#' + about.background.map(v => Math.round(255*Math.min(1, Math.max(0, v))).toString(16).padStart(2, '0')).join('');
  const until = about.origin?.consent?.until; // the page may be looked at long after it was made
  $('about').textContent = [`${about.points} Gaussians, ${about.bases} bases.`, about.frozen.length ? `${about.frozen.length} of ${about.expression_names.length} coefficients never moved in training and have no slider.` : '',
    `Consent: ${about.consent ?? 'not recorded'}${until && new Date().toISOString().slice(0, 10) > until ? '. That day is over.' : ''}`].join(' ');

  function slider(into, text, least, most, value, act) {
    const label = document.createElement('label'), input = document.createElement('input'), name = document.createElement('span');
    label.className = 'slider'; name.textContent = text; Object.assign(input, { type: 'range', min: least, max: most, step: (most - least)/200, value }); input.oninput = () => act(Number(input.value));
    label.append(name, input); into.append(label); return input;
  }
  function group(text, open) {
    const box = document.createElement('details'), heading = document.createElement('summary');
    heading.textContent = text; box.open = open; box.append(heading); $('sliders').append(box); return box;
  }
  const angles = [0, 0, 0], pose = group('head', true), turns = ['nod', 'turn', 'tilt'].map((name, i) => slider(pose, name, -.5, .5, 0, v => { head.stop(); angles[i] = v; head.turnHead(...angles); }));
  const groups = new Map(), words = name => name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[_.-]+/g, ' ').toLowerCase();
  about.expression_names.forEach((name, i) => {
    if (about.frozen.includes(name)) return;
    const first = words(name).split(' ')[0];
    if (!groups.has(first)) groups.set(first, group(first, groups.size < 2));
    sliders.set(name, slider(groups.get(first), words(name), Math.min(0, low[i]), high[i], head.frame.expression[i], v => { head.stop(); head.set({ [name]: v }); }));
  });
  const follow = () => { about.expression_names.forEach((n, i) => { if (sliders.has(n)) sliders.get(n).value = head.frame.expression[i]; }); };
  const level = () => { angles.fill(0); turns.forEach(t => { t.value = 0; }); };
  let shown = false;
  function onframe(h) {
    if (h.playing !== shown) { if (!(shown = h.playing)) sound.pause(); $('play').setAttribute('aria-pressed', shown); $('play').textContent = shown ? 'Stop' : 'Play'; }
    if (!h.playing) follow();
  }

  const usable = Object.entries(PRESETS).filter(([, values]) => Object.keys(values).some(n => sliders.has(n)));
  $('presets').hidden = !usable.length;
  for (const [name, values] of usable) {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: name });
    button.onclick = () => {
      const before = { expression: [...head.frame.expression], pose: head.frame.pose, torso: head.frame.torso };
      head.reset(); head.set(values); level();
      const then = { ...before, expression: [...head.frame.expression], pose: [...about.neutral_pose], torso: [...about.neutral_torso] };
      if (!still.matches) head.play({ fps: 4, frames: [before, then], loop: false });
    };
    $('presets').append(button);
  }
  const neutral = { expression: {} }, shows = usable.flatMap(([, expression]) => [neutral, { expression }, { expression }]);
  let clip = { fps: 2, frames: shows.length ? shows : [neutral] };
  if (inside('clip-data')) clip = JSON.parse(inside('clip-data'));
  else if (clipAddress) clip = await (await fetch(clipAddress)).json();
  if (inside('sound-data')) clip.sound = URL.createObjectURL(new Blob([letters(inside('sound-data'))]));
  const sound = new Audio();
  sound.loop = true; sound.onerror = () => { head.stop(); say(`The sound of this clip cannot be played: ${sound.error.message || 'the browser does not know its format'}`, true); };
  async function play() { // a sound, where there is one, is the clock
    if (head.playing) { head.stop(); return; }
    camera?.stop(); level();
    try {
      if (clip.sound && sound.src !== new URL(clip.sound, document.baseURI).href) sound.src = clip.sound;
      if (clip.sound) { sound.currentTime = 0; await sound.play(); }
      head.play(clip.sound ? { ...clip, clock: () => sound.currentTime } : clip); say('');
    } catch (e) { if (!sound.error) say(`This clip cannot be played: ${e.message}`, true); }
  }
  let camera = null;
  $('webcam').onclick = async () => {
    if (camera) { camera.stop(); say(''); return; }
    if (!tracker) { say('This page came without the face tracker, so a webcam cannot move the head. Export it again with --tracker.', true); return; }
    $('webcam').disabled = true; head.stop(); level();
    try {
      const { followWebcam } = await import('./webcam.js');
      camera = await followWebcam(head, $('video'), { say, base: tracker, onstop: () => { camera = null; $('video').hidden = true; $('webcam').setAttribute('aria-pressed', false); } });
      $('video').hidden = false; $('webcam').setAttribute('aria-pressed', true);
      window.camera = camera; // for the console, and for tests
    } catch (e) { say(`No webcam: ${e.message}.`, true); }
    $('webcam').disabled = false;
  };
  $('play').onclick = play;
  $('neutral').onclick = () => { level(); head.reset(); camera?.calibrate(); };
  $('front').onclick = () => head.front();
  $('head').addEventListener('keydown', e => { if (e.key === ' ') { e.preventDefault(); play(); } });
  $('background').oninput = e => head.background([1, 3, 5].map(i => parseInt(e.target.value.slice(i, i + 2), 16)/255));
  $('clip').onchange = async e => {
    const files = [...e.target.files], text = files.find(f => f.name.endsWith('.json')), music = files.find(f => f.type.startsWith('audio/'));
    try {
      if (text) { const next = JSON.parse(await text.text()); head.play(next); head.stop(); clip = next; }
      if (music) clip = { ...clip, sound: URL.createObjectURL(music) };
      head.stop(); sound.pause(); await play();
    } catch (error) { say(`This clip cannot be played: ${error.message}`, true); }
  };
  const keep = (blob, name) => {
    const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
    link.click(); setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  // What a recording is, for the file beside it. A page has no key, so this is not signed; pages opened from a disk may have no SHA-256 either.
  async function originOf(blob, name) {
    const digest = window.crypto?.subtle && new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
    const sha256 = digest ? [...digest].map(v => v.toString(16).padStart(2, '0')).join('') : null, none = { avatar: null, capture: null, consent: 'not recorded' };
    const claims = { use: 'page', ...(about.origin ?? none), driver: null, source: 'trainedAlgorithmicMedia', watermark: pattern ? payload : null, tool: 'gha_nb', version: about.gha_nb };
    return { kind: 'gha_nb origin', format: 1, name, sha256, claims, signature: null };
  }
  // The watermark of recordings; a page that cannot decode it records without, and says so beside the film.
  async function markOf() {
    const text = inside('mark-data'), bytes = text ? letters(text) : await (await fetch(mark)).arrayBuffer();
    return createImageBitmap(new Blob([bytes], { type: 'image/png' }), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  }
  let recorder = null, pattern = null;
  const marked = on => { head.renderer.mark(null, on ? Number(amount) : 0); head.set({}); };
  if (payload) try { head.renderer.mark(pattern = await markOf(), 0); } catch { pattern = null; }
  $('record').onclick = () => {
    if (recorder) { recorder.stop(); return; }
    marked(true);
    const parts = []; recorder = new MediaRecorder($('head').captureStream(30));
    recorder.ondataavailable = e => parts.push(e.data);
    recorder.onstop = async () => {
      marked(false);
      const blob = new Blob(parts, { type: recorder.mimeType }), name = `${title}.${recorder.mimeType.includes('mp4') ? 'mp4' : 'webm'}`;
      recorder = null; $('record').setAttribute('aria-pressed', false);
      keep(blob, name); keep(new Blob([JSON.stringify(await originOf(blob, name), null, 1)], { type: 'application/json' }), `${name}.origin.json`);
    };
    recorder.start(); $('record').setAttribute('aria-pressed', true);
  };
  // From the page that embeds this one: { gha_nb: 'set', expression: {jawOpen: .5} }, 'play' with a clip, 'reset', 'background' with rgb 0..1
  addEventListener('message', e => {
    const m = e.data;
    if (!m || typeof m !== 'object' || !('gha_nb' in m)) return;
    const answer = o => e.source?.postMessage({ gha_nb: m.gha_nb, ...o }, e.origin && e.origin !== 'null' ? e.origin : '*');
    try {
      if (m.gha_nb === 'set') { const unknown = head.set(m.expression ?? {}); if (m.turn) head.turnHead(...m.turn); answer({ unknown }); }
      else if (m.gha_nb === 'play') { camera?.stop(); head.play(m.clip ?? clip); answer({}); }
      else if (m.gha_nb === 'reset') { head.reset(); answer({}); }
      else if (m.gha_nb === 'background') { head.background(m.rgb); answer({}); }
    } catch (error) { answer({ error: error.message }); }
  });
  if (parent !== window) parent.postMessage({ gha_nb: 'ready', names: about.expression_names, frozen: about.frozen }, '*');
  $('head').addEventListener('webglcontextlost', () => say('The graphics card has stopped drawing. Load the page again.', true));
  if (clipAddress && !clip.sound && !still.matches) play(); // a browser gives no sound unasked
}
start().catch(e => say(`The head cannot be shown: ${e.message}.`, true));
