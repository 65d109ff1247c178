// The way to the server. The token for the password lives in this module's memory and dies with the page: no cookie, no
// storage. The start token comes with the address from the terminal; the tab keeps it, so that it may be reloaded.

const START = 'start';
const fromAddress = /^#start=([0-9a-f]+)$/.exec(location.hash);
if (fromAddress) {
  sessionStorage.setItem(START, fromAddress[1]);
  history.replaceState(null, '', location.pathname);
}

// A tab that is still open from before is given the new address.
addEventListener('hashchange', () => { if (location.hash.startsWith('#start=')) location.reload(); });

let token = null;

export function hold(newToken) { token = newToken; }
export function isConnected() { return token !== null; }

function headers() {
  const all = {'Content-Type': 'application/json', 'X-Cistern-Start': sessionStorage.getItem(START) ?? ''};
  if (token) all['X-Cistern-Token'] = token;
  return all;
}

// Resolves to the answer, or throws an Error whose message is for the user.
export async function call(name, body = {}) {
  let response;
  try {
    response = await fetch(`api/${name}`, {method: 'POST', headers: headers(), body: JSON.stringify(body)});
  } catch {
    throw new Error('The demo does not answer. Is it still running in its terminal?');
  }
  const answer = await response.json().catch(() => ({messages: ['The demo gave an answer that is none.']}));
  if (!response.ok) throw new Error((answer.messages ?? ['Something went wrong.']).join(' '));
  return answer;
}

// Calls back with each message of a stream until it ends or `signal` aborts.
export async function listen(name, signal, hear) {
  const response = await fetch(`api/${name}`, {method: 'POST', headers: headers(), body: '{}', signal});
  if (!response.ok) throw new Error('The stream was refused.');
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    lines.filter(line => line).forEach(line => hear(JSON.parse(line)));
  }
}
