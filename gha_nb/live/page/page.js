// The window of a live session: numbers twice a second, and two buttons. The picture needs no script.
const state = document.getElementById('state'), table = document.getElementById('numbers');
const cell = (row, text, kind) => row.appendChild(Object.assign(document.createElement(kind || 'td'), {textContent: text}));

for (const name of ['calibrate', 'stop'])
  document.getElementById(name).onclick = () => fetch(name, {method: 'POST', headers: {'X-Live': '1'}}).catch(() => {});

async function ask() {
  try {
    const {state: said, rows} = await (await fetch('numbers')).json();
    state.textContent = said;
    table.replaceChildren();
    const head = table.insertRow();
    for (const name of ['', 'a second', 'busy ms', 'age ms', 'dropped']) cell(head, name, 'th');
    for (const o of rows) {
      const row = table.insertRow();
      for (const v of [o.stage, o.rate.toFixed(1), o.busy.toFixed(1), o.age.toFixed(0), o.dropped]) cell(row, v);
    }
  } catch { state.textContent = 'the session has ended'; }
  setTimeout(ask, 500);
}
ask();
