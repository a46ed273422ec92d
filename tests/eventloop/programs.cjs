// Runs programs of statements on Node, one after the other, each as the main program of a loop with nothing else in it.
// Input: one program a line, as JSON; each must keep its loop alive for a turn. Output: one log a line. The time must
// be virtual_time's.
const fs = require('fs'), os = require('os');
const programs = fs.readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean);
const out = [];
let log, handles, named, counts, refreshes;

const all = statements => { for (const s of statements) one(s); };
const keep = (handle, name) => { handles.push(handle); if (name) named[name] = handle; };
const clear = handle => {
  clearTimeout(handle);
  clearImmediate(handle);
  if (handle) handle.cleared = true;
};
function one([op, a, b, c, d]) {
  switch (op) {
    case 'log': log.push(a); break;
    case 'tick': process.nextTick(() => all(a)); break;
    case 'micro': queueMicrotask(() => all(a)); break;
    case 'await': (async () => { all(a); await null; all(b); })(); break;
    case 'timeout': keep(setTimeout(() => all(b), a), c); break;
    case 'interval': {
      const timer = setInterval(() => {
        counts[c] = (counts[c] || 0) + 1;
        all(b);
        if (counts[c] >= d) clear(timer);
      }, a);
      keep(timer, c);
      break;
    }
    case 'immediate': keep(setImmediate(() => all(a)), b); break;
    case 'clear': clear(named[a]); break;
    case 'unref': named[a]?.unref(); break;
    case 'ref': named[a]?.ref(); break;
    case 'refresh': if (++refreshes <= 4 && !named[a]?.cleared) named[a]?.refresh?.(); break; // else Node calls null
    case 'busy': os.getPriority(a); break;
    case 'throw': throw new Error(a);
    case 'try': try { all(a); } catch (e) { log.push('caught:' + e.message); } break;
    case 'reject': Promise.reject(new Error(a)); break;
    default: throw new Error('unknown statement ' + op);
  }
}

function finish() {
  if (!log) return;
  out.push(JSON.stringify(log));
  for (const h of handles) { clearTimeout(h); clearImmediate(h); }
}
process.on('uncaughtException', e => { log.push('uncaught:' + e.message); });
process.on('unhandledRejection', e => { log.push('unhandledRejection:' + e.message); });
process.on('exit', () => { fs.writeSync(1, out.join('\n') + '\n'); });
process.on('beforeExit', () => { // nothing keeps the loop alive: the program has ended
  finish();
  log = undefined;
  next();
});
function next() {
  if (programs.length === 0) return;
  log = [], handles = [], named = {}, counts = {}, refreshes = 0;
  all(JSON.parse(programs.shift()));
}
next();
