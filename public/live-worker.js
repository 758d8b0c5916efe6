// One connection for all tabs of a browser: over HTTP/1.1 a browser opens six to a host, and a tab that holds one for
// itself would soon leave none to ask with. A SharedWorker, so that it outlives any of its tabs.
//
// A tab says once a second which assignments it follows, as a list, and null when it follows none any more; one that has
// fallen silent is gone. It is told [event, data] of its own assignments, as the server said it, and ["open"] when it may
// have missed something. See app/src/browser/live.rs.

const SILENCE_MS = 3500; // without any event the connection counts as lost, as in app/src/api/live.rs
const TRY_AGAIN_MS = 2000; // after a failure
const GONE_MS = 5000; // a tab that says nothing for so long
const MOST_FOLLOWED = 64; // over one connection, as in app/src/api/live.rs

/** By port: the assignments, and when the tab spoke last. */
const tabs = new Map();
/** The connection that is heard, and the one that is to take its place: { list, source, heard }. */
let current = null;
let coming = null;

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data: assignments }) => {
    if (!Array.isArray(assignments) || !assignments.every(Number.isSafeInteger)) {
      tabs.delete(port);
      port.close();
    } else {
      const before = tabs.get(port)?.assignments ?? [];
      const hasMore = assignments.some((assignment) => !before.includes(assignment));
      tabs.set(port, { assignments, spoke: performance.now() });
      if (hasMore && covers(assignments)) port.postMessage(['open']);
    }
    connect();
  };
};

/** Whether the open connection brings the events of all these assignments. */
function covers(assignments) {
  if (current?.source.readyState !== EventSource.OPEN) return false;
  const followed = current.list.split(',');
  return assignments.every((assignment) => followed.includes(String(assignment)));
}

/** What the tabs follow, as far as one connection takes it: a page of one assignment goes before a list of many. */
function wanted() {
  const lists = [...tabs.values()].map(({ assignments }) => assignments).sort((a, b) => a.length - b.length);
  return [...new Set(lists.flat())].slice(0, MOST_FOLLOWED).sort((a, b) => a - b).join();
}

/** Follows what the tabs follow. The old connection is heard until the new one is there, so that nothing is missed. */
function connect() {
  const list = wanted();
  if (list === ((coming ?? current)?.list ?? '')) return;
  coming?.source.close();
  coming = null;
  if (list === '') {
    current?.source.close();
    current = null;
  } else if (list !== current?.list) {
    coming = open(list);
  }
}

function open(list) {
  const source = new EventSource(`/api/live?assignments=${list}`);
  const mine = { list, source, heard: performance.now() };
  source.onopen = () => {
    mine.heard = performance.now();
    const missed = [...tabs].filter(([, { assignments }]) => mine === current || !covers(assignments));
    if (mine === coming) {
      current?.source.close();
      [current, coming] = [mine, null];
    }
    for (const [port] of missed) port.postMessage(['open']);
  };
  source.onerror = () => {
    // The browser gives up on some errors; the watch does not.
    if (source.readyState === EventSource.CLOSED) mine.heard = performance.now() - SILENCE_MS + TRY_AGAIN_MS;
  };
  for (const name of ['changed', 'tick']) {
    source.addEventListener(name, ({ data }) => {
      mine.heard = performance.now();
      const { assignment } = JSON.parse(data);
      for (const [port, tab] of tabs) if (tab.assignments.includes(assignment)) port.postMessage([name, data]);
    });
  }
  return mine;
}

setInterval(() => {
  const now = performance.now();
  for (const [port, { spoke }] of tabs) if (now - spoke > GONE_MS) tabs.delete(port);
  connect();
  const isSilent = (connection) => connection && now - connection.heard > SILENCE_MS;
  if (isSilent(coming)) {
    coming.source.close();
    coming = open(coming.list);
  } else if (isSilent(current) && !coming) {
    current.source.close();
    coming = open(current.list);
    current = null;
  }
}, 1000);
