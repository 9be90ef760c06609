// The other side of a call: it draws the avatar by itself, and what arrives is 64 bytes a frame (see nbs/live/06_call.ipynb).
import { mountHead } from './head.js';
const state = document.getElementById('state'), say = text => { state.textContent = text; };

// rotation vector to a matrix, by rows (Rodrigues)
function matrix(x, y, z) {
  const a = Math.hypot(x, y, z), s = a > 1e-9 ? Math.sin(a)/a : 1, c = a > 1e-9 ? (1 - Math.cos(a))/(a*a) : .5;
  return [1 - c*(y*y + z*z), c*x*y - s*z, c*x*z + s*y, c*x*y + s*z, 1 - c*(x*x + z*z), c*y*z - s*x, c*x*z - s*y, c*y*z + s*x, 1 - c*(x*x + y*y)];
}

async function call() {
  const head = await mountHead(document.getElementById('head'), 'head.baked');
  const peer = new RTCPeerConnection(), channel = peer.createDataChannel('face', { ordered: false, maxRetransmits: 0 });
  channel.binaryType = 'arraybuffer';
  let names = null, count = 0;
  channel.onmessage = async ({ data }) => {
    if (!names) { names = await (await fetch('names')).json(); return; }
    const n = names.length, bytes = new Uint8Array(data), view = new DataView(data), values = {};
    for (let i = 0; i < n; i++) values[names[i]] = bytes[i]/255;
    const at = k => view.getInt16(n + 2*k, true);
    head.follow(values, matrix(at(0)/8192, at(1)/8192, at(2)/8192), [at(3)/1e4, at(4)/1e4, at(5)/1e4]);
    if (++count % 25 == 1) say(`in the call: ${count} frames`);
  };
  channel.onclose = () => say('the call has ended');
  await peer.setLocalDescription(await peer.createOffer());
  if (peer.iceGatheringState != 'complete')
    await new Promise(done => { peer.onicegatheringstatechange = () => peer.iceGatheringState == 'complete' && done(); setTimeout(done, 3000); });
  const { sdp, type } = peer.localDescription;
  const answer = await fetch('offer', { method: 'POST', headers: { 'X-Live': '1' }, body: JSON.stringify({ sdp, type }) });
  if (!answer.ok) throw new Error(await answer.text());
  await peer.setRemoteDescription(await answer.json());
  say('connecting');
}
call().catch(e => say(e.message));
